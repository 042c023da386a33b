// Chance is told by how completions of one prompt, and prompts of one batch, differ; not by how crooked a curve is.
#include "pipeline/reward_trend.h"

#include <algorithm>
#include <cmath>
#include <span>

namespace aha::pipeline {
namespace {

// Of the completions of one prompt that were judged.
struct PromptValues {
  double mean = 0, variance = 0;  // of one value
  int64_t count = 0;
};

PromptValues prompt_values(std::span<const std::optional<double>> values) {
  PromptValues result;
  for (const auto& value : values) {
    if (!value) continue;
    result.mean += *value;
    ++result.count;
  }
  if (result.count > 0) result.mean /= static_cast<double>(result.count);
  if (result.count < 2) return result;
  for (const auto& value : values) {
    if (value) result.variance += (*value - result.mean) * (*value - result.mean);
  }
  result.variance /= static_cast<double>(result.count - 1);
  return result;
}

std::vector<PromptValues> values_by_prompt(const reward::BatchScores& scores, const std::string& name, int64_t group) {
  std::vector<PromptValues> prompts;
  const auto found = std::find(scores.names.begin(), scores.names.end(), name);
  if (found == scores.names.end()) return prompts;
  const std::span<const std::optional<double>> all(scores.values[static_cast<size_t>(found - scores.names.begin())]);
  const auto size = static_cast<size_t>(group);
  for (size_t begin = 0; begin + size <= all.size(); begin += size) {
    const PromptValues values = prompt_values(all.subspan(begin, size));
    if (values.count > 0) prompts.push_back(values);
  }
  return prompts;
}

// Of the mean over prompts, by their samples; nothing where no prompt has two.
std::optional<double> variance_within(const std::vector<PromptValues>& prompts) {
  double sum = 0, known = 0;
  for (const PromptValues& prompt : prompts) {
    if (prompt.count < 2) continue;
    sum += prompt.variance / static_cast<double>(prompt.count);
    ++known;
  }
  return known > 0 ? std::optional(sum / known / static_cast<double>(prompts.size())) : std::nullopt;
}

// By the prompts' means; nothing for one prompt.
std::optional<double> variance_between(const std::vector<PromptValues>& prompts, double mean) {
  const auto count = static_cast<double>(prompts.size());
  if (count < 2) return std::nullopt;
  double sum = 0;
  for (const PromptValues& prompt : prompts) sum += (prompt.mean - mean) * (prompt.mean - mean);
  return sum / (count - 1) / count;
}

}  // namespace

std::optional<RewardMean> reward_mean(const reward::BatchScores& scores, const std::string& name, int64_t group,
                                      bool has_same_prompts) {
  const std::vector<PromptValues> prompts = values_by_prompt(scores, name, group);
  if (prompts.empty()) return std::nullopt;
  RewardMean mean;
  for (const PromptValues& prompt : prompts) mean.value += prompt.mean / static_cast<double>(prompts.size());
  const std::optional<double> within = variance_within(prompts), between = variance_between(prompts, mean.value);
  const std::optional<double> variance = has_same_prompts ? (within ? within : between) : (between ? between : within);
  if (!variance) return std::nullopt;
  mean.variance = *variance;
  return mean;
}

Trend fit_trend(const std::vector<double>& steps, const std::vector<RewardMean>& means) {
  const auto count = static_cast<double>(steps.size());
  double mean_step = 0, mean_value = 0, variance = 0;
  for (size_t i = 0; i < steps.size(); ++i) {
    mean_step += steps[i] / count;
    mean_value += means[i].value / count;
    variance += means[i].variance / count;
  }
  double step_squares = 0, products = 0;
  for (size_t i = 0; i < steps.size(); ++i) {
    step_squares += (steps[i] - mean_step) * (steps[i] - mean_step);
    products += (steps[i] - mean_step) * (means[i].value - mean_value);
  }
  const double span = steps.back() - steps.front();
  return {.change = products / step_squares * span, .standard_error = span * std::sqrt(variance / step_squares)};
}

}  // namespace aha::pipeline
