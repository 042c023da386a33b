// Scripts first; CLD2 where one script serves several languages.
#include "reward/language_reward.h"

#include <algorithm>
#include <numeric>
#include <optional>
#include <string>

#include "aha/core/error.h"
#include "reward/languages.h"
#include "reward/prose.h"

namespace aha::reward {
namespace {

std::string language_column(const data::Example& example) {
  const auto found = example.columns.find("language");
  return found != example.columns.end() && found->is_string() ? found->get<std::string>() : std::string();
}

struct Target {
  std::string name;
  Script first, second;
  const Language* language = nullptr;  // null where only the script is known
};

Target target_of(const Language& language) { return {language.code, language.script, language.second, &language}; }

std::optional<Target> prompt_target(const data::Example& example) {
  std::string prompt = example.prompt;
  for (const data::Message& message : example.messages) {
    if (message.role == "user") prompt += '\n' + message.content;
  }
  const std::string prose = prose_of(prompt);
  const ScriptCounts counts = count_prose_words(prose);
  const auto most = std::max_element(counts.begin(), counts.end());
  if (*most == 0) return std::nullopt;
  const auto script = static_cast<Script>(most - counts.begin());
  const Language* language = detected_language(prose);
  if (language && language->is_in(script)) return target_of(*language);
  return Target{script_name(script), script, script};
}

std::optional<Target> target_language_of(const data::Example& example) {
  const std::string code = language_column(example);
  if (code.empty()) return prompt_target(example);
  const Language* language = find_language(code);
  return language ? std::optional(target_of(*language)) : std::nullopt;
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

Score LanguageReward::score(const Submission& submission) const {
  Score score;
  const auto target = target_language_of(submission.example);
  if (!target) {
    score.detail["reason"] = "neither a column `language` nor a word of the prompt tells the language";
    return score;
  }
  const std::string prose = prose_of(reasoning_of(submission.completion));
  const ScriptCounts counts = count_prose_words(prose);
  const int64_t num_words = std::accumulate(counts.begin(), counts.end(), int64_t{0});
  int64_t num_target = counts[static_cast<size_t>(target->first)];
  if (target->second != target->first) num_target += counts[static_cast<size_t>(target->second)];
  if (target->language) num_target = std::max<int64_t>(0, num_target - count_foreign_words(prose, *target->language));
  score.value = num_words == 0 ? 0.0 : static_cast<double>(num_target) / static_cast<double>(num_words);
  score.detail["target"] = target->name;
  score.detail["target_words"] = num_target;
  score.detail["words"] = num_words;
  return score;
}

void LanguageReward::check_example(const data::Example& example, const std::string& place) const {
  const std::string code = language_column(example);
  if (code.empty() || find_language(code)) return;
  throw InputError(place, "language `" + code + "` is not known; languages are " + language_codes());
}

}  // namespace aha::reward
