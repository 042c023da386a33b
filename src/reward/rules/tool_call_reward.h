// 1 if the completion asks for the calls that were expected, and for no other.
#pragma once
#include "aha/reward/reward.h"

namespace aha::reward {

/// Expected: the column `tool_calls`, else JSON in `answer`, in any shape tool_calls_of() reads; an empty list asks for
/// no call at all. Names and arguments are equal as JSON values (1 is 1.0, and "1" is not); their order counts where
/// the column `tool_calls_in_order` is true.
///
/// Detail: "verdict" equal · different · unparsable · unparsable_gold (null); "missing" and "unexpected", the calls
/// that differ; "reason" where there is one.
class ToolCallReward final : public Reward {
 public:
  using Reward::score;
  Score score(const Submission& submission) const override;
  void check_example(const data::Example& example, const std::string& place) const override;
  std::string extract(const std::string& completion_text) const override;
};

}  // namespace aha::reward
