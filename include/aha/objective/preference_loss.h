// What a model pays for judging or preferring the wrong completion. Letters: P pairs, N completions.
#pragma once
#include <ATen/core/Tensor.h>

#include "aha/core/config_fields.h"

namespace aha::objective {

/// Bradley–Terry: -log σ(chosen - rejected - margin) (arXiv:2203.02155 eq. 1; margin: arXiv:2307.09288 eq. 2), plus
/// center_rewards_coefficient · (chosen + rejected)², which draws rewards to a mean of zero (arXiv:2312.09244 eq. 2).
///
/// @param chosen_P, rejected_P  [P] rewards, any float dtype
/// @param margin_P  [P]; undefined: 0
/// @return [P] nats, finite for finite rewards, differentiable in both rewards
at::Tensor pairwise_loss(const at::Tensor& chosen_P, const at::Tensor& rejected_P, const at::Tensor& margin_P = {},
                         double center_rewards_coefficient = 0.0);

/// Binary cross-entropy of σ(reward): -label · log σ(reward) - (1 - label) · log σ(-reward).
///
/// @param label_N [N], each in [0, 1]: the probability that the completion is good
/// @return [N] nats, finite for finite rewards, differentiable in reward_N
at::Tensor pointwise_loss(const at::Tensor& reward_N, const at::Tensor& label_N);

struct DpoLossConfig {
  double beta = 0.1;
  double label_smoothing = 0.0;

  template <class Fields>
  void visit(Fields& field) {
    field("beta", beta, "how far the policy is held to the reference: larger is nearer", above(0));
    field("label_smoothing", label_smoothing,
          "probability that a preference is the wrong way round (TRL's loss_type robust); 0: none is (sigmoid)",
          between(0, 0.49));
  }
};

/// Summed log-probs of whole completions, nats, each [P]; the reference's carry no gradient.
struct PairLogprobs {
  at::Tensor chosen_P, rejected_P, reference_chosen_P, reference_rejected_P;
};

/// β · log(policy / reference) of a completion: the reward that the policy stands for (arXiv:2305.18290 eq. 5).
at::Tensor implicit_reward(const at::Tensor& policy_P, const at::Tensor& reference_P, const DpoLossConfig& config);

/// With z the chosen completion's implicit reward less the rejected one's, and ε = label_smoothing:
/// [-(1 - ε) · log σ(z) + ε · log σ(-z)] / (1 - 2ε) (arXiv:2403.00409); at ε = 0 that is -log σ(z), DPO's own
/// (arXiv:2305.18290 eq. 7). Both as TRL computes them.
///
/// @return [P] nats, differentiable in the policy's log-probs
at::Tensor dpo_loss(const PairLogprobs& pairs, const DpoLossConfig& config);

}  // namespace aha::objective
