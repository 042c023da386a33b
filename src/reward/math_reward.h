// 1 if the answer equals the gold answer as mathematics. Columns of the row may declare more: `unit` (one spelling or a
// list, that may stand with the number or not), `percent` (true: a % sign may), `multiple` ("ordered" or "set").
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
