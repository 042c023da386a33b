// Losses by log σ, which neither overflows nor loses its small values.
#include "aha/objective/preference_loss.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/log_sigmoid.h>

#include "aha/ops/tensor_check.h"

namespace aha::objective {

using at::Tensor;

Tensor pairwise_loss(const Tensor& chosen_P, const Tensor& rejected_P, const Tensor& margin_P,
                     double center_rewards_coefficient) {
  ops::TensorCheck check("pairwise_loss");
  check.shape("chosen", chosen_P, "P");
  check.shape("rejected", rejected_P, "P");
  if (margin_P.defined()) check.shape("margin", margin_P, "P");
  const Tensor lead_P = chosen_P - rejected_P;
  const Tensor loss_P = -at::log_sigmoid(margin_P.defined() ? lead_P - margin_P : lead_P);
  if (center_rewards_coefficient == 0) return loss_P;
  return loss_P + center_rewards_coefficient * (chosen_P + rejected_P).square();
}

Tensor pointwise_loss(const Tensor& reward_N, const Tensor& label_N) {
  ops::TensorCheck check("pointwise_loss");
  check.shape("reward", reward_N, "N");
  check.shape("label", label_N, "N");
  return -label_N * at::log_sigmoid(reward_N) - (1 - label_N) * at::log_sigmoid(-reward_N);
}

Tensor implicit_reward(const Tensor& policy_P, const Tensor& reference_P, const DpoLossConfig& config) {
  ops::TensorCheck check("implicit_reward");
  check.shape("policy", policy_P, "P");
  check.shape("reference", reference_P, "P");
  return config.beta * (policy_P - reference_P.detach());
}

Tensor dpo_loss(const PairLogprobs& pairs, const DpoLossConfig& config) {
  const Tensor lead_P = implicit_reward(pairs.chosen_P, pairs.reference_chosen_P, config) -
                        implicit_reward(pairs.rejected_P, pairs.reference_rejected_P, config);
  const double flipped = config.label_smoothing;
  if (flipped == 0) return -at::log_sigmoid(lead_P);
  return (flipped * at::log_sigmoid(-lead_P) - (1 - flipped) * at::log_sigmoid(lead_P)) / (1 - 2 * flipped);
}

}  // namespace aha::objective
