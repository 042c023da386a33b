// The GRPO losses against sums worked by hand, finite differences and REINFORCE.
#include <ATen/ops/allclose.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/ones_like.h>
#include <ATen/ops/zeros_like.h>
#include <torch/csrc/autograd/generated/variable_factories.h>

#include "aha/objective/grpo_loss.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <map>

#include "aha/core/error.h"

namespace aha::objective::grpo_loss_test {
namespace {

at::Tensor vector(const std::vector<double>& values) { return torch::tensor(values, at::kDouble); }

// Ratios below, inside and above the clip range for both signs of the advantage; none within 0.01 of an edge.
GrpoTokens tokens_of_every_region() {
  const auto log_ratio = vector({-0.9, -0.5, -0.1, 0.0, 0.1, 0.5, 0.9, -0.9, -0.5, -0.1, 0.0, 0.1, 0.5, 0.9, 0.3});
  const auto sampler = vector({-1, -2, -3, -.5, -1, -2, -1, -1, -2, -3, -.5, -1, -2, -1, -4});
  GrpoTokens tokens;
  tokens.old_T = sampler;
  tokens.policy_T = (sampler + log_ratio).requires_grad_();
  tokens.reference_T = sampler + vector({0.4, -2, 0, 1, -1, .2, .1, -.3, .6, 2, 0, -.1, .7, -.2, 3});
  tokens.advantage_T = vector({2, 2, 2, 2, 2, 2, 2, -1.5, -1.5, -1.5, -1.5, -1.5, -1.5, -1.5, 0});
  tokens.weight_T = vector({.1, .2, .1, .1, .1, .3, .1, .1, .1, .1, .2, .1, .1, .1, .5});
  return tokens;
}

double loss_at(GrpoTokens tokens, const GrpoLossConfig& config, int64_t index, double step) {
  tokens.policy_T = tokens.policy_T.detach().clone();
  tokens.policy_T[index] += step;
  return grpo_loss(tokens, config).total.item<double>();
}

TEST(GrpoLoss, MatchesTokensWorkedByHand) {
  GrpoTokens tokens;
  tokens.policy_T = vector({std::log(0.5), std::log(0.6), std::log(0.1)});
  tokens.old_T = vector({std::log(0.4), std::log(0.4), std::log(0.2)});
  tokens.reference_T = vector({std::log(0.25), std::log(0.6), std::log(0.2)});
  tokens.advantage_T = vector({1.0, 1.0, -2.0});
  tokens.weight_T = vector({0.5, 0.25, 0.25});
  // ratios 1.25, 1.5 (clipped to 1.28), 0.5 (clipped to 0.8): -1.25, -1.28, +1.6
  // e^d - d - 1 with e^d = 0.5, 1, 2: 0.1931472, 0, 0.3068528
  const GrpoLoss loss = grpo_loss(tokens, {.epsilon = 0.2, .epsilon_high = 0.28, .beta = 0.1});
  const double k3_first = 0.5 - std::log(0.5) - 1, k3_third = 2 - std::log(2.0) - 1;
  EXPECT_NEAR(loss.total.item<double>(), 0.5 * (-1.25 + 0.1 * k3_first) + 0.25 * -1.28 + 0.25 * (1.6 + 0.1 * k3_third),
              1e-12);
  EXPECT_NEAR(loss.kl_sum, k3_first + k3_third, 1e-12);
  EXPECT_EQ(loss.clip_low_sum, 1);
  EXPECT_EQ(loss.clip_high_sum, 1);
  EXPECT_NEAR(loss.ratio_sum, 3.25, 1e-12);
  EXPECT_NEAR(loss.ratio_min, 0.5, 1e-12);
  EXPECT_NEAR(loss.ratio_max, 1.5, 1e-12);
  EXPECT_NEAR(loss.logp_difference_sum, std::log(1.25) + std::log(1.5) + std::log(2.0), 1e-12);
  EXPECT_NEAR(loss.logp_difference_max, std::log(2.0), 1e-12);
  EXPECT_EQ(loss.num_tokens, 3);
}

TEST(GrpoLoss, GradientMatchesFiniteDifferences) {
  for (const GrpoLossConfig& config : {GrpoLossConfig{.epsilon = 0.2, .epsilon_high = 0.28, .beta = 0.04},
                                       GrpoLossConfig{.epsilon = 0.2, .epsilon_high = {}, .beta = 0.0},
                                       GrpoLossConfig{.epsilon = 10, .epsilon_high = {}, .beta = 1.0}}) {
    SCOPED_TRACE(config.epsilon);
    const GrpoTokens tokens = tokens_of_every_region();
    grpo_loss(tokens, config).total.backward();
    const double step = 1e-5;
    for (int64_t t = 0; t < tokens.policy_T.size(0); ++t) {
      const double slope = (loss_at(tokens, config, t, step) - loss_at(tokens, config, t, -step)) / (2 * step);
      const double actual = tokens.policy_T.grad()[t].item<double>();
      EXPECT_NEAR(actual, slope, 1e-6 * std::max(1e-3, std::abs(slope))) << "token " << t;
    }
  }
}

TEST(GrpoLoss, ClippedTokensGetNoGradientAndTheOthersDo) {
  const GrpoTokens tokens = tokens_of_every_region();
  const GrpoLoss loss = grpo_loss(tokens, {.epsilon = 0.2, .epsilon_high = 0.28, .beta = 0.0});
  loss.total.backward();
  // Above 1.28 with A > 0: log-ratios 0.5 and 0.9. Below 0.8 with A < 0: -0.9 and -0.5.
  EXPECT_EQ(loss.clip_high_sum, 2);
  EXPECT_EQ(loss.clip_low_sum, 2);
  const std::vector<int64_t> silent = {5, 6, 7, 8, 14};
  for (int64_t t = 0; t < 15; ++t) {
    const bool is_silent = std::find(silent.begin(), silent.end(), t) != silent.end();
    EXPECT_EQ(tokens.policy_T.grad()[t].item<double>() == 0, is_silent) << "token " << t;
  }
}

TEST(GrpoLoss, OnPolicyItIsReinforce) {
  GrpoTokens tokens = tokens_of_every_region();
  tokens.policy_T = tokens.old_T.clone().requires_grad_();
  const GrpoLoss loss = grpo_loss(tokens, {});
  loss.total.backward();
  const at::Tensor weighted = tokens.weight_T * tokens.advantage_T;
  EXPECT_TRUE(at::equal(tokens.policy_T.grad(), -weighted));
  EXPECT_NEAR(loss.total.item<double>(), -weighted.sum().item<double>(), 1e-12);
  EXPECT_EQ(loss.ratio_min, 1);
  EXPECT_EQ(loss.logp_difference_max, 0);
}

TEST(GrpoLoss, AdvantagesThatSumToZeroGiveLossZeroOnPolicy) {
  GrpoTokens tokens;
  tokens.old_T = vector({-1, -2, -3, -4});
  tokens.policy_T = tokens.old_T.clone().requires_grad_();
  tokens.advantage_T = vector({0.75, -0.25, -0.25, -0.25});
  tokens.weight_T = vector({0.25, 0.25, 0.25, 0.25});
  const GrpoLoss loss = grpo_loss(tokens, {});
  EXPECT_EQ(loss.total.item<double>(), 0);
  loss.total.backward();
  EXPECT_GT(tokens.policy_T.grad().abs().min().item<double>(), 0);
}

TEST(GrpoLoss, PenaltyGradientIsOneMinusExpDelta) {
  GrpoTokens tokens = tokens_of_every_region();
  tokens.advantage_T = at::zeros_like(tokens.old_T);
  tokens.weight_T = at::ones_like(tokens.old_T);
  const GrpoLoss loss = grpo_loss(tokens, {.epsilon = 0.2, .epsilon_high = {}, .beta = 0.5});
  loss.total.backward();
  const at::Tensor delta = tokens.reference_T - tokens.policy_T.detach();
  EXPECT_TRUE(at::allclose(tokens.policy_T.grad(), 0.5 * (1 - delta.exp()), 0, 1e-12));
  EXPECT_GE(loss.total.item<double>(), 0);
}

TEST(GrpoLoss, Float32AgreesWithFloat64) {
  GrpoTokens exact = tokens_of_every_region(), rounded;
  const GrpoLossConfig config{.epsilon = 0.2, .epsilon_high = 0.28, .beta = 0.04};
  const auto single = [](const at::Tensor& x) { return x.detach().to(at::kFloat); };
  rounded = {.policy_T = single(exact.policy_T).requires_grad_(),
             .old_T = single(exact.old_T),
             .reference_T = single(exact.reference_T),
             .advantage_T = single(exact.advantage_T),
             .weight_T = single(exact.weight_T)};
  const GrpoLoss reference = grpo_loss(exact, config), actual = grpo_loss(rounded, config);
  reference.total.backward();
  actual.total.backward();
  EXPECT_NEAR(actual.total.item<double>(), reference.total.item<double>(), 1e-6);
  EXPECT_TRUE(at::allclose(rounded.policy_T.grad().to(at::kDouble), exact.policy_T.grad(), 1e-5, 1e-6));
}

// One token a ratio, all of log-prob −1 and weight 1.
GrpoTokens tokens_of_ratios(const std::vector<double>& ratios, const std::vector<double>& advantages) {
  std::vector<double> old;
  for (const double ratio : ratios) old.push_back(-1 - std::log(ratio));
  const std::vector<double> ones(ratios.size(), 1.0), policy(ratios.size(), -1.0);
  return {.policy_T = vector(policy).requires_grad_(),
          .old_T = vector(old),
          .advantage_T = vector(advantages),
          .weight_T = vector(ones)};
}

// The value of each token by itself, and its slope.
void expect_terms(const GrpoTokens& tokens, const GrpoLossConfig& config, const std::vector<double>& values,
                  const std::vector<double>& slopes) {
  grpo_loss(tokens, config).total.backward();
  for (size_t t = 0; t < values.size(); ++t) {
    GrpoTokens alone = tokens;
    alone.policy_T = tokens.policy_T.detach();
    alone.weight_T = at::zeros_like(tokens.weight_T);
    alone.weight_T[static_cast<int64_t>(t)] = 1.0;
    EXPECT_NEAR(grpo_loss(alone, config).total.item<double>(), values[t], 1e-12) << t;
    EXPECT_NEAR(tokens.policy_T.grad()[static_cast<int64_t>(t)].item<double>(), slopes[t], 1e-12) << t;
  }
}

TEST(GrpoLoss, DeltaBoundsTheRatioWhereTheAdvantageIsNegative) {
  // Above 3 flat at 3 |A|; between 1.2 and 3 free; a positive advantage is clipped at 1.2 as ever.
  expect_terms(tokens_of_ratios({4, 2, 4, 0.5}, {-1, -1, 1, -1}), {.epsilon = 0.2, .delta = 3}, {3, 2, -1.2, 0.8},
               {0, 2, 0, 0});
}

TEST(GrpoLoss, CispoWeighsTheLogprob) {
  // −min(ρ, 5) A log π at log π = −1; the slope is the weight's, whatever the bound.
  const GrpoTokens tokens = tokens_of_ratios({6, 0.5, 6, 1}, {2, 1, -1, 3});
  expect_terms(tokens, {.loss_type = "cispo"}, {10, 0.5, -5, 3}, {-10, -0.5, 5, -3});
  const GrpoLoss loss = grpo_loss(tokens, {.loss_type = "cispo"});
  EXPECT_EQ(loss.cispo_clip_sum, 1);
  EXPECT_EQ(loss.clip_high_sum, 0);
  EXPECT_EQ(grpo_loss(tokens, {.loss_type = "cispo", .epsilon_high = 7}).cispo_clip_sum, 0);
}

TEST(GrpoLoss, SapoGatesTheRatio) {
  // σ(1) = 0.7310586, σ(−0.525) = 0.3716838: temperatures 1 and 1.05, ratios 2 and 0.5.
  const double up = 1 / (1 + std::exp(-1)), down = 1 / (1 + std::exp(0.525));
  EXPECT_NEAR(down, 0.3716838, 1e-7);
  const GrpoTokens tokens = tokens_of_ratios({2, 0.5}, {1, -1});
  expect_terms(tokens, {.loss_type = "sapo"}, {-4 * up, 4 / 1.05 * down},
               {-4 * up * (1 - up) * 2, 4 * down * (1 - down) * 0.5});
  EXPECT_EQ(grpo_loss(tokens, {.loss_type = "sapo"}).clip_high_sum, 0);
}

TEST(GrpoLoss, SequenceLevelTakesTheGeometricMeanRatio) {
  // Log-ratios 0.3 and 0.1: mean 0.2, e^0.2 = 1.2214 is clipped at 1.2. 0.1, −0.3, −0.1: mean −0.1, free.
  GrpoTokens tokens;
  tokens.policy_T = vector({-1, -1, -1, -1, -1}).requires_grad_();
  tokens.old_T = vector({-1.3, -1.1, -1.1, -0.7, -0.9});
  tokens.advantage_T = vector({1, 1, -2, -2, -2});
  tokens.weight_T = vector({0.1, 0.1, 0.1, 0.2, 0.3});
  tokens.offsets = {0, 2, 5};
  const GrpoLoss loss = grpo_loss(tokens, {.importance_sampling_level = "sequence"});
  loss.total.backward();
  EXPECT_NEAR(loss.total.item<double>(), 0.2 * -1.2 + 0.6 * 2 * std::exp(-0.1), 1e-12);
  // Each token moves the mean by a third: its slope is a third of the sequence's 0.6 · 2 · e^−0.1.
  const double slope = 0.4 * std::exp(-0.1);
  EXPECT_TRUE(at::allclose(tokens.policy_T.grad(), vector({0, 0, slope, slope, slope}), 0, 1e-12));
  EXPECT_EQ(loss.clip_high_sum, 2);
  EXPECT_EQ(loss.clip_low_sum, 0);
}

TEST(GrpoLoss, EstimatorsOfKlWorkedByHand) {
  // d = log 2 and ratio 3: k1 −d, k2 d²/2, k3 2 − d − 1; unbiased three times that, and so is what the ratio adds.
  const double d = std::log(2.0);
  GrpoTokens tokens = tokens_of_ratios({3}, {0});
  tokens.reference_T = vector({-1 + d});
  const std::map<std::string, std::pair<double, double>> estimates = {
      {"k1", {-d, 1}}, {"k2", {d * d / 2, -d}}, {"k3", {1 - d, -1}}};
  for (const auto& [name, estimate] : estimates) {
    SCOPED_TRACE(name);
    const auto& [value, slope] = estimate;
    tokens.policy_T.mutable_grad() = at::Tensor();
    expect_terms(tokens, {.beta = 0.5, .kl_estimator = name}, {0.5 * value}, {0.5 * slope});
    EXPECT_NEAR(grpo_loss(tokens, {.beta = 0.5, .kl_estimator = name}).kl_sum, value, 1e-15);
    const GrpoLossConfig unbiased{.beta = 0.5, .kl_estimator = name, .use_bias_correction_kl = true};
    tokens.policy_T.mutable_grad() = at::Tensor();
    expect_terms(tokens, unbiased, {1.5 * value}, {1.5 * (value + slope)});
    EXPECT_NEAR(grpo_loss(tokens, unbiased).kl_sum, 3 * value, 1e-15);
    EXPECT_NEAR(grpo_loss(tokens, {.kl_estimator = name}).kl_sum, value, 1e-15) << "measured without beta too";
  }
}

// Two sequences on-policy, A = −1, so that a token's value is its weight: 2, 2 (product 4) and 0.5, 1.2 (product 0.6).
GrpoTokens tokens_of_another_sampler() {
  GrpoTokens tokens = tokens_of_ratios({1, 1, 1, 1}, {-1, -1, -1, -1});
  tokens.sampler_T = vector({-1 - std::log(2.0), -1 - std::log(2.0), -1 - std::log(0.5), -1 - std::log(1.2)});
  tokens.offsets = {0, 2, 4};
  return tokens;
}

TEST(GrpoLoss, CorrectionsWorkedByHand) {
  struct Case {
    std::string mode;
    std::vector<double> weights;
    int64_t num_masked;
  };
  for (const Case& each : {Case{"none", {1, 1, 1, 1}, 0}, Case{"token_truncate", {1.5, 1.5, 0.55, 1.2}, 0},
                           Case{"token_mask", {0, 0, 0, 1.2}, 3}, Case{"sequence_truncate", {1.5, 1.5, 0.6, 0.6}, 0},
                           Case{"sequence_mask", {0, 0, 0.6, 0.6}, 2}}) {
    SCOPED_TRACE(each.mode);
    const GrpoLossConfig config{.importance_sampling_mode = each.mode,
                                .importance_sampling_clip_max = 1.5,
                                .importance_sampling_clip_min = 0.55};
    const GrpoTokens tokens = tokens_of_another_sampler();
    const GrpoLoss loss = grpo_loss(tokens, config);
    loss.total.backward();
    const double sum = each.weights[0] + each.weights[1] + each.weights[2] + each.weights[3];
    EXPECT_NEAR(loss.total.item<double>(), sum, 1e-12);
    EXPECT_TRUE(at::allclose(tokens.policy_T.grad(), vector(each.weights), 0, 1e-12));
    EXPECT_NEAR(loss.correction_sum, sum, 1e-12);
    EXPECT_NEAR(loss.correction_max, *std::max_element(each.weights.begin(), each.weights.end()), 1e-12);
    EXPECT_NEAR(loss.correction_min, *std::min_element(each.weights.begin(), each.weights.end()), 1e-12);
    EXPECT_EQ(loss.num_masked, each.num_masked);
    EXPECT_NEAR(loss.ratio_sum, 2 + 2 + 0.5 + 1.2, 1e-12);  // before bounds, by token
    EXPECT_NEAR(loss.logp_difference_sum, 3 * std::log(2.0) + std::log(1.2), 1e-12);
  }
}

TEST(GrpoLoss, OffPolicySequencesOfNegativeAdvantageAreLeftOut) {
  // Means of sampler − policy: 0.3, 0.3, 0.1. Only the first is both negative and above 0.2; its KL stays.
  GrpoTokens tokens = tokens_of_ratios({1, 1, 1, 1, 1}, {-1, -1, 2, 2, -3});
  tokens.sampler_T = vector({-0.5, -0.9, -0.5, -0.9, -0.9});
  tokens.reference_T = vector({-1, -1, -1, -1, -1});
  tokens.offsets = {0, 2, 4, 5};
  const GrpoLoss loss = grpo_loss(tokens, {.off_policy_mask_threshold = 0.2});
  loss.total.backward();
  EXPECT_NEAR(loss.total.item<double>(), -2 - 2 + 3, 1e-12);
  EXPECT_TRUE(at::allclose(tokens.policy_T.grad(), vector({0, 0, -2, -2, 3}), 0, 1e-12));
  EXPECT_EQ(loss.num_masked, 2);
  EXPECT_EQ(loss.num_tokens, 5);
}

TEST(GrpoLoss, MaskIsOfThePolicysTermAlone) {
  GrpoTokens tokens = tokens_of_ratios({1, 1}, {1, 1});
  tokens.reference_T = vector({-1 + std::log(2.0), -1 + std::log(2.0)});
  tokens.mask_T = vector({0, 1});
  const double k3 = 1 - std::log(2.0);
  const GrpoLoss loss = grpo_loss(tokens, {.beta = 0.5});
  EXPECT_NEAR(loss.total.item<double>(), -1 + 2 * 0.5 * k3, 1e-12);
  EXPECT_NEAR(loss.policy, -1, 1e-15);
  EXPECT_EQ(loss.num_tokens, 2);
}

TEST(GrpoLoss, EntropyIsAddedToTheObjective) {
  GrpoTokens tokens = tokens_of_ratios({1, 1, 1}, {1, 1, 1});
  tokens.entropy_T = vector({0.5, 2, std::nan("")}).requires_grad_();
  tokens.entropy_weight_T = vector({0.25, 0.5, 0});
  const GrpoLoss loss = grpo_loss(tokens, {.entropy_coef = 0.1});
  loss.total.backward();
  EXPECT_NEAR(loss.total.item<double>(), -3 - 0.1 * (0.25 * 0.5 + 0.5 * 2), 1e-12);
  EXPECT_NEAR(loss.policy, -3, 1e-15);
  EXPECT_TRUE(at::allclose(tokens.entropy_T.grad(), vector({-0.025, -0.05, 0}), 0, 1e-15));
  EXPECT_TRUE(at::allclose(tokens.policy_T.grad(), vector({-1, -1, -1}), 0, 0));
}

TEST(GrpoLoss, TokensOfWeightZeroCannotPoisonTheSum) {
  const double nan = std::nan(""), infinity = std::numeric_limits<double>::infinity();
  for (const auto* level : {"token", "sequence"}) {
    GrpoTokens tokens;
    tokens.policy_T = torch::tensor({-1.0f, -0.1f, -0.1f}).requires_grad_();
    tokens.old_T = tokens.sampler_T = vector({-1.0, -500, nan});
    tokens.reference_T = vector({-1.0, infinity, nan});
    tokens.advantage_T = vector({1.0, -1, nan});
    tokens.weight_T = vector({1.0, 0, 0});
    tokens.offsets = {0, 3};
    const GrpoLoss loss = grpo_loss(tokens, {.importance_sampling_level = level,
                                             .beta = 0.1,
                                             .importance_sampling_mode = "sequence_mask",
                                             .off_policy_mask_threshold = 0.1});
    loss.total.backward();
    EXPECT_EQ(loss.total.item<double>(), -1.0);
    EXPECT_TRUE(at::equal(tokens.policy_T.grad(), torch::tensor({-1.0f, 0.0f, 0.0f})));
    EXPECT_EQ(loss.num_tokens, 1);
    EXPECT_EQ(loss.ratio_max, 1);
    EXPECT_EQ(loss.correction_max, 1);
  }
}

TEST(GrpoLoss, RatiosOutOfAllBoundsStayFinite) {
  for (const auto* type : {"dapo", "cispo", "sapo"}) {
    SCOPED_TRACE(type);
    GrpoTokens tokens;
    tokens.policy_T = torch::tensor({-0.1f, -500.0f, -0.1f, -500.0f}).requires_grad_();
    tokens.old_T = tokens.sampler_T = torch::tensor({-500.0f, -0.1f, -500.0f, -0.1f});  // e^499.9 and back
    tokens.reference_T = tokens.old_T;
    tokens.advantage_T = torch::tensor({1.0f, 1.0f, -1.0f, -1.0f});
    tokens.weight_T = torch::tensor({1.0f, 1.0f, 1.0f, 1.0f});
    tokens.sampler_T = torch::tensor({-0.1f, -500.0f, -0.1f, -500.0f});
    const GrpoLoss loss = grpo_loss(
        tokens,
        {.loss_type = type, .beta = 0.1, .use_bias_correction_kl = true, .importance_sampling_mode = "token_truncate"});
    loss.total.backward();
    EXPECT_TRUE(std::isfinite(loss.total.item<float>()));
    EXPECT_TRUE(tokens.policy_T.grad().isfinite().all().item<bool>());
    EXPECT_DOUBLE_EQ(loss.ratio_max, std::exp(20));
    EXPECT_LE(loss.correction_max, 3);
  }
}

TEST(GrpoLoss, ABrokenLogprobIsNotHidden) {
  GrpoTokens tokens = tokens_of_ratios({1, 1}, {1, 1});
  tokens.policy_T = vector({-1, std::nan("")});
  EXPECT_TRUE(std::isnan(grpo_loss(tokens, {}).total.item<double>()));
}

TEST(GrpoLoss, NoTokensIsZeroAndDifferentiable) {
  const at::Tensor none = at::empty({0}, at::kDouble);
  GrpoTokens tokens;
  tokens.policy_T = none.clone().requires_grad_();
  tokens.old_T = tokens.sampler_T = tokens.reference_T = tokens.advantage_T = tokens.weight_T = none;
  const GrpoLoss loss = grpo_loss(tokens, {.importance_sampling_level = "sequence", .beta = 0.1});
  loss.total.backward();
  EXPECT_EQ(tokens.policy_T.grad().size(0), 0);
  EXPECT_EQ(loss.total.item<double>(), 0);
  EXPECT_EQ(loss.num_tokens, 0);
}

std::string error_of(const GrpoTokens& tokens, const GrpoLossConfig& config) {
  try {
    grpo_loss(tokens, config);
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

TEST(GrpoLoss, RefusesWhatDoesNotFitOrIsMissing) {
  const GrpoTokens fine = tokens_of_every_region();
  EXPECT_EQ(error_of(fine, {}), "");
  GrpoTokens tokens = fine;
  tokens.advantage_T = vector({1, 2});
  EXPECT_EQ(error_of(tokens, {}), "[grpo_loss] advantage: T is 2, but the call has T = 15");
  tokens = fine;
  tokens.reference_T = at::Tensor();
  EXPECT_EQ(error_of(tokens, {.beta = 0.1}), "[grpo_loss] reference: is missing, but beta is above 0");
  EXPECT_EQ(error_of(tokens, {}), "");
  EXPECT_EQ(error_of(fine, {.importance_sampling_mode = "token_mask"}),
            "[grpo_loss] sampler: is missing, but importance_sampling_mode is token_mask");
  EXPECT_EQ(error_of(fine, {.entropy_coef = 0.1}), "[grpo_loss] entropy: is missing, but entropy_coef is above 0");
  const std::string no_offsets =
      "[grpo_loss] offsets: must rise from 0 to T = 15; they may be left out only where nothing is per sequence";
  EXPECT_EQ(error_of(fine, {.importance_sampling_level = "sequence"}), no_offsets);
  EXPECT_EQ(error_of(fine, {.off_policy_mask_threshold = 0.1}), no_offsets);
  for (const std::vector<int64_t>& offsets : {std::vector<int64_t>{0, 9}, {1, 15}, {0, 9, 8, 15}}) {
    tokens = fine;
    tokens.offsets = offsets;
    EXPECT_EQ(error_of(tokens, {.importance_sampling_level = "sequence"}), no_offsets);
  }
  EXPECT_EQ(error_of(fine, {.loss_type = "ppo"}),
            "loss_type: `ppo` is none; use grpo, bnpo, dr_grpo, dapo, cispo or sapo");
  EXPECT_THROW(grpo_loss(fine, {.importance_sampling_level = "word"}), ConfigError);
  EXPECT_THROW(grpo_loss(fine, {.kl_estimator = "k4"}), ConfigError);
  EXPECT_THROW(grpo_loss(fine, {.importance_sampling_mode = "token"}), ConfigError);
}

TEST(Contradictions, OptionsThatMeanNothingTogetherAreRefused) {
  const auto keys_of = [](const GrpoLossConfig& config) {
    std::string keys;
    for (const ConfigFinding& finding : contradictions(config)) {
      keys += (keys.empty() ? "" : " ") + finding.key;
      EXPECT_FALSE(finding.sentence.empty());
    }
    return keys;
  };
  EXPECT_EQ(keys_of({}), "");
  EXPECT_EQ(keys_of({.loss_type = "cispo"}), "");
  EXPECT_EQ(keys_of({.loss_type = "cispo", .epsilon_high = 0.28}), "epsilon_high");
  EXPECT_EQ(keys_of({.loss_type = "sapo", .epsilon_high = 0.28}), "epsilon_high");
  EXPECT_EQ(keys_of({.loss_type = "cispo", .delta = 3}), "delta");
  EXPECT_EQ(keys_of({.epsilon_high = 0.28, .delta = 1.25}), "delta");
  EXPECT_EQ(keys_of({.epsilon_high = 0.28, .delta = 1.5}), "");
  EXPECT_EQ(keys_of({.epsilon = 10, .delta = 4}), "delta");
  EXPECT_EQ(keys_of({.use_bias_correction_kl = true}), "use_bias_correction_kl");
  EXPECT_EQ(keys_of({.beta = 0.1, .use_bias_correction_kl = true}), "");
  EXPECT_EQ(keys_of({.beta = 0.1, .kl_estimator = "k1"}), "kl_estimator");
  EXPECT_EQ(keys_of({.beta = 0.1, .kl_estimator = "k1", .use_bias_correction_kl = true}), "");
  EXPECT_EQ(keys_of({.kl_estimator = "k1"}), "");
  EXPECT_EQ(keys_of({.importance_sampling_clip_min = 0.5}), "importance_sampling_clip_min");
  const auto bounds = [&](double low, double high) {
    return keys_of({.importance_sampling_mode = "token_mask",
                    .importance_sampling_clip_max = high,
                    .importance_sampling_clip_min = low});
  };
  EXPECT_EQ(bounds(0.5, 2), "");
  EXPECT_EQ(bounds(2, 2), "importance_sampling_clip_min");
  EXPECT_EQ(bounds(1.5, 2), "importance_sampling_clip_min");
  EXPECT_EQ(bounds(0.5, 0.9), "importance_sampling_clip_max");
  EXPECT_EQ(keys_of({.importance_sampling_level = "sequence"}), "") << "TRL only warns";
  // All findings at once.
  EXPECT_EQ(keys_of({.delta = 1.1, .use_bias_correction_kl = true}), "delta use_bias_correction_kl");
}

TEST(SequenceWeights, FollowTheLossType) {
  const std::vector<int64_t> lengths = {2, 8};
  for (const auto* type : {"grpo", "sapo"}) {
    EXPECT_EQ(sequence_weights(type, lengths, 16), (std::vector<double>{0.25, 0.0625})) << type;
    EXPECT_EQ(sequence_weights(type, {0, 4}, 16), (std::vector<double>{1, 0.125})) << "counted in N";
  }
  for (const auto* type : {"dapo", "bnpo", "cispo"}) {
    EXPECT_EQ(sequence_weights(type, lengths, 16), (std::vector<double>{0.1, 0.1})) << type;
  }
  EXPECT_EQ(sequence_weights("dr_grpo", lengths, 16), (std::vector<double>{1.0 / 32, 1.0 / 32}));
  EXPECT_TRUE(sequence_weights("dapo", {}, 16).empty());
  EXPECT_THROW(sequence_weights("ppo", lengths, 16), ConfigError);
}

TEST(TopEntropyMask, KeepsTheShareOfTheHighest) {
  const at::Tensor entropy = vector({0.3, 0.1, 0.5, 0.2, 0.4});
  const auto kept = [&](double quantile) {
    const at::Tensor mask = top_entropy_mask(entropy, quantile);
    std::string kept;
    for (int64_t t = 0; t < mask.size(0); ++t) kept += mask[t].item<double>() == 1 ? "1" : "0";
    return kept;
  };
  EXPECT_EQ(kept(1), "11111");
  EXPECT_EQ(kept(0), "00100");
  EXPECT_EQ(kept(0.5), "10101");  // the median, 0.3, and above
  EXPECT_EQ(kept(0.6), "10101");  // 0.4 quantile 0.26
  EXPECT_EQ(kept(0.2), "00100");  // 0.8 quantile 0.42
  EXPECT_EQ(kept(0.25), "00101");
  EXPECT_TRUE(at::equal(top_entropy_mask(torch::tensor({1.0f, 1.0f}), 0), torch::tensor({1.0f, 1.0f}))) << "ties stay";
  EXPECT_EQ(top_entropy_mask(at::empty({0}, at::kDouble), 0.5).size(0), 0);
  EXPECT_THROW(top_entropy_mask(entropy, 1.5), ShapeError);
}

}  // namespace
}  // namespace aha::objective::grpo_loss_test
