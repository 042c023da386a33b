// The same sum as soft_punish_cache of a grpo stage adds, there over its max_completion_length.
#include "reward/rules/overlong_reward.h"

#include "aha/reward/soft_overlong.h"
#include "reward/rules/completion_length.h"

namespace aha::reward {

OverlongReward::OverlongReward(const ShapingOptions& options)
    : max_length_(options.max_length), cache_length_(options.cache_length) {}

Score OverlongReward::score(const Submission& submission) const {
  const std::optional<int64_t> length = completion_length(submission);
  if (!length) return unknown_length();
  Score score;
  score.value = soft_overlong(*length, max_length_, cache_length_);
  score.detail["length"] = *length;
  return score;
}

std::vector<Contradiction> overlong_contradictions(const RewardConfig& config) {
  if (config.shaping.cache_length <= config.shaping.max_length) return {};
  return {{"cache_length", "is above max_length; make it smaller"}};
}

}  // namespace aha::reward
