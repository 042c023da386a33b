// What a GRPO step reports, by TRL's names.
#pragma once
#include <ATen/core/Tensor.h>

#include <map>
#include <string>
#include <vector>

#include "aha/data/completion.h"
#include "aha/objective/grpo_loss.h"
#include "aha/reward/reward.h"
#include "train/expert_load.h"

namespace aha::train {

using Metrics = std::map<std::string, double>;

enum class UpdateOutcome { kUpdated, kNoSignal, kNotFinite };

/// Of one optimizer step, summed over its micro-batches.
struct UpdateStats {
  double loss = 0, policy_loss = 0, grad_norm = 0;
  double entropy_sum = 0, kl_sum = 0, clip_low_sum = 0, clip_high_sum = 0, ratio_sum = 0, ratio_min = 0, ratio_max = 0;
  double logp_difference_sum = 0, logp_difference_max = 0;
  int64_t num_tokens = 0;
  UpdateOutcome outcome = UpdateOutcome::kNoSignal;
  ExpertCounts expert_counts = {};

  void add(const UpdateStats& other);
};
UpdateStats stats_of(const objective::GrpoLoss& loss, double policy_loss, double entropy_sum);

/// Total rewards [N] float64, NaN where a completion was not judged.
at::Tensor total_rewards(const reward::BatchScores& scores);

void add_completion_metrics(const data::CompletionBatch& batch, Metrics& metrics);
/// @param reward_N total_rewards()
void add_reward_metrics(const reward::BatchScores& scores, const at::Tensor& reward_N, int64_t num_generations,
                        bool batch_std, Metrics& metrics);
/// Clip ratios, entropy and KL are over all updates; sampling/* over the first, whose policy is still the sampler's.
void add_update_metrics(const std::vector<UpdateStats>& updates, bool has_reference, Metrics& metrics);

}  // namespace aha::train
