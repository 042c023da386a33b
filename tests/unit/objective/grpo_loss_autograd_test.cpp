// Every combination of the loss's options against the formulas in plain tensor operations on padded sequences, whose
// gradient is autograd's; and what must hold between options.
#include <ATen/ops/ones.h>
#include <ATen/ops/ones_like.h>
#include <ATen/ops/rand.h>
#include <ATen/ops/randn.h>
#include <torch/csrc/autograd/generated/variable_factories.h>

#include "aha/objective/grpo_loss.h"

#include <ATen/CPUGeneratorImpl.h>
#include <gtest/gtest.h>

#include <cmath>

#include "aha/objective/advantage.h"

namespace aha::objective::grpo_loss_autograd_test {
namespace {

// S sequences, L tokens the longest: what has no token has weight 0.
struct Padded {
  at::Tensor policy_SL, old_SL, sampler_SL, reference_SL, advantage_SL, weight_SL, mask_SL, entropy_SL,
      entropy_weight_SL;
  at::Tensor exists_SL;
  std::vector<int64_t> offsets;
};

const std::vector<int64_t> kLengths = {5, 1, 9, 3, 12, 2, 7, 4};

// Ratios to either side of every bound, some tokens in the middle without weight, one sequence wholly so.
Padded random_step(uint64_t seed) {
  at::Generator random = at::detail::createCPUGenerator(seed);
  const int64_t S = std::ssize(kLengths), L = 12;
  const auto normal = [&](double scale) { return scale * at::randn({S, L}, random, at::kDouble); };
  const auto uniform = [&] { return at::rand({S, L}, random, at::kDouble); };
  Padded step;
  step.old_SL = -4 * uniform() - 0.05;
  step.policy_SL = (step.old_SL + normal(0.4)).requires_grad_();
  step.sampler_SL = step.old_SL + normal(0.3);
  step.reference_SL = step.old_SL + normal(0.5);
  step.advantage_SL = at::randn({S, 1}, random, at::kDouble).expand({S, L}).contiguous();
  step.advantage_SL[3].zero_();
  step.mask_SL = (uniform() < 0.6).to(at::kDouble);
  step.entropy_SL = (3 * uniform()).requires_grad_();
  step.exists_SL = torch::zeros({S, L}, at::kBool);
  step.offsets = {0};
  for (int64_t s = 0; s < S; ++s) {
    step.exists_SL[s].narrow(0, 0, kLengths[s]).fill_(true);
    step.offsets.push_back(step.offsets.back() + kLengths[s]);
  }
  const at::Tensor counted_SL = step.exists_SL.logical_and(uniform() < 0.85).to(at::kDouble);
  counted_SL[5].zero_();
  step.weight_SL = 0.05 * (uniform() + 0.1) * counted_SL;
  step.entropy_weight_SL = 0.03 * uniform() * counted_SL * step.mask_SL;
  return step;
}

GrpoTokens packed(const Padded& step) {
  const auto pack = [&](const at::Tensor& x_SL) { return x_SL.detach().masked_select(step.exists_SL); };
  return {.policy_T = pack(step.policy_SL).requires_grad_(),
          .old_T = pack(step.old_SL),
          .sampler_T = pack(step.sampler_SL),
          .reference_T = pack(step.reference_SL),
          .advantage_T = pack(step.advantage_SL),
          .weight_T = pack(step.weight_SL),
          .entropy_T = pack(step.entropy_SL).requires_grad_(),
          .entropy_weight_T = pack(step.entropy_weight_SL),
          .mask_T = pack(step.mask_SL),
          .offsets = step.offsets};
}

// The formulas of the header.
class Reference {
 public:
  Reference(const Padded& step, const GrpoLossConfig& config) : x_(step), config_(config) {
    counted_SL = (step.weight_SL != 0).to(at::kDouble);
    count_S1_ = counted_SL.sum(1, true).clamp_min(1);
    const at::Tensor log_ratio_SL = step.policy_SL - step.old_SL;
    ratio_SL = (config.importance_sampling_level == "sequence" ? mean(log_ratio_SL) : log_ratio_SL).exp();
    correction_SL = correction();
    kept_SL = kept();
    kl_SL = kl();
    const at::Tensor policy_SL = policy_term() * step.mask_SL * correction_SL * kept_SL;
    policy = (step.weight_SL * policy_SL).sum();
    total = policy + config.beta * (step.weight_SL * kl_SL).sum() -
            config.entropy_coef * (step.entropy_weight_SL * step.entropy_SL).sum();
  }
  double count(const at::Tensor& x_SL) const { return (x_SL.to(at::kDouble) * counted_SL).sum().item<double>(); }
  double upper() const {
    if (config_.loss_type == "cispo") return config_.epsilon_high.value_or(5);
    return 1 + config_.epsilon_high.value_or(config_.epsilon);
  }

  at::Tensor total, policy, counted_SL, ratio_SL, correction_SL, kept_SL, kl_SL;

 private:
  at::Tensor mean(const at::Tensor& x_SL) const {
    return ((x_SL * counted_SL).sum(1, true) / count_S1_).expand_as(x_SL);
  }

  at::Tensor policy_term() const {
    const at::Tensor& a = x_.advantage_SL;
    if (config_.loss_type == "cispo") return -ratio_SL.clamp_max(upper()).detach() * a * x_.policy_SL;
    if (config_.loss_type == "sapo") {
      const at::Tensor is_positive = (a > 0).to(at::kDouble);
      const at::Tensor t =
          is_positive * config_.sapo_temperature_pos + (1 - is_positive) * config_.sapo_temperature_neg;
      return -(t * (ratio_SL - 1)).sigmoid() * 4 / t * a;
    }
    const at::Tensor free = config_.delta ? ratio_SL.clamp_max(*config_.delta) : ratio_SL;
    return -(free * a).minimum(ratio_SL.clamp(1 - config_.epsilon, upper()) * a);
  }

  at::Tensor kl() const {
    const at::Tensor d = x_.reference_SL - x_.policy_SL;
    const at::Tensor estimate = config_.kl_estimator == "k1"   ? -d
                                : config_.kl_estimator == "k2" ? d * d / 2
                                                               : d.exp() - d - 1;
    return config_.use_bias_correction_kl ? estimate * ratio_SL : estimate;
  }

  at::Tensor correction() const {
    const std::string& mode = config_.importance_sampling_mode;
    if (mode == "none") return at::ones_like(counted_SL);
    at::Tensor log_weight = (x_.old_SL - x_.sampler_SL) * counted_SL;
    if (mode.starts_with("sequence")) log_weight = log_weight.sum(1, true).expand_as(counted_SL);
    const at::Tensor weight = log_weight.exp();
    const double low = config_.importance_sampling_clip_min.value_or(0), high = config_.importance_sampling_clip_max;
    if (mode.ends_with("truncate")) return weight.clamp(low, high);
    return weight.masked_fill((weight < low).logical_or(weight > high), 0);
  }

  at::Tensor kept() const {
    if (!config_.off_policy_mask_threshold) return at::ones_like(counted_SL);
    const at::Tensor drift = mean(x_.sampler_SL - x_.policy_SL.detach());
    return (x_.advantage_SL >= 0).logical_or(drift <= *config_.off_policy_mask_threshold).to(at::kDouble);
  }

  const Padded& x_;
  const GrpoLossConfig& config_;
  at::Tensor count_S1_;
};

// All of loss type, level, delta and correction; the rest turns with them, so that every pair of values occurs.
std::vector<GrpoLossConfig> all_configs() {
  std::vector<GrpoLossConfig> configs;
  int64_t turn = 0;
  for (const auto* type : {"grpo", "bnpo", "dr_grpo", "dapo", "cispo", "sapo"}) {
    for (const auto* level : {"token", "sequence"}) {
      for (const auto* mode : {"none", "token_truncate", "token_mask", "sequence_truncate", "sequence_mask"}) {
        for (const auto* kl : {"", "k1", "k2", "k3"}) {
          for (const bool is_unbiased : {false, true}) {
            ++turn;
            GrpoLossConfig config{.loss_type = type, .importance_sampling_level = level};
            config.importance_sampling_mode = mode;
            config.importance_sampling_clip_max = 1.4;
            if (turn % 2) config.importance_sampling_clip_min = 0.7;
            if (*kl) config.beta = 0.3, config.kl_estimator = kl, config.use_bias_correction_kl = is_unbiased;
            if (turn % 3 == 0) config.epsilon_high = config.loss_type == "cispo" ? 1.2 : 0.28;
            if (turn / 2 % 3 == 1) config.delta = 1.5;
            if (turn % 7 < 3) config.entropy_coef = 0.2;
            if (turn % 5 < 2) config.off_policy_mask_threshold = 0.05;
            configs.push_back(config);
          }
        }
      }
    }
  }
  return configs;
}

std::string name_of(const GrpoLossConfig& config) {
  return config.loss_type + " " + config.importance_sampling_level + " " + config.importance_sampling_mode + " " +
         config.kl_estimator + (config.use_bias_correction_kl ? " unbiased" : "") + (config.delta ? " delta" : "") +
         (config.off_policy_mask_threshold ? " off-policy" : "") + (config.entropy_coef > 0 ? " entropy" : "");
}

double largest(const at::Tensor& x) { return x.numel() == 0 ? 0.0 : x.abs().max().item<double>(); }

void expect_metrics(const GrpoLoss& loss, const Reference& expected, const Padded& step, const GrpoLossConfig& config) {
  const at::Tensor& ratio = expected.ratio_SL;
  const at::Tensor& a = step.advantage_SL;
  const bool clips = config.loss_type != "cispo" && config.loss_type != "sapo";
  const auto low = (ratio < 1 - config.epsilon).logical_and(a < 0),
             high = (ratio > expected.upper()).logical_and(a > 0);
  EXPECT_NEAR(loss.kl_sum, expected.count(expected.kl_SL.detach()), 1e-11);
  EXPECT_EQ(loss.clip_low_sum, clips ? expected.count(low) : 0);
  EXPECT_EQ(loss.clip_high_sum, clips ? expected.count(high) : 0);
  EXPECT_EQ(loss.cispo_clip_sum, config.loss_type == "cispo" ? expected.count(high) : 0);

  const auto counted = [&](const at::Tensor& x) { return x.masked_select(expected.counted_SL.to(at::kBool)); };
  const at::Tensor difference = counted(step.old_SL - step.sampler_SL);
  EXPECT_NEAR(loss.logp_difference_sum, difference.abs().sum().item<double>(), 1e-11);
  EXPECT_NEAR(loss.logp_difference_max, largest(difference), 1e-15);
  EXPECT_NEAR(loss.ratio_sum, difference.exp().sum().item<double>(), 1e-11);
  EXPECT_NEAR(loss.ratio_min, difference.exp().min().item<double>(), 1e-14);
  EXPECT_NEAR(loss.ratio_max, difference.exp().max().item<double>(), 1e-14);
  const at::Tensor correction = counted(expected.correction_SL);
  EXPECT_NEAR(loss.correction_sum, correction.sum().item<double>(), 1e-11);
  EXPECT_NEAR(loss.correction_min, correction.min().item<double>(), 1e-14);
  EXPECT_NEAR(loss.correction_max, correction.max().item<double>(), 1e-14);
  EXPECT_EQ(loss.num_masked, expected.count((expected.correction_SL * expected.kept_SL) == 0));
  EXPECT_EQ(loss.num_tokens, expected.count(at::ones_like(ratio)));
}

TEST(GrpoLossAutograd, EveryOptionEqualsThePlainFormulas) {
  int64_t turn = 0, num_masked = 0, num_clipped = 0;
  for (const GrpoLossConfig& config : all_configs()) {
    SCOPED_TRACE(name_of(config));
    const Padded step = random_step(100 + ++turn % 5);
    const Reference expected(step, config);
    expected.total.backward();
    const GrpoTokens tokens = packed(step);
    const GrpoLoss loss = grpo_loss(tokens, config);
    loss.total.backward();

    EXPECT_NEAR(loss.total.item<double>(), expected.total.item<double>(), 1e-12);
    EXPECT_NEAR(loss.policy, expected.policy.item<double>(), 1e-12);
    EXPECT_LE(largest(tokens.policy_T.grad() - step.policy_SL.grad().masked_select(step.exists_SL)), 1e-13);
    EXPECT_EQ(tokens.entropy_T.grad().defined(), config.entropy_coef > 0);
    if (config.entropy_coef > 0) {
      EXPECT_LE(largest(tokens.entropy_T.grad() - step.entropy_SL.grad().masked_select(step.exists_SL)), 1e-15);
    }
    expect_metrics(loss, expected, step, config);
    num_masked += loss.num_masked;
    num_clipped += static_cast<int64_t>(loss.clip_low_sum + loss.clip_high_sum + loss.cispo_clip_sum);
    if (HasFailure()) return;
  }
  EXPECT_GT(num_masked, 1000);
  EXPECT_GT(num_clipped, 1000);
}

TEST(GrpoLossAutograd, PartsOfAStepSumToTheWhole) {
  const Padded step = random_step(7);
  const GrpoTokens whole = packed(step);
  const auto part = [&](size_t from, size_t to) {
    const auto cut = [&](const at::Tensor& x_T) {
      return x_T.detach().slice(0, step.offsets[from], step.offsets[to]).clone();
    };
    GrpoTokens tokens{.policy_T = cut(whole.policy_T).requires_grad_(),
                      .old_T = cut(whole.old_T),
                      .sampler_T = cut(whole.sampler_T),
                      .reference_T = cut(whole.reference_T),
                      .advantage_T = cut(whole.advantage_T),
                      .weight_T = cut(whole.weight_T),
                      .entropy_T = cut(whole.entropy_T).requires_grad_(),
                      .entropy_weight_T = cut(whole.entropy_weight_T),
                      .mask_T = cut(whole.mask_T)};
    for (size_t s = from; s <= to; ++s) tokens.offsets.push_back(step.offsets[s] - step.offsets[from]);
    return tokens;
  };
  for (const GrpoLossConfig& config : all_configs()) {
    SCOPED_TRACE(name_of(config));
    whole.policy_T.mutable_grad() = at::Tensor();
    const GrpoLoss all = grpo_loss(whole, config);
    all.total.backward();
    double total = 0, policy = 0, kl = 0, correction = 0, ratio_min = 1e9;
    int64_t num_tokens = 0, num_masked = 0;
    for (const auto& [from, to] : {std::pair<size_t, size_t>{0, 2}, {2, 3}, {3, 8}}) {
      const GrpoTokens tokens = part(from, to);
      const GrpoLoss loss = grpo_loss(tokens, config);
      loss.total.backward();
      total += loss.total.item<double>();
      policy += loss.policy;
      kl += loss.kl_sum;
      correction += loss.correction_sum;
      ratio_min = std::min(ratio_min, loss.ratio_min);
      num_tokens += loss.num_tokens;
      num_masked += loss.num_masked;
      // Bit for bit: a sequence's slopes do not know what it is packed with.
      EXPECT_EQ(largest(tokens.policy_T.grad() - whole.policy_T.grad().slice(0, step.offsets[from], step.offsets[to])),
                0);
    }
    EXPECT_NEAR(total, all.total.item<double>(), 1e-12);
    EXPECT_NEAR(policy, all.policy, 1e-12);
    EXPECT_NEAR(kl, all.kl_sum, 1e-11);
    EXPECT_NEAR(correction, all.correction_sum, 1e-11);
    EXPECT_EQ(ratio_min, all.ratio_min);
    EXPECT_EQ(num_tokens, all.num_tokens);
    EXPECT_EQ(num_masked, all.num_masked);
    if (HasFailure()) return;
  }
}

// A step as a trainer makes it: groups of 4, advantages by group, weights by loss type; nothing has moved yet.
struct OnPolicyStep {
  explicit OnPolicyStep(const GrpoLossConfig& config) {
    at::Generator random = at::detail::createCPUGenerator(3);
    const at::Tensor reward_N = at::rand({8}, random, at::kDouble);
    const at::Tensor advantage_N = group_advantage(reward_N, 4, ScaleRewards::kGroup);
    const auto weights = sequence_weights(config.loss_type, kLengths, 16);
    tokens.offsets = {0};
    std::vector<double> advantage_T, weight_T;
    for (size_t i = 0; i < kLengths.size(); ++i) {
      tokens.offsets.push_back(tokens.offsets.back() + kLengths[i]);
      const double advantage = advantage_N[static_cast<int64_t>(i)].item<double>();
      advantage_T.insert(advantage_T.end(), static_cast<size_t>(kLengths[i]), advantage);
      weight_T.insert(weight_T.end(), static_cast<size_t>(kLengths[i]), weights[i]);
      weighted_sum += advantage * static_cast<double>(kLengths[i]);
    }
    tokens.old_T = -4 * at::rand({tokens.offsets.back()}, random, at::kDouble) - 0.1;
    tokens.policy_T = tokens.old_T.clone().requires_grad_();
    tokens.sampler_T = tokens.old_T;
    tokens.reference_T = tokens.old_T;
    tokens.advantage_T = torch::tensor(advantage_T, at::kDouble);
    tokens.weight_T = torch::tensor(weight_T, at::kDouble);
  }
  GrpoTokens tokens;
  double weighted_sum = 0;  // Σ A_i · len_i
};

TEST(GrpoLossIdentities, OnPolicyEveryLossIsReinforce) {
  for (GrpoLossConfig config : all_configs()) {
    config.entropy_coef = 0;
    if (config.kl_estimator == "k1") config.beta = 0;  // its slope is not 0 where policy and reference agree
    SCOPED_TRACE(name_of(config));
    const OnPolicyStep step(config);
    const GrpoLoss loss = grpo_loss(step.tokens, config);
    loss.total.backward();
    EXPECT_EQ(loss.ratio_min, 1);
    EXPECT_EQ(loss.ratio_max, 1);
    EXPECT_EQ(loss.ratio_sum, static_cast<double>(loss.num_tokens));
    EXPECT_EQ(loss.correction_min, 1);
    EXPECT_EQ(loss.correction_max, 1);
    EXPECT_EQ(loss.logp_difference_max, 0);
    EXPECT_EQ(loss.clip_low_sum + loss.clip_high_sum + loss.cispo_clip_sum, 0);
    EXPECT_EQ(loss.kl_sum, 0);
    EXPECT_EQ(loss.num_masked, 0);
    // −A · weight; a sequence's mean of equal slopes, and sapo's 4 σ (1 − σ), round.
    const at::Tensor reinforce = -step.tokens.weight_T * step.tokens.advantage_T;
    const bool rounds = config.importance_sampling_level == "sequence" || config.loss_type == "sapo";
    EXPECT_LE(largest(step.tokens.policy_T.grad() - reinforce), rounds ? 1e-16 : 0);
    if (HasFailure()) return;
  }
}

TEST(GrpoLossIdentities, OnPolicyTheValueIsTheMeanAdvantage) {
  for (const auto* level : {"token", "sequence"}) {
    const auto loss_of = [&](const char* type) {
      const GrpoLossConfig config{.loss_type = type, .importance_sampling_level = level};
      return grpo_loss(OnPolicyStep(config).tokens, config).total.item<double>();
    };
    const double weighted_sum = OnPolicyStep({}).weighted_sum;
    const double num_tokens = 43;                 // Σ kLengths
    EXPECT_LE(std::abs(loss_of("grpo")), 1e-12);  // each group's advantages sum to 0
    EXPECT_NEAR(loss_of("dapo"), -weighted_sum / num_tokens, 1e-12);
    EXPECT_NEAR(loss_of("bnpo"), -weighted_sum / num_tokens, 1e-12);
    EXPECT_NEAR(loss_of("dr_grpo"), -weighted_sum / (8 * 16), 1e-12);
    EXPECT_GT(std::abs(loss_of("dapo")), 1e-3);
  }
}

}  // namespace
}  // namespace aha::objective::grpo_loss_autograd_test
