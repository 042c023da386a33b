// The mathematics is in reward/math/; this is its face as a reward.
#include "reward/math_reward.h"

#include "reward/math/judge.h"

namespace aha::reward {

AnswerReward::Verdict MathReward::judge(const std::string& answer, const data::Example& example) const {
  switch (math::judge(example.answer, answer).verdict) {
    case math::Verdict::kEqual:
      return Verdict::kEqual;
    case math::Verdict::kDifferent:
      return Verdict::kDifferent;
    case math::Verdict::kUndecided:
      return Verdict::kUndecided;
    case math::Verdict::kUnparsable:
      return Verdict::kUnparsable;
    default:
      return Verdict::kUnparsableGold;
  }
}

std::string MathReward::gold_fault(const data::Example& example) const {
  if (example.answer.empty()) return "has no `answer` to compare with";
  if (math::is_gold(example.answer)) return {};
  return "the answer `" + example.answer.substr(0, 80) +
         "` cannot be read as mathematics; write it otherwise or drop the row";
}

bool MathReward::same_answer(const std::string& a, const std::string& b) const {
  return AnswerReward::same_answer(a, b) || math::judge(a, b).verdict == math::Verdict::kEqual;
}

}  // namespace aha::reward
