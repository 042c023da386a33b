// What a GRPO step reports, by TRL's names.
#pragma once
#include <ATen/core/Tensor.h>

#include <map>
#include <string>
#include <vector>

#include "aha/data/completion.h"
#include "aha/objective/grpo_loss.h"
#include "aha/reward/reward.h"
#include "aha/train/grpo_trainer.h"
#include "train/expert_load.h"

namespace aha::train {

using Metrics = std::map<std::string, double>;

enum class UpdateOutcome { kUpdated, kNoSignal, kNotFinite };

/// Of numbers that tokens have: their sum, the least and the largest.
struct Extent {
  double sum = 0, least = 0, most = 0;
};

/// Of one optimizer step, summed over its micro-batches.
struct UpdateStats {
  double loss = 0, grad_norm = 0, entropy_sum = 0;
  objective::GrpoLoss parts = {};  // without its total
  Extent policy_ratio = {};        // exp(policy − old)
  int64_t num_routed = 0, num_unrouted = 0;
  UpdateOutcome outcome = UpdateOutcome::kNoSignal;
  ExpertCounts expert_counts = {};

  void add(const UpdateStats& other);
};
UpdateStats stats_of(const objective::GrpoLoss& loss, double entropy_sum);

/// Total rewards [N] float64, NaN where a completion was not judged.
at::Tensor total_rewards(const reward::BatchScores& scores);

void add_completion_metrics(const data::CompletionBatch& batch, Metrics& metrics);
/// @param reward_N total_rewards()
void add_reward_metrics(const reward::BatchScores& scores, const at::Tensor& reward_N, int64_t num_generations,
                        Metrics& metrics);
/// Clip ratios, ratio/*, entropy and KL are over all updates; sampling/* over the first, whose policy is still the
/// sampler's, but for the weights of a correction, which no update changes.
void add_update_metrics(const std::vector<UpdateStats>& updates, const GrpoConfig& config, Metrics& metrics);

}  // namespace aha::train
