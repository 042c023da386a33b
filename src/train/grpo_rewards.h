// Rewards that the trainer itself gives, and what all rewards of a step come to: advantages.
#pragma once
#include <string>
#include <vector>

#include "aha/data/completion.h"
#include "aha/objective/advantage.h"
#include "aha/reward/reward.h"
#include "train/grpo_samples.h"

namespace aha::train {

/// A reward beside those of the scorer, seen wherever those are. A completion that no other reward judged stays
/// unjudged. @param value_N of each completion
void add_reward(const std::string& name, double weight, const std::vector<double>& value_N,
                reward::BatchScores& scores);

/// Soft overlong punishment (arXiv:2503.14476 eq. 13) of each completion: 0 up to max_length - cache tokens, from there
/// in a straight line to -1 at max_length.
std::vector<double> soft_overlong_punishment(const data::CompletionBatch& batch, int64_t max_length, int64_t cache);

/// KL of each completion's old policy to the reference: the sum of its tokens' estimates by config.loss.kl_estimator;
/// 0 for those without a sample.
std::vector<double> kl_to_reference(const std::vector<GrpoSample>& samples, const data::CompletionBatch& batch,
                                    const GrpoConfig& config);

/// What the scores say as objective::advantages() wants it; NaN where a reward does not apply.
objective::Rewards rewards_of(const reward::BatchScores& scores, const data::CompletionBatch& batch);

}  // namespace aha::train
