// Sizes, languages, columns and styles of all generators.
#include "data/tasks/worked_task.h"

#include "aha/core/error.h"

namespace aha::data {
namespace {

void check_range(const std::string& name, const char* what, int64_t low, int64_t high, int64_t min, int64_t max) {
  if (low >= min && high <= max && low <= high) return;
  throw ConfigError(name, "min_" + std::string(what) + " and max_" + what + " are " + std::to_string(low) + " and " +
                              std::to_string(high) + "; they must lie in " + std::to_string(min) + " to " +
                              std::to_string(max) + ", the smaller first");
}

// An end that is not given follows the other one where the defaults would contradict it.
void resolve(int64_t min_given, int64_t max_given, bool has_min, bool has_max, int64_t& min, int64_t& max) {
  if (has_min) min = min_given;
  if (has_max) max = max_given;
  if (has_min && !has_max) max = std::max(max, min);
  if (has_max && !has_min) min = std::min(min, max);
}

void check_languages(const std::string& name, const std::vector<std::string>& languages) {
  if (languages.empty()) throw ConfigError(name, "languages is empty; name en, zh or both");
  for (const std::string& language : languages) {
    if (language != "en" && language != "zh") {
      throw ConfigError(name, "language `" + language + "` is not known; languages are en and zh");
    }
  }
}

}  // namespace

Wording::Wording(const std::string& language, Random& random)
    : is_chinese_(language == "mixed" ? random.chance(0.5) : language == "zh"), is_mixed_(language == "mixed") {}

std::string Wording::operator()(const char* english, const char* chinese) {
  const char* word = is_chinese_ ? chinese : english;
  if (is_mixed_) is_chinese_ = !is_chinese_;
  return word;
}

WorkedTask::WorkedTask(std::string name, Opener opener, const TaskOptions& options, const Sizes& defaults,
                       const Sizes& limits)
    : name_(std::move(name)), opener_(opener), sizes_(defaults), languages_(options.languages) {
  resolve(options.min_terms, options.max_terms, options.min_terms > 0, options.max_terms > 0, sizes_.min_terms,
          sizes_.max_terms);
  resolve(options.min_operand, options.max_operand, options.min_operand >= 0, options.max_operand >= 0,
          sizes_.min_operand, sizes_.max_operand);
  check_range(name_, "terms", sizes_.min_terms, sizes_.max_terms, limits.min_terms, limits.max_terms);
  check_range(name_, "operand", sizes_.min_operand, sizes_.max_operand, limits.min_operand, limits.max_operand);
  check_languages(name_, languages_);
}

Solution WorkedTask::solve(const Example& example, Style style, const Noise& noise,
                           const std::string& reasoning_language, Random& random) const {
  if (style == Style::kDirect) {
    return {"", random.chance(noise.direct) ? wrong_answer(example, random) : example.answer};
  }
  const bool is_checked = style == Style::kChecked;
  const std::string own_language = example.columns.at("language").get<std::string>();
  Wording wording(reasoning_language.empty() ? own_language : reasoning_language, random);

  std::string text = wording(opener_.english, opener_.chinese);
  Pass pass = work(example, random.chance(is_checked ? noise.checked : noise.worked), wording, random);
  text += pass.text;
  if (is_checked) {
    text.append(" ").append(wording("check", "验"));
    const Pass again = work(example, random.chance(noise.recheck), wording, random);
    text += again.text;
    if (again.answer == pass.answer) {
      text.append(" ").append(wording("ok", "对"));
    } else {
      text.append(" ").append(wording("wait", "等"));
      pass = work(example, random.chance(noise.recheck), wording, random);
      text += pass.text;
    }
  }
  text.append(" ").append(wording("so ", "得")).append(pass.answer);
  return {std::move(text), std::move(pass.answer)};
}

int64_t WorkedTask::draw_terms(Random& random, bool out_of_distribution) const {
  return out_of_distribution ? sizes_.max_terms + 1 : random.between(sizes_.min_terms, sizes_.max_terms);
}

std::string WorkedTask::draw_language(Random& random) const { return languages_[random.below(languages_.size())]; }

Example WorkedTask::make_example(std::string prompt, std::string answer, int64_t difficulty,
                                 const std::string& language, nlohmann::json own) const {
  own["prompt"] = prompt;
  own["answer"] = answer;
  own["task"] = name_;
  own["difficulty"] = difficulty;
  own["language"] = language;
  Example example;
  example.prompt = std::move(prompt);
  example.answer = std::move(answer);
  example.task = name_;
  example.difficulty = difficulty;
  example.columns = std::move(own);
  return example;
}

void WorkedTask::mark_drill(Example& example) const {
  if (example.difficulty < sizes_.min_terms) example.columns["drill"] = true;
}

int64_t draw_slip(Random& random) {
  static constexpr int64_t kSlips[] = {-2, -1, 1, 2};
  return kSlips[random.below(4)];
}

std::string localised(const std::string& language, const char* english, const char* chinese) {
  return language == "zh" ? chinese : english;
}

std::string joined(const std::vector<int64_t>& numbers, const char* separator) {
  std::string text;
  for (const int64_t number : numbers) text.append(text.empty() ? "" : separator).append(std::to_string(number));
  return text;
}

}  // namespace aha::data
