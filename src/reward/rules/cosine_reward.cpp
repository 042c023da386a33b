// Unlike open-r1's, the curve does not rise again beyond max_length.
#include "reward/rules/cosine_reward.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "reward/rules/completion_length.h"

namespace aha::reward {

CosineReward::CosineReward(const ShapingOptions& options) : max_length_(options.max_length) {}

Score CosineReward::score(const Submission& submission) const {
  const std::optional<int64_t> length = completion_length(submission);
  if (!length) return unknown_length();
  Score score = math_.score(submission);
  score.detail["length"] = *length;
  if (!score.value) return score;
  const bool is_right = *score.value == 1.0;
  const double at_start = is_right ? 1.0 : -1.0, at_end = is_right ? 0.5 : -0.5;
  const double progress = std::min(1.0, static_cast<double>(*length) / static_cast<double>(max_length_));
  score.value = at_end + 0.5 * (at_start - at_end) * (1.0 + std::cos(progress * std::numbers::pi));
  return score;
}

void CosineReward::check_example(const data::Example& example, const std::string& place) const {
  math_.check_example(example, place);
}

bool CosineReward::same_answer(const std::string& a, const std::string& b) const { return math_.same_answer(a, b); }

}  // namespace aha::reward
