// Which scripts a text is written in.
#pragma once
#include <array>
#include <cstdint>
#include <string_view>

namespace aha::reward {

enum class Script { kLatin, kHan, kKana, kHangul, kCyrillic, kGreek, kArabic, kHebrew, kDevanagari, kThai, kOther };
constexpr size_t kNumScripts = 11;
const char* script_name(Script script);

using ScriptCounts = std::array<int64_t, kNumScripts>;

/// Words of each script: every ideograph counts one, elsewhere every unbroken run of letters of one script. Code
/// between backticks, LaTeX, numbers and punctuation are no words. One pass.
ScriptCounts count_words(std::string_view text);
/// The same of a text that prose_of() has been through.
ScriptCounts count_prose_words(std::string_view prose);

}  // namespace aha::reward
