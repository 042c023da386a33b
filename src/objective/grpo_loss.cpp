// Value and slope of the loss, token by token in float64; autograd only carries the slopes on.
#include "aha/objective/grpo_loss.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/scalar_tensor.h>
#include <ATen/ops/zeros.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>

#include "aha/core/error.h"
#include "aha/ops/tensor_check.h"
#include "objective/correction.h"
#include "objective/kl_term.h"
#include "objective/policy_term.h"

namespace aha::objective {
namespace {

// A scalar whose gradient with respect to x_T is known already.
class ScalarWithSlope : public torch::autograd::Function<ScalarWithSlope> {
 public:
  static at::Tensor forward(torch::autograd::AutogradContext* context, const at::Tensor& x_T, double value,
                            const at::Tensor& slope_T) {
    context->save_for_backward({slope_T.to(x_T.scalar_type())});
    return at::scalar_tensor(value, at::kDouble);
  }
  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 torch::autograd::variable_list gradients) {
    return {gradients[0] * context->get_saved_variables()[0], at::Tensor(), at::Tensor()};
  }
};

// One number of every token, in float64; nothing where the tensor is undefined.
class Column {
 public:
  Column(const std::string& name, const at::Tensor& x_T, int64_t num_tokens) {
    if (!x_T.defined()) return;
    ops::TensorCheck("grpo_loss").size('T', num_tokens).shape(name, x_T, "T");
    values_T_ = x_T.detach().to(at::kDouble).contiguous();
    values_ = values_T_.const_data_ptr<double>();
  }
  bool is_given() const { return values_T_.defined(); }
  double operator[](int64_t t) const { return values_[t]; }

 private:
  at::Tensor values_T_;
  const double* values_ = nullptr;
};

struct Columns {
  Columns(const GrpoTokens& tokens, int64_t size)
      : policy("policy", tokens.policy_T, size),
        old("old", tokens.old_T, size),
        sampler("sampler", tokens.sampler_T, size),
        reference("reference", tokens.reference_T, size),
        advantage("advantage", tokens.advantage_T, size),
        weight("weight", tokens.weight_T, size),
        mask("mask", tokens.mask_T, size) {}
  Column policy, old, sampler, reference, advantage, weight, mask;
};

// Of a sequence's tokens that count; log-ratios are differences of log-probs.
struct SequenceSums {
  int64_t num_tokens = 0;
  double policy_to_old = 0, old_to_sampler = 0, sampler_to_policy = 0;
};

bool is_level_sequence(const GrpoLossConfig& config) {
  const std::string& level = config.importance_sampling_level;
  if (level == "token" || level == "sequence") return level == "sequence";
  throw ConfigError("importance_sampling_level", "`" + level + "` is none; use token or sequence");
}

class LossSum {
 public:
  LossSum(const GrpoTokens& tokens, const GrpoLossConfig& config)
      : config_(config),
        num_tokens_(tokens.policy_T.numel()),
        x_(tokens, num_tokens_),
        policy_loss_(config),
        kl_estimator_(config),
        correction_(config),
        is_ratio_of_sequence_(is_level_sequence(config)),
        slope_T_(at::zeros({num_tokens_}, at::kDouble)),
        slope_(slope_T_.mutable_data_ptr<double>()) {}

  void add_sequence(int64_t begin, int64_t end) {
    const SequenceSums sums = sums_of(begin, end);
    double by_shared_ratio = 0;
    for (int64_t t = begin; t < end; ++t) {
      if (counts(t)) by_shared_ratio += add_token(t, sums);
    }
    if (!is_ratio_of_sequence_) return;
    for (int64_t t = begin; t < end; ++t) {
      if (counts(t)) slope_[t] += by_shared_ratio / static_cast<double>(sums.num_tokens);
    }
  }

  GrpoLoss result(const at::Tensor& policy_T) {
    loss_.total = ScalarWithSlope::apply(policy_T, value_, slope_T_);
    return loss_;
  }

 private:
  bool counts(int64_t t) const { return x_.weight[t] != 0; }
  double sampler(int64_t t) const { return x_.sampler.is_given() ? x_.sampler[t] : x_.old[t]; }

  SequenceSums sums_of(int64_t begin, int64_t end) const {
    SequenceSums sums;
    for (int64_t t = begin; t < end; ++t) {
      if (!counts(t)) continue;
      ++sums.num_tokens;
      sums.policy_to_old += x_.policy[t] - x_.old[t];
      sums.old_to_sampler += x_.old[t] - sampler(t);
      sums.sampler_to_policy += sampler(t) - x_.policy[t];
    }
    return sums;
  }

  // @return the slope in the sequence's log-ratio, if that is the token's
  double add_token(int64_t t, const SequenceSums& sums) {
    const double weight = x_.weight[t], advantage = x_.advantage[t];
    const double mean = 1.0 / static_cast<double>(sums.num_tokens);
    const double ratio = bounded_exp(is_ratio_of_sequence_ ? mean * sums.policy_to_old : x_.policy[t] - x_.old[t]);
    const PolicyTerm policy = policy_loss_(ratio, advantage, x_.policy[t]);
    const double correction =
        correction_.weight(correction_.is_per_sequence() ? sums.old_to_sampler : x_.old[t] - sampler(t));
    const bool is_off_policy = config_.off_policy_mask_threshold && advantage < 0 &&
                               mean * sums.sampler_to_policy > *config_.off_policy_mask_threshold;
    const double factor = is_off_policy ? 0.0 : correction * (x_.mask.is_given() ? x_.mask[t] : 1.0);
    const TokenTerm kl = x_.reference.is_given() ? kl_estimator_(x_.reference[t] - x_.policy[t], ratio) : TokenTerm();

    loss_.policy += weight * factor * policy.value;
    value_ += weight * (factor * policy.value + config_.beta * kl.value);
    const double by_log_ratio = weight * (factor * policy.by_log_ratio + config_.beta * kl.by_log_ratio);
    slope_[t] = weight * (factor * policy.by_logprob + config_.beta * kl.by_logprob);
    if (!is_ratio_of_sequence_) slope_[t] += by_log_ratio;

    loss_.kl_sum += kl.value;
    loss_.clip_low_sum += policy.is_clipped_low;
    loss_.clip_high_sum += policy.is_clipped_high;
    loss_.cispo_clip_sum += policy.is_weight_clipped;
    loss_.num_masked += is_off_policy || correction == 0;
    measure(x_.sampler.is_given() ? x_.old[t] - x_.sampler[t] : x_.policy[t] - x_.old[t], correction);
    return by_log_ratio;
  }

  void measure(double logp_difference, double correction) {
    const double ratio = bounded_exp(logp_difference);
    const bool is_first = loss_.num_tokens++ == 0;
    loss_.logp_difference_sum += std::abs(logp_difference);
    loss_.logp_difference_max = std::max(loss_.logp_difference_max, std::abs(logp_difference));
    loss_.ratio_sum += ratio;
    loss_.ratio_min = is_first ? ratio : std::min(loss_.ratio_min, ratio);
    loss_.ratio_max = is_first ? ratio : std::max(loss_.ratio_max, ratio);
    loss_.correction_sum += correction;
    loss_.correction_min = is_first ? correction : std::min(loss_.correction_min, correction);
    loss_.correction_max = is_first ? correction : std::max(loss_.correction_max, correction);
  }

  const GrpoLossConfig& config_;
  int64_t num_tokens_;
  Columns x_;
  PolicyLoss policy_loss_;
  KlEstimator kl_estimator_;
  Correction correction_;
  bool is_ratio_of_sequence_;
  double value_ = 0;
  at::Tensor slope_T_;
  double* slope_;
  GrpoLoss loss_;
};

// −coefficient · Σ entropy_weight · entropy
at::Tensor entropy_bonus(const GrpoTokens& tokens, double coefficient) {
  const int64_t num_tokens = tokens.policy_T.numel();
  const Column entropy("entropy", tokens.entropy_T, num_tokens);
  const Column weight("entropy_weight", tokens.entropy_weight_T, num_tokens);
  const at::Tensor slope_T = at::zeros({num_tokens}, at::kDouble);
  double* slope = slope_T.mutable_data_ptr<double>();
  double value = 0;
  for (int64_t t = 0; t < num_tokens; ++t) {
    if (weight[t] == 0) continue;
    slope[t] = -coefficient * weight[t];
    value += slope[t] * entropy[t];
  }
  return ScalarWithSlope::apply(tokens.entropy_T, value, slope_T);
}

void require(bool is_needed, const at::Tensor& tensor, const std::string& name, const std::string& reason) {
  if (is_needed && !tensor.defined()) throw ShapeError("[grpo_loss] " + name + ": is missing, but " + reason);
}

void check_given(const GrpoTokens& tokens, const GrpoLossConfig& config) {
  ops::TensorCheck("grpo_loss").shape("policy", tokens.policy_T, "T");
  require(true, tokens.old_T, "old", "the ratio needs it");
  require(true, tokens.advantage_T, "advantage", "every loss needs it");
  require(true, tokens.weight_T, "weight", "every loss needs it");
  require(config.beta > 0, tokens.reference_T, "reference", "beta is above 0");
  require(Correction(config).is_on(), tokens.sampler_T, "sampler",
          "importance_sampling_mode is " + config.importance_sampling_mode);
  require(config.entropy_coef > 0, tokens.entropy_T, "entropy", "entropy_coef is above 0");
  require(config.entropy_coef > 0, tokens.entropy_weight_T, "entropy_weight", "entropy_coef is above 0");
}

bool is_per_sequence(const GrpoLossConfig& config) {
  return is_level_sequence(config) || config.off_policy_mask_threshold || Correction(config).is_per_sequence();
}

std::vector<int64_t> checked_offsets(const GrpoTokens& tokens, const GrpoLossConfig& config) {
  const int64_t num_tokens = tokens.policy_T.numel();
  const std::vector<int64_t>& offsets = tokens.offsets;
  if (offsets.empty() && (num_tokens == 0 || !is_per_sequence(config))) return {0, num_tokens};
  if (offsets.empty() || offsets.front() != 0 || offsets.back() != num_tokens ||
      !std::is_sorted(offsets.begin(), offsets.end())) {
    throw ShapeError("[grpo_loss] offsets: must rise from 0 to T = " + std::to_string(num_tokens) +
                     "; they may be left out only where nothing is per sequence");
  }
  return offsets;
}

}  // namespace

GrpoLoss grpo_loss(const GrpoTokens& tokens, const GrpoLossConfig& config) {
  check_given(tokens, config);
  const std::vector<int64_t> offsets = checked_offsets(tokens, config);
  LossSum sum(tokens, config);
  for (size_t s = 0; s + 1 < offsets.size(); ++s) sum.add_sequence(offsets[s], offsets[s + 1]);

  GrpoLoss loss = sum.result(tokens.policy_T);
  if (config.entropy_coef > 0) loss.total = loss.total + entropy_bonus(tokens, config.entropy_coef);
  return loss;
}

}  // namespace aha::objective
