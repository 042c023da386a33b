// 1 if the completion's length lies between two bounds, else 0.
#pragma once
#include "aha/reward/reward.h"

namespace aha::reward {

/// Detail: "length". Null where the length is not known, see completion_length().
class LengthReward final : public Reward {
 public:
  using Reward::score;
  /// Reads min_length and max_length, both included; no greatest length where that is 0.
  explicit LengthReward(const ShapingOptions& options);
  Score score(const Submission& submission) const override;

 private:
  int64_t least_, most_;
};

/// Where they leave no length, or every length.
std::vector<Contradiction> length_contradictions(const RewardConfig& config);

}  // namespace aha::reward
