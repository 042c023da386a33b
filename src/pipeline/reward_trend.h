// What a reward was on a batch, how sure that is, and where it goes over many batches.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "aha/reward/reward.h"

namespace aha::pipeline {

/// What a reward was on a batch: the mean over its prompts, and how far chance alone moves that (a variance).
struct RewardMean {
  double value = 0, variance = 0;
};
/// Prompts that are the same each time vary by their samples alone, others by what was drawn as well.
/// @param group completions a prompt, prompt after prompt
/// @return nothing where it judged too few to tell the variance
std::optional<RewardMean> reward_mean(const reward::BatchScores& scores, const std::string& name, int64_t group,
                                      bool has_same_prompts);

/// A straight line through values at steps, by least squares.
struct Trend {
  double change = 0;          // of the line, from the first step to the last
  double standard_error = 0;  // of the change, by the mean of the values' variances
};
/// @param steps ascending; at least two
Trend fit_trend(const std::vector<double>& steps, const std::vector<RewardMean>& means);

}  // namespace aha::pipeline
