// The soft overlong punishment of DAPO (eq. 13 of arXiv:2503.14476).
#pragma once
#include "aha/reward/reward.h"

namespace aha::reward {

/// 0 up to max_length - cache_length tokens, then falling on a line to -1 at max_length and beyond.
/// Detail: "length". Null where the length is not known, see completion_length().
class OverlongReward final : public Reward {
 public:
  using Reward::score;
  explicit OverlongReward(const ShapingOptions& options);
  Score score(const Submission& submission) const override;

 private:
  int64_t max_length_, cache_length_;
};

/// Where cache_length is above max_length.
std::vector<Contradiction> overlong_contradictions(const RewardConfig& config);

}  // namespace aha::reward
