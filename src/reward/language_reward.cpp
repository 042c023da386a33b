// Counts words by script; languages of one script are not told apart.
#include "reward/language_reward.h"

#include <algorithm>
#include <numeric>
#include <optional>
#include <string>

#include "aha/core/error.h"
#include "reward/code_points.h"
#include "reward/prose.h"

namespace aha::reward {
namespace {

using Counts = std::array<int64_t, kNumScripts>;

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

struct Language {
  const char* code;
  Script script;
  Script second;  // its other script, or the same
};

constexpr Language kLanguages[] = {
    {"en", Script::kLatin, Script::kLatin},       {"zh", Script::kHan, Script::kHan},
    {"de", Script::kLatin, Script::kLatin},       {"fr", Script::kLatin, Script::kLatin},
    {"es", Script::kLatin, Script::kLatin},       {"it", Script::kLatin, Script::kLatin},
    {"pt", Script::kLatin, Script::kLatin},       {"nl", Script::kLatin, Script::kLatin},
    {"pl", Script::kLatin, Script::kLatin},       {"tr", Script::kLatin, Script::kLatin},
    {"vi", Script::kLatin, Script::kLatin},       {"ja", Script::kHan, Script::kKana},
    {"ko", Script::kHangul, Script::kHangul},     {"ru", Script::kCyrillic, Script::kCyrillic},
    {"uk", Script::kCyrillic, Script::kCyrillic}, {"el", Script::kGreek, Script::kGreek},
    {"ar", Script::kArabic, Script::kArabic},     {"fa", Script::kArabic, Script::kArabic},
    {"he", Script::kHebrew, Script::kHebrew},     {"hi", Script::kDevanagari, Script::kDevanagari},
    {"th", Script::kThai, Script::kThai},
};
constexpr const char* kScriptNames[kNumScripts] = {"Latin",  "Han",    "kana",       "Hangul", "Cyrillic", "Greek",
                                                   "Arabic", "Hebrew", "Devanagari", "Thai",   "other"};

const Language* find_language(const std::string& code) {
  const auto found = std::find_if(std::begin(kLanguages), std::end(kLanguages),
                                  [&code](const Language& language) { return code == language.code; });
  return found == std::end(kLanguages) ? nullptr : found;
}

std::string language_column(const data::Example& example) {
  const auto found = example.columns.find("language");
  return found != example.columns.end() && found->is_string() ? found->get<std::string>() : std::string();
}

struct Target {
  std::string name;
  Script first, second;
};

std::optional<Target> majority_script(const data::Example& example) {
  std::string prompt = example.prompt;
  for (const data::Message& message : example.messages) {
    if (message.role == "user") prompt += '\n' + message.content;
  }
  const Counts counts = count_words(prompt);
  const auto most = std::max_element(counts.begin(), counts.end());
  if (*most == 0) return std::nullopt;
  const auto script = static_cast<Script>(most - counts.begin());
  return Target{kScriptNames[most - counts.begin()], script, script};
}

std::optional<Target> target_language_of(const data::Example& example) {
  const std::string code = language_column(example);
  if (code.empty()) return majority_script(example);
  const Language* language = find_language(code);
  return language ? std::optional(Target{code, language->script, language->second}) : std::nullopt;
}

std::string_view reasoning_of(std::string_view text) {
  constexpr std::string_view kOpen = "<think>", kClose = "</think>";
  const size_t open = text.find(kOpen), close = text.find(kClose);
  if (open == std::string_view::npos && close == std::string_view::npos) return {};
  // A chat template may have opened the tag already.
  const size_t begin = open == std::string_view::npos || open > close ? 0 : open + kOpen.size();
  return text.substr(begin, close == std::string_view::npos ? close : close - begin);
}

}  // namespace

Counts count_words(std::string_view text) {
  const std::string prose = prose_of(text);
  Counts counts{};
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

Score LanguageReward::score(const Submission& submission) const {
  Score score;
  const auto target = target_language_of(submission.example);
  if (!target) {
    score.detail["reason"] = "neither a column `language` nor a word of the prompt tells the language";
    return score;
  }
  const Counts counts = count_words(reasoning_of(submission.completion));
  const int64_t num_words = std::accumulate(counts.begin(), counts.end(), int64_t{0});
  int64_t num_target = counts[static_cast<size_t>(target->first)];
  if (target->second != target->first) num_target += counts[static_cast<size_t>(target->second)];
  score.value = num_words == 0 ? 0.0 : static_cast<double>(num_target) / static_cast<double>(num_words);
  score.detail["target"] = target->name;
  score.detail["target_words"] = num_target;
  score.detail["words"] = num_words;
  return score;
}

void LanguageReward::check_example(const data::Example& example, const std::string& place) const {
  const std::string code = language_column(example);
  if (code.empty() || find_language(code)) return;
  std::string codes;
  for (const Language& language : kLanguages) codes += std::string(codes.empty() ? "" : " ") + language.code;
  throw InputError(place, "language `" + code + "` is not known; languages are " + codes);
}

}  // namespace aha::reward
