// 1 if the completion is <think>…</think><answer>…</answer> and nothing else.
#pragma once
#include "aha/reward/reward.h"

namespace aha::reward {

/// Each tag exactly once and in this order; white space may stand before the first and between the parts, nothing at
/// all after the last. The detail says which of the pairs is there.
class FormatReward final : public Reward {
 public:
  using Reward::score;
  Score score(const Submission& submission) const override;
};

}  // namespace aha::reward
