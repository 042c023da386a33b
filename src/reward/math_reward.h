// 1 if the answer equals the gold answer as mathematics.
#pragma once
#include "reward/answer_reward.h"

namespace aha::reward {

class MathReward final : public AnswerReward {
 public:
  bool same_answer(const std::string& a, const std::string& b) const override;

 private:
  Verdict judge(const std::string& answer, const data::Example& example) const override;
  std::string gold_fault(const data::Example& example) const override;
};

}  // namespace aha::reward
