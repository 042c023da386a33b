// 1 if a stack program passes all of its tests.
#pragma once
#include "aha/reward/reward.h"

namespace aha::reward {

/// Columns `inputs` (one list of up to eight integers per test) and `outputs` (one integer per test); what of them the
/// prompt shows is the task's affair. The answer is a program of the language in stack_machine.h. 0 for a program that
/// fails a test, cannot be run or is missing; null if the columns cannot be read. The detail has "verdict" (passed,
/// failed, unparsable, unparsable_gold), "extracted", "passed" and "tests" (counts), and "reason" where a program gave
/// no value.
class StackProgramReward final : public Reward {
 public:
  using Reward::score;
  Score score(const Submission& submission) const override;
  void check_example(const data::Example& example, const std::string& place) const override;
};

}  // namespace aha::reward
