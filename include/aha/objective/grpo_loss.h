// The clipped policy-gradient loss of GRPO with a k3 penalty, over a flat list of completion tokens.
#pragma once
#include <ATen/core/Tensor.h>

#include <optional>
#include <string>
#include <vector>

#include "aha/core/config_fields.h"

namespace aha::objective {

struct GrpoLossConfig {
  double epsilon = 0.2;
  std::optional<double> epsilon_high;  // absent: epsilon
  double beta = 0.0;

  template <class Fields>
  void visit(Fields& field) {
    field("epsilon", epsilon, "ratio is kept above 1 - epsilon (R1 used 10)", above(0));
    field("epsilon_high", epsilon_high, "ratio is kept below 1 + epsilon_high; default: epsilon", above(0));
    field("beta", beta, "weight of KL(policy || reference), estimator k3, in the loss", at_least(0));
  }
};

/// T completion tokens of any number of sequences.
struct GrpoTokens {
  at::Tensor policy_T;     // log-probs now, differentiable
  at::Tensor sampler_T;    // log-probs when sampled (old policy)
  at::Tensor reference_T;  // of the reference; undefined when beta is 0
  at::Tensor advantage_T;
  at::Tensor weight_T;  // what a token counts: 1 / (all completion tokens of the step) for loss_type dapo and so on
};

struct GrpoLoss {
  at::Tensor total;  // scalar: Σ weight · (−min(ρA, clip(ρ)A) + β k3)
  // Detached sums over tokens, for the metrics; divide by num_tokens of the whole step.
  double kl_sum = 0, clip_low_sum = 0, clip_high_sum = 0, ratio_sum = 0, ratio_min = 0, ratio_max = 0;
  double logp_difference_sum = 0, logp_difference_max = 0;  // |policy − sampler|
  int64_t num_tokens = 0;
};

/// Token form of arXiv:2402.03300 eq. 3 with k3 = e^δ − δ − 1, δ = reference − policy; ρ = exp(policy − sampler).
/// @throws ShapeError
GrpoLoss grpo_loss(const GrpoTokens& tokens, const GrpoLossConfig& config);

/// Weight of each token under a TRL loss_type, so that the sum over all tokens of the step is the loss:
/// grpo 1/(N·|o_i|) · bnpo and dapo 1/Σ|o_i| · dr_grpo 1/(N·max_completion_length). lengths: of all N completions of
/// the step.
std::vector<double> sequence_weights(const std::string& loss_type, const std::vector<int64_t>& lengths,
                                     int64_t max_completion_length);

}  // namespace aha::objective
