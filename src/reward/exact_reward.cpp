// 1 if the answer reads the same as the gold answer.
#include "reward/exact_reward.h"

#include "reward/answer_text.h"

namespace aha::reward {

AnswerReward::Verdict ExactReward::judge(const std::string& answer, const data::Example& example) const {
  const std::string gold = normalised_text(gold_of(example));
  if (gold.empty()) return Verdict::kUnparsableGold;
  return normalised_text(answer) == gold ? Verdict::kEqual : Verdict::kDifferent;
}

std::string ExactReward::gold_fault(const data::Example& example) const {
  return normalised_text(gold_of(example)).empty() ? "has no `answer` to compare with" : "";
}

}  // namespace aha::reward
