// 1 if the completion's program passes every test of its row.
#pragma once
#include <memory>

#include "aha/reward/reward.h"
#include "reward/code/code_judge.h"

namespace aha::reward {

/// With partial_credit the share of the tests passed. Null if infrastructure failed or the row's tests cannot be read.
/// The detail has "verdict" (CodeVerdict's, no_code, unparsable_gold), "passed", "tests", "failed_test", "seconds" and
/// "reason".
class CodeReward final : public Reward {
 public:
  CodeReward(const RewardConfig& config, std::shared_ptr<const ProgramRunner> runner);
  using Reward::score;
  Score score(const Submission& submission) const override;
  void check_example(const data::Example& example, const std::string& place) const override;
  /// The program.
  std::string extract(const std::string& completion_text) const override;

 private:
  ProgramLanguage language_;
  CodeJudging judging_;
  std::shared_ptr<const ProgramRunner> runner_;
};

/// Limits that no box takes.
std::vector<Contradiction> code_contradictions(const RewardConfig& config);

/// With the sandbox that all code rewards of the process share. @throws MissingError where the machine does not isolate
std::unique_ptr<Reward> make_code_reward(const RewardConfig& config, const RewardServices& services);

}  // namespace aha::reward
