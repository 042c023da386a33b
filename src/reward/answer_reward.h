// Rewards that compare a completion's one answer with the example's gold answer.
#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "aha/reward/reward.h"

namespace aha::reward {

/// 1 for the right answer, 0 for a wrong, undecided, unparsable or missing one, null if the gold is unparsable.
/// The detail has "verdict" (equal, different, undecided, unparsable, unparsable_gold), "extracted", and "reason"
/// where nothing could be extracted. A column `answer_anchor` names a mark that the answer follows, in gold and
/// completion, up to the end of its line (GSM8K's "####").
class AnswerReward : public Reward {
 public:
  using Reward::score;
  Score score(const Submission& submission) const final;
  void check_example(const data::Example& example, const std::string& place) const final;

 protected:
  enum class Verdict { kEqual, kDifferent, kUndecided, kUnparsable, kUnparsableGold };

  virtual Verdict judge(const std::string& answer, const data::Example& example) const = 0;
  /// The column `answer`; where a column `answer_anchor` says so ("####"), what follows its last anchor.
  static std::string gold_of(const data::Example& example);
  /// What is wrong with the gold answer, as the end of a sentence; empty if nothing is.
  virtual std::string gold_fault(const data::Example& example) const = 0;
};

}  // namespace aha::reward
