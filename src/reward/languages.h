// Languages by their codes, and which of them a text is in.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "reward/scripts.h"

namespace aha::reward {

struct Language {
  const char* code;  // ISO 639-1
  Script script;
  Script second;  // its other script, or the same
  bool is_in(Script other) const { return other == script || other == second; }
};

/// Null for a code that is not known.
const Language* find_language(std::string_view code);
/// All codes, with blanks between them.
std::string language_codes();

/// The language that most of a text is in, by CLD2; null where the text is too short or too mixed to be sure.
const Language* detected_language(std::string_view text);

/// Whether most of a text is in the language. Where that is not sure (a few words), whether all its words are in the
/// language's script; a text without words is in no language.
bool is_written_in(std::string_view text, const Language& language);

/// Words, in the script of the language, of those parts of a text that are surely in another language of that script.
/// @param prose what prose_of() left
int64_t count_foreign_words(std::string_view prose, const Language& language);

}  // namespace aha::reward
