// 1 if the answer makes the target from the given numbers, each used once.
#pragma once
#include "reward/answer_reward.h"

namespace aha::reward {

/// Columns `numbers` (integers) and `target` (an integer). The answer is an expression of the numbers with + − × ÷ and
/// brackets; its value is exact.
class CountdownReward final : public AnswerReward {
 private:
  Verdict judge(const std::string& answer, const data::Example& example) const override;
  std::string gold_fault(const data::Example& example) const override;
};

}  // namespace aha::reward
