// The first half of a GRPO step: groups are asked for, judged as they end, and cut off when enough are complete.
#pragma once
#include <stop_token>
#include <string>
#include <vector>

#include "aha/reward/scoring_pool.h"
#include "aha/rollout/engine.h"
#include "aha/train/grpo_trainer.h"
#include "train/dynamic_sampling.h"
#include "train/grpo_groups.h"

namespace aha::train {

class GroupRollout {
 public:
  /// @param config, scorer outlive the rollout · carried: of the step before; they go first
  GroupRollout(const GrpoConfig& config, const reward::Scorer& scorer, int num_threads, const Groups& carried,
               const data::PromptBatch& prompts, int64_t step);
  /// Writes completions until enough groups are complete. @param key its step is the rollout's
  /// @throws StoppedError
  void ask(rollout::Engine& engine, rollout::SampleKey key, std::stop_token stop);
  /// Waits for the scores of the groups that are trained on, and takes them out; adds how they came about.
  /// @throws StoppedError
  JudgedGroups judge(Metrics& metrics, std::stop_token stop);
  /// The groups that the next step goes on with.
  Groups take_left() { return std::move(groups_); }

 private:
  int64_t num_trained() const;
  reward::BatchScores scores(std::stop_token stop);
  int64_t place(int64_t group, int64_t sample) const { return group * config_.sampling.num_generations + sample; }

  const GrpoConfig& config_;
  const int64_t step_;
  RolloutCounts counts_;
  Groups groups_;
  std::vector<int64_t> trained_;               // numbers of groups
  std::unique_ptr<reward::ScoringPool> pool_;  // last: its threads read the groups' examples
};

}  // namespace aha::train
