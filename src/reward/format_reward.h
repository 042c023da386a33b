// 1 if the completion has the tags of the R1 format where they belong.
#pragma once
#include "aha/reward/reward.h"

namespace aha::reward {

/// Layout think_answer: <think>…</think><answer>…</answer>, each tag exactly once and in this order; white space may
/// stand before the first and between the parts, nothing at all after the last. Layout think: <think>…</think>, both
/// exactly once, white space before them at most, and a reply behind. The detail says which of the pairs is there.
class FormatReward final : public Reward {
 public:
  using Reward::score;
  explicit FormatReward(const FormatOptions& options = {});
  Score score(const Submission& submission) const override;

 private:
  bool needs_answer_tags_;
};

}  // namespace aha::reward
