// 1 if the completion's length lies between two bounds, else 0.
#include "reward/rules/length_reward.h"

#include "reward/rules/completion_length.h"

namespace aha::reward {

LengthReward::LengthReward(const ShapingOptions& options)
    : least_(options.min_length), most_(options.max_length == 0 ? INT64_MAX : options.max_length) {}

Score LengthReward::score(const Submission& submission) const {
  const std::optional<int64_t> length = completion_length(submission);
  if (!length) return unknown_length();
  Score score;
  score.value = *length >= least_ && *length <= most_ ? 1.0 : 0.0;
  score.detail["length"] = *length;
  return score;
}

std::vector<Contradiction> length_contradictions(const RewardConfig& config) {
  const int64_t least = config.shaping.min_length, most = config.shaping.max_length;
  if (least == 0 && most == 0) return {{"max_length", "is missing; length needs it or min_length"}};
  if (most != 0 && least > most) return {{"min_length", "is above max_length; no completion could earn it"}};
  return {};
}

}  // namespace aha::reward
