// 1 if the answer reads the same as the gold answer.
#pragma once
#include "reward/answer_reward.h"

namespace aha::reward {

class ExactReward final : public AnswerReward {
 private:
  Verdict judge(const std::string& answer, const data::Example& example) const override;
  std::string gold_fault(const data::Example& example) const override;
};

}  // namespace aha::reward
