// The policy-gradient losses of the GRPO family, over the completion tokens of any number of sequences.
#pragma once
#include <ATen/core/Tensor.h>

#include <optional>
#include <string>
#include <vector>

#include "aha/core/config_fields.h"

namespace aha::objective {

/// Names are TRL's, `importance_sampling_mode` and its bounds without their prefix vllm_; so are defaults, but that
/// TRL's defaults turn on sequence_mask and use_bias_correction_kl, which the papers of GRPO and R1 do without.
struct GrpoLossConfig {
  std::string loss_type = "dapo";
  std::string importance_sampling_level = "token";
  double epsilon = 0.2;
  std::optional<double> epsilon_high = {};  // absent: epsilon; cispo: 5, which TRL only advises
  std::optional<double> delta = {};
  double sapo_temperature_pos = 1.0, sapo_temperature_neg = 1.05;
  double beta = 0.0;
  std::string kl_estimator = "k3";
  bool use_bias_correction_kl = false;
  double entropy_coef = 0.0;
  std::string importance_sampling_mode = "none";
  double importance_sampling_clip_max = 3.0;
  std::optional<double> importance_sampling_clip_min = {};
  std::optional<double> off_policy_mask_threshold = {};

  template <class Fields>
  void visit(Fields& field) {
    field("loss_type", loss_type, "the loss, and how tokens are weighed",
          one_of({"grpo", "bnpo", "dr_grpo", "dapo", "cispo", "sapo"}));
    field("importance_sampling_level", importance_sampling_level,
          "whose ratio is clipped: each token's, or the geometric mean of its sequence's (GSPO)",
          one_of({"token", "sequence"}));
    field("epsilon", epsilon, "ratio is kept above 1 - epsilon (R1 used 10)", above(0));
    field("epsilon_high", epsilon_high,
          "ratio is kept below 1 + epsilon_high, with cispo below epsilon_high; default: epsilon, with cispo 5",
          above(0));
    field("delta", delta,
          "upper bound of the ratio where the advantage is negative (dual clip); must exceed 1 + epsilon_high",
          above(1));
    field("sapo_temperature_pos", sapo_temperature_pos, "of sapo's gate where the advantage is positive", above(0));
    field("sapo_temperature_neg", sapo_temperature_neg, "of sapo's gate where it is not", above(0));
    field("beta", beta, "weight of KL(policy || reference)", at_least(0));
    field("kl_estimator", kl_estimator, "k1, k2 or k3 (arXiv:2402.03300 uses k3)", one_of({"k1", "k2", "k3"}));
    field("use_bias_correction_kl", use_bias_correction_kl, "multiplies the KL term by the ratio, which unbiases it");
    field("entropy_coef", entropy_coef, "weight of the entropy that is added to the objective", at_least(0));
    field(
        "importance_sampling_mode", importance_sampling_mode,
        "corrects for a sampler that is not the old policy: truncates the weight (TIS) or masks what is out of bounds "
        "(MIS, IcePop); needs old_logprobs: forward",
        one_of({"none", "token_truncate", "token_mask", "sequence_truncate", "sequence_mask"}));
    field("importance_sampling_clip_max", importance_sampling_clip_max, "upper bound of that weight", above(0));
    field("importance_sampling_clip_min", importance_sampling_clip_min, "lower bound of that weight; default: none",
          at_least(0));
    field("off_policy_mask_threshold", off_policy_mask_threshold,
          "leaves out sequences of negative advantage whose mean log(sampler / policy) is above it", above(0));
  }
};

/// What is wrong with keys of a config, alone or beside each other.
struct ConfigFinding {
  std::string key, sentence;
};
/// Options that mean nothing together. @param config as the loss is given it: where the KL is taken off the reward
/// instead, with beta 0
std::vector<ConfigFinding> contradictions(const GrpoLossConfig& config);

/// T completion tokens of whole sequences, end to end. Tensors are [T], float32 or float64 each, on the CPU; only
/// policy_T and entropy_T are differentiated. A token of weight 0 is in no sum, mean or metric.
struct GrpoTokens {
  at::Tensor policy_T = {};     // log-probs now
  at::Tensor old_T = {};        // of the policy that the ratio is taken against
  at::Tensor sampler_T = {};    // as sampled, for the correction and its metrics; undefined: old_T is the sampler's
  at::Tensor reference_T = {};  // of the reference; undefined without one
  at::Tensor advantage_T = {};  // of the token's sequence
  at::Tensor weight_T = {};     // what a token counts, by sequence_weights(): 1 / (all tokens of the step) for dapo
  at::Tensor entropy_T = {};    // of the policy now; may be undefined where entropy_coef is 0, and so may its weight
  at::Tensor entropy_weight_T = {};   // in the mean entropy: 1 / (tokens of the step whose mask is 1), 0 where it is 0
  at::Tensor mask_T = {};             // factor of the policy's term alone (top-entropy mask); undefined: 1
  std::vector<int64_t> offsets = {};  // [S + 1], 0 … T: the sequences; may be empty where nothing is per sequence
};

/// Of the tokens of one call; of a step, the sums (and least, and largest) over its calls.
struct GrpoLoss {
  at::Tensor total;  // scalar float64: Σ weight · (policy's term + β · KL) − entropy_coef · Σ entropy_weight · entropy
  double policy = 0;  // Σ weight · policy's term
  // Sums over tokens whose weight is not 0, for the metrics; divided by num_tokens of the whole step they are means.
  double kl_sum = 0;          // of the estimator, as β multiplies it; 0 without a reference
  double clip_low_sum = 0;    // ratio below 1 − ε and A < 0; loss types that clip the ratio, as the next
  double clip_high_sum = 0;   // ratio above 1 + ε_high and A > 0; of sequences, their tokens (TRL: sequences)
  double cispo_clip_sum = 0;  // weight above ε_high and A > 0
  double logp_difference_sum = 0, logp_difference_max = 0;            // |old − sampler|, without one |policy − old|
  double ratio_sum = 0, ratio_min = 0, ratio_max = 0;                 // exp of that difference, before any bound
  double correction_sum = 0, correction_min = 0, correction_max = 0;  // weights of the correction; 1 without one
  int64_t num_masked = 0;                                             // tokens that correction or off-policy mask drop
  int64_t num_tokens = 0;
};

/// With ρ = exp(policy − old), or for level `sequence` exp of its mean over the sequence (arXiv:2507.18071, gradient
/// through that mean), and A the advantage, the policy's term of a token is
///   grpo, bnpo, dr_grpo, dapo  −min(ρA, clip(ρ, 1 − ε, 1 + ε_high) A)        arXiv:2402.03300 eq. 3, 2503.14476
///     with delta               −min(min(ρ, δ) A, clip(ρ, …) A)               arXiv:2505.07291, as TRL has it
///   cispo                      −sg(min(ρ, ε_high)) A log π                   arXiv:2506.13585, bound of 2510.13786
///   sapo                       −(4/τ) σ(τ (ρ − 1)) A, τ_pos where A > 0      arXiv:2511.20347
/// The correction weight w = exp(old − sampler) (of the sequence: exp of its sum) is truncated or, out of bounds,
/// masked to 0 (TIS; MIS and IcePop) and multiplies the policy's term, as mask_T and the off-policy mask of
/// arXiv:2512.02556 eq. 9 do: 0 where A < 0 and the sequence's mean of sampler − policy is above the threshold. KL,
/// with d = reference − policy: k1 = −d, k2 = d²/2, k3 = e^d − d − 1; unbiased: times ρ, gradient through both
/// (arXiv:2512.02556; at level `sequence` times the sequence's ρ, as TRL does, which is no longer unbiased).
///
/// Exponents stop at 20: a ratio beyond e^20 counts as e^20. A log-prob that is not finite where the weight is not 0
/// makes the loss so. Sums run in float64, token after token: two calls give the same bits.
/// @throws ShapeError; ConfigError for a name that is none
GrpoLoss grpo_loss(const GrpoTokens& tokens, const GrpoLossConfig& config);

/// Weight of each sequence's tokens under a loss_type, so that the sum over all tokens of the step is the loss:
/// grpo, sapo 1/(N·|o_i|) · bnpo, dapo, cispo 1/Σ|o_i| · dr_grpo 1/(N·max_completion_length). (TRL's bnpo divides by
/// the tokens of a micro-batch, so that the loss depends on how a step is cut; here it is dapo's.)
/// @param lengths of all N completions of the step; one of length 0 is counted in N
/// @throws ConfigError for an unknown loss_type
std::vector<double> sequence_weights(const std::string& loss_type, const std::vector<int64_t>& lengths,
                                     int64_t max_completion_length);

/// 1 for the share `quantile` of tokens with the highest entropy, else 0 (arXiv:2506.01939, TRL's
/// top_entropy_quantile): those at or above the (1 − quantile) quantile, linearly interpolated; 0 leaves the highest.
/// @param entropy_T [T] float32 or float64, of the whole step @return [T] of its dtype @throws ShapeError
at::Tensor top_entropy_mask(const at::Tensor& entropy_T, double quantile);

}  // namespace aha::objective
