// How far each completion is above its own group.
#pragma once
#include <ATen/core/Tensor.h>

#include <string>
#include <vector>

#include "aha/core/config_fields.h"

namespace aha::objective {

enum class ScaleRewards { kNone, kGroup, kBatch };

/// Keys of the recipe; TRL's where it has them.
struct AdvantageConfig {
  std::string advantage_estimator = "grpo";
  std::string scale_rewards = "group";
  std::string multi_objective_aggregation = "sum_then_normalize";

  template <class Fields>
  void visit(Fields& field) {
    field("advantage_estimator", advantage_estimator, "what a reward is compared with",
          one_of({"grpo", "rloo", "reinforce_plus_plus", "reinforce_plus_plus_baseline"}));
    field("scale_rewards", scale_rewards, "whose standard deviation divides; grpo alone",
          one_of({"group", "batch", "none"}));
    field("multi_objective_aggregation", multi_objective_aggregation,
          "several rewards: summed and then compared, or each compared by itself and then summed (GDPO); grpo alone",
          one_of({"sum_then_normalize", "normalize_then_sum"}));
  }
};

/// The rewards of a step.
struct Rewards {
  at::Tensor value_NR = {};            // [N, R] float64, prompt-major; NaN: does not apply
  std::vector<double> weight_R = {};   // of each reward in the total
  std::vector<int64_t> length_N = {};  // tokens of each completion
};

/// [N] float64: Σ weight · value over those that apply; NaN where none does. @throws ShapeError
at::Tensor total_reward(const Rewards& rewards);

/// Advantages [N] float64, one for all tokens of a completion, by config.advantage_estimator:
///   grpo                          group_advantage() of the total; with normalize_then_sum (GDPO, arXiv:2601.05242) of
///                                 each reward by its group's deviation, times its weight, summed over those that
///                                 apply, and that by its standard deviation over the batch (its mean is 0)
///   rloo                          r − mean of the others in the group (arXiv:2402.14740)
///   reinforce_plus_plus           (r − mean) / standard deviation, both over all tokens of the batch
///   (arXiv:2501.03262) reinforce_plus_plus_baseline  the same of r − group mean (ibid.)
/// A deviation is the sample's (ddof 1) plus 1e-4. A completion that was not judged (NaN) gets 0 and is left out of
/// means and deviations. Where nothing differs (in the group; in the batch for the last two) all get exactly 0.
/// @throws ShapeError, also for groups that are not whole; ConfigError for a name that is none
at::Tensor advantages(const Rewards& rewards, int64_t num_generations, const AdvantageConfig& config);

/// Group-relative advantages (arXiv:2402.03300): reward minus the group's mean, divided by (std + 1e-4) if scaled;
/// sample standard deviation (ddof 1), of the group or of the whole batch. NaN rewards (not judged) are left out of
/// mean and std and get advantage 0. A group of equal rewards gets exactly 0; so does a group of one.
///
/// @param reward_N [N] float64, prompt-major, N a multiple of num_generations
/// @return [N] float64
/// @throws ShapeError
at::Tensor group_advantage(const at::Tensor& reward_N, int64_t num_generations, ScaleRewards scale);

/// Share of groups whose judged rewards are all equal (TRL's frac_reward_zero_std).
double frac_reward_zero_std(const at::Tensor& reward_N, int64_t num_generations);

}  // namespace aha::objective
