// Language and case.
#include "reward/languages.h"
#include "reward/rules/instruction_kind.h"
#include "reward/rules/letter_case.h"
#include "reward/rules/words.h"

namespace aha::reward {
namespace {

using Arguments = InstructionArguments;

bool is_in_language(std::string_view response, const Arguments& arguments) {
  return is_written_in(response, *find_language(arguments.text("language")));
}

bool is_english_capitals(std::string_view response, const Arguments&) {
  return is_all_upper(response) && is_written_in(lower_case(response), *find_language("en"));
}

bool is_english_small(std::string_view response, const Arguments&) {
  return is_all_lower(response) && is_written_in(response, *find_language("en"));
}

bool has_capital_words(std::string_view response, const Arguments& arguments) {
  return arguments.holds("capital_relation", count_capital_words(response), "capital_frequency");
}

}  // namespace

std::vector<InstructionKind> language_instructions() {
  using enum ArgumentKind;
  return {
      {"language:response_language", {{"language", kLanguage}}, is_in_language},
      {"change_case:english_capital", {}, is_english_capitals},
      {"change_case:english_lowercase", {}, is_english_small},
      {"change_case:capital_word_frequency",
       {{"capital_frequency", kCount}, {"capital_relation", kRelation}},
       has_capital_words},
  };
}

}  // namespace aha::reward
