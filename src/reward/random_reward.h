// A control that carries no information: training on it must not improve anything.
#pragma once
#include "aha/reward/reward.h"

namespace aha::reward {

/// Uniform in [0, 1), a function of prompt and completion alone, so that a resumed run sees the same.
class RandomReward final : public Reward {
 public:
  using Reward::score;
  Score score(const Submission& submission) const override;
};

}  // namespace aha::reward
