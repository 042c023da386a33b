// Value and slope of the clipped loss, token by token; autograd only carries the slope on.
#include "aha/objective/grpo_loss.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/minimum.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/zeros_like.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>
#include <numeric>

#include "aha/core/error.h"
#include "aha/ops/tensor_check.h"

namespace aha::objective {
namespace {

// e^20 is far outside any clip range; beyond it float32 would overflow and infinity times weight 0 be NaN.
constexpr double kMaxLogRatio = 20.0;

// A scalar whose gradient with respect to policy_T is known already.
class ScalarWithSlope : public torch::autograd::Function<ScalarWithSlope> {
 public:
  static at::Tensor forward(torch::autograd::AutogradContext* context, const at::Tensor& policy_T,
                            const at::Tensor& value, const at::Tensor& slope_T) {
    context->save_for_backward({slope_T});
    return value.clone();
  }
  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 torch::autograd::variable_list gradients) {
    return {gradients[0] * context->get_saved_variables()[0], at::Tensor(), at::Tensor()};
  }
};

void check_tokens(const GrpoTokens& tokens, const GrpoLossConfig& config) {
  ops::TensorCheck check("grpo_loss");
  check.shape("policy", tokens.policy_T, "T");
  check.shape("old", tokens.old_T, "T");
  check.shape("advantage", tokens.advantage_T, "T");
  check.shape("weight", tokens.weight_T, "T");
  if (tokens.reference_T.defined()) check.shape("reference", tokens.reference_T, "T");
  if (config.beta > 0 && !tokens.reference_T.defined()) {
    throw ShapeError("[grpo_loss] reference: is missing, but beta is " + std::to_string(config.beta));
  }
}

// What one pass over the tokens yields, all detached.
struct TokenTerms {
  at::Tensor value_T, slope_T;
  at::Tensor log_ratio_T, ratio_T, k3_T;
  at::Tensor clipped_low_T, clipped_high_T;
};

TokenTerms policy_terms(const GrpoTokens& tokens, const GrpoLossConfig& config) {
  const double low = 1.0 - config.epsilon;
  const double high = 1.0 + config.epsilon_high.value_or(config.epsilon);
  const at::Tensor advantage_T = tokens.advantage_T.detach();
  TokenTerms terms;
  terms.log_ratio_T = tokens.policy_T.detach() - tokens.old_T.detach();
  terms.ratio_T = terms.log_ratio_T.clamp(-kMaxLogRatio, kMaxLogRatio).exp();
  terms.clipped_low_T = (advantage_T < 0).logical_and(terms.ratio_T < low);
  terms.clipped_high_T = (advantage_T > 0).logical_and(terms.ratio_T > high);

  const at::Tensor gain_T = terms.ratio_T * advantage_T;
  terms.value_T = -at::minimum(gain_T, terms.ratio_T.clamp(low, high) * advantage_T);
  terms.slope_T = -gain_T.masked_fill(terms.clipped_low_T.logical_or(terms.clipped_high_T), 0.0);
  return terms;
}

void add_penalty(TokenTerms& terms, const GrpoTokens& tokens, double beta) {
  if (!tokens.reference_T.defined()) return;
  const at::Tensor delta_T =
      (tokens.reference_T.detach() - tokens.policy_T.detach()).clamp(-kMaxLogRatio, kMaxLogRatio);
  const at::Tensor excess_T = delta_T.expm1();  // e^δ − 1 without cancellation near δ = 0
  terms.k3_T = excess_T - delta_T;
  if (beta == 0) return;
  terms.value_T = terms.value_T + beta * terms.k3_T;
  terms.slope_T = terms.slope_T - beta * excess_T;
}

// Tokens of weight 0 are masked: no metric sees them.
void add_metrics(GrpoLoss& loss, const TokenTerms& terms, const at::Tensor& weight_T) {
  const at::Tensor counted = weight_T.ne(0).nonzero().squeeze(1);
  loss.num_tokens = counted.size(0);
  if (loss.num_tokens == 0) return;
  const auto of = [&](const at::Tensor& x_T) { return x_T.index_select(0, counted).to(at::kDouble); };
  const at::Tensor ratio = of(terms.ratio_T), difference = of(terms.log_ratio_T).abs();
  const at::Tensor kl_sum = terms.k3_T.defined() ? of(terms.k3_T).sum() : at::zeros_like(ratio.sum());
  // One tensor, so that a GPU is waited for once.
  const at::Tensor sums = at::stack({kl_sum, of(terms.clipped_low_T).sum(), of(terms.clipped_high_T).sum(), ratio.sum(),
                                     ratio.min(), ratio.max(), difference.sum(), difference.max()})
                              .cpu();
  const double* sum = sums.const_data_ptr<double>();
  loss.kl_sum = sum[0];
  loss.clip_low_sum = sum[1];
  loss.clip_high_sum = sum[2];
  loss.ratio_sum = sum[3];
  loss.ratio_min = sum[4];
  loss.ratio_max = sum[5];
  loss.logp_difference_sum = sum[6];
  loss.logp_difference_max = sum[7];
}

}  // namespace

GrpoLoss grpo_loss(const GrpoTokens& tokens, const GrpoLossConfig& config) {
  check_tokens(tokens, config);
  const at::Tensor weight_T = tokens.weight_T.detach();
  TokenTerms terms = policy_terms(tokens, config);
  const double policy = (weight_T * terms.value_T).sum().item<double>();
  add_penalty(terms, tokens, config.beta);
  GrpoLoss loss;
  add_metrics(loss, terms, weight_T);
  loss.policy = policy;
  loss.total = ScalarWithSlope::apply(tokens.policy_T, (weight_T * terms.value_T).sum(), weight_T * terms.slope_T);
  return loss;
}

std::vector<double> sequence_weights(const std::string& loss_type, const std::vector<int64_t>& lengths,
                                     int64_t max_completion_length) {
  static const std::vector<std::string> kLossTypes = {"grpo", "bnpo", "dapo", "dr_grpo"};
  if (std::find(kLossTypes.begin(), kLossTypes.end(), loss_type) == kLossTypes.end()) {
    throw ConfigError("loss_type", "`" + loss_type + "` is no loss type; use grpo, bnpo, dapo or dr_grpo");
  }
  const double num_sequences = static_cast<double>(lengths.size());
  const double num_tokens = static_cast<double>(std::accumulate(lengths.begin(), lengths.end(), int64_t{0}));
  std::vector<double> weights;
  for (const int64_t length : lengths) {
    double divisor = num_tokens;
    if (loss_type == "grpo") divisor = num_sequences * static_cast<double>(length);
    if (loss_type == "dr_grpo") divisor = num_sequences * static_cast<double>(max_completion_length);
    weights.push_back(1.0 / std::max(divisor, 1.0));
  }
  return weights;
}

}  // namespace aha::objective
