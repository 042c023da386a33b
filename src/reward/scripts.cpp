// Characters by ranges of Unicode, words by runs of them.
#include "reward/scripts.h"

#include <optional>
#include <string>

#include "reward/code_points.h"
#include "reward/prose.h"

namespace aha::reward {
namespace {

struct Range {
  char32_t first, last;
  Script script;
};

constexpr Range kRanges[] = {
    {U'A', U'Z', Script::kLatin},        {U'a', U'z', Script::kLatin},     {0xAA, 0xAA, Script::kLatin},
    {0xBA, 0xBA, Script::kLatin},        {0xC0, 0xD6, Script::kLatin},     {0xD8, 0xF6, Script::kLatin},
    {0xF8, 0x24F, Script::kLatin},       {0x250, 0x2AF, Script::kLatin},   {0x370, 0x3FF, Script::kGreek},
    {0x400, 0x52F, Script::kCyrillic},   {0x590, 0x5FF, Script::kHebrew},  {0x620, 0x64A, Script::kArabic},
    {0x66E, 0x6D3, Script::kArabic},     {0x750, 0x77F, Script::kArabic},  {0x900, 0x965, Script::kDevanagari},
    {0x970, 0x97F, Script::kDevanagari}, {0xE00, 0xE4E, Script::kThai},    {0x1100, 0x11FF, Script::kHangul},
    {0x1E00, 0x1EFF, Script::kLatin},    {0x1F00, 0x1FFF, Script::kGreek}, {0x3005, 0x3007, Script::kHan},
    {0x3041, 0x309F, Script::kKana},     {0x30A1, 0x30FA, Script::kKana},  {0x30FC, 0x30FF, Script::kKana},
    {0x3130, 0x318F, Script::kHangul},   {0x3400, 0x4DBF, Script::kHan},   {0x4E00, 0x9FFF, Script::kHan},
    {0xAC00, 0xD7AF, Script::kHangul},   {0xF900, 0xFAFF, Script::kHan},   {0x20000, 0x323AF, Script::kHan},
    {0xFF21, 0xFF3A, Script::kLatin},    {0xFF41, 0xFF5A, Script::kLatin},
};

// Letters of the scripts that have no name here: Armenian to Sinhala, Georgian and on.
bool is_other_letter(char32_t c) {
  return (c >= 0x530 && c < 0x590) || (c >= 0x700 && c < 0x900) || (c >= 0x980 && c < 0xE00) ||
         (c >= 0xE80 && c < 0x1100) || (c >= 0x1200 && c < 0x1E00);
}

std::optional<Script> script_of(char32_t code_point) {
  if (digit_value(code_point) >= 0) return std::nullopt;
  for (const Range& range : kRanges) {
    if (code_point >= range.first && code_point <= range.last) return range.script;
  }
  return is_other_letter(code_point) ? std::optional(Script::kOther) : std::nullopt;
}

// Accents and apostrophes inside a word do not end it.
bool is_joiner(char32_t code_point) {
  return code_point == '\'' || code_point == 0x2019 || (code_point >= 0x300 && code_point <= 0x36F) ||
         is_invisible(code_point);
}

constexpr const char* kScriptNames[kNumScripts] = {"Latin",  "Han",    "kana",       "Hangul", "Cyrillic", "Greek",
                                                   "Arabic", "Hebrew", "Devanagari", "Thai",   "other"};

}  // namespace

const char* script_name(Script script) { return kScriptNames[static_cast<size_t>(script)]; }

ScriptCounts count_words(std::string_view text) { return count_prose_words(prose_of(text)); }

ScriptCounts count_prose_words(std::string_view prose) {
  ScriptCounts counts{};
  std::optional<Script> word;  // script of the run that goes on here
  for (size_t place = 0; place < prose.size();) {
    const char32_t code_point = next_code_point(prose, place);
    if (is_joiner(code_point)) continue;
    const auto script = script_of(code_point);
    if (script && (script != word || *script == Script::kHan)) ++counts[static_cast<size_t>(*script)];
    word = script;
  }
  return counts;
}

}  // namespace aha::reward
