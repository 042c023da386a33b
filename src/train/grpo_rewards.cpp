#include "train/grpo_rewards.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/ones_like.h>
#include <ATen/ops/tensor.h>

#include <cmath>

#include "aha/core/error.h"
#include "aha/reward/soft_overlong.h"

namespace aha::train {

void add_reward(const std::string& name, double weight, const std::vector<double>& value_N,
                reward::BatchScores& scores) {
  AHA_CHECK(value_N.size() == scores.total.size(), "a reward has one value for each completion");
  std::vector<std::optional<double>> values(value_N.size());
  for (size_t i = 0; i < value_N.size(); ++i) {
    if (!scores.total[i]) continue;
    values[i] = value_N[i];
    *scores.total[i] += weight * value_N[i];
  }
  scores.names.push_back(name);
  scores.weights.push_back(weight);
  scores.values.push_back(std::move(values));
  scores.num_failed.push_back(0);
  scores.num_timed_out.push_back(0);
  scores.num_undecided.push_back(0);
}

std::vector<double> soft_overlong_punishment(const data::CompletionBatch& batch, int64_t max_length, int64_t cache) {
  std::vector<double> punishments;
  for (const data::Completion& completion : batch.completions) {
    punishments.push_back(reward::soft_overlong(std::ssize(completion.token_ids), max_length, cache));
  }
  return punishments;
}

std::vector<double> kl_to_reference(const std::vector<GrpoSample>& samples, const data::CompletionBatch& batch,
                                    const GrpoConfig& config) {
  objective::GrpoLossConfig estimator;
  estimator.kl_estimator = config.loss.kl_estimator;
  const auto old_logprobs =
      config.old_logprobs == "forward" ? &GrpoSample::old_logprobs : &GrpoSample::sampler_logprobs;
  std::vector<double> kl_N(batch.completions.size(), 0.0);
  for (const GrpoSample& sample : samples) {
    const at::Tensor old_T = at::tensor(sample.*old_logprobs, at::kDouble), one_T = at::ones_like(old_T);
    const objective::GrpoLoss of_tokens =
        objective::grpo_loss({.policy_T = old_T,
                              .old_T = old_T,
                              .sampler_T = {},
                              .reference_T = at::tensor(sample.reference_logprobs, at::kDouble),
                              .advantage_T = one_T,
                              .weight_T = one_T,
                              .entropy_T = {},
                              .entropy_weight_T = {},
                              .mask_T = {},
                              .offsets = {}},
                             estimator);
    kl_N[static_cast<size_t>(sample.completion - batch.completions.data())] = of_tokens.kl_sum;
  }
  return kl_N;
}

objective::Rewards rewards_of(const reward::BatchScores& scores, const data::CompletionBatch& batch) {
  const auto num_completions = std::ssize(scores.total), num_rewards = std::ssize(scores.names);
  objective::Rewards rewards{
      .value_NR = at::empty({num_completions, num_rewards}, at::kDouble), .weight_R = scores.weights, .length_N = {}};
  double* out = rewards.value_NR.data_ptr<double>();
  for (size_t i = 0; i < scores.total.size(); ++i) {
    for (const auto& values : scores.values) *out++ = scores.total[i] ? values[i].value_or(std::nan("")) : std::nan("");
    rewards.length_N.push_back(std::ssize(batch.completions[i].token_ids));
  }
  return rewards;
}

}  // namespace aha::train
