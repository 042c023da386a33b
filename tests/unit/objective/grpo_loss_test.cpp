// The GRPO loss against sums worked by hand, finite differences and REINFORCE.
#include <ATen/ops/allclose.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/ones_like.h>
#include <ATen/ops/zeros_like.h>
#include <torch/csrc/autograd/generated/variable_factories.h>

#include "aha/objective/grpo_loss.h"

#include <gtest/gtest.h>

#include <cmath>

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

TEST(GrpoLoss, SplittingTheTokensSplitsTheSum) {
  const GrpoTokens whole = tokens_of_every_region();
  const GrpoLossConfig config{.epsilon = 0.2, .epsilon_high = 0.28, .beta = 0.04};
  const auto part = [&](int64_t from, int64_t to) {
    const auto cut = [&](const at::Tensor& x) { return x.detach().slice(0, from, to).clone(); };
    return grpo_loss({.policy_T = cut(whole.policy_T),
                      .old_T = cut(whole.old_T),
                      .reference_T = cut(whole.reference_T),
                      .advantage_T = cut(whole.advantage_T),
                      .weight_T = cut(whole.weight_T)},
                     config);
  };
  const GrpoLoss all = grpo_loss(whole, config), left = part(0, 6), right = part(6, 15);
  EXPECT_NEAR(all.total.item<double>(), (left.total + right.total).item<double>(), 1e-12);
  EXPECT_NEAR(all.kl_sum, left.kl_sum + right.kl_sum, 1e-12);
  EXPECT_EQ(all.num_tokens, left.num_tokens + right.num_tokens);
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

TEST(GrpoLoss, MaskedTokensCannotPoisonTheSum) {
  GrpoTokens tokens;
  tokens.policy_T = torch::tensor({-1.0f, -0.1f}).requires_grad_();
  tokens.old_T = torch::tensor({-1.0f, -500.0f});  // a ratio of e^499.9
  tokens.advantage_T = torch::tensor({1.0f, -1.0f});
  tokens.weight_T = torch::tensor({1.0f, 0.0f});
  const GrpoLoss loss = grpo_loss(tokens, {});
  loss.total.backward();
  EXPECT_EQ(loss.total.item<double>(), -1.0);
  EXPECT_TRUE(at::equal(tokens.policy_T.grad(), torch::tensor({-1.0f, 0.0f})));
  EXPECT_EQ(loss.num_tokens, 1);
  EXPECT_EQ(loss.ratio_max, 1);
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

TEST(GrpoLoss, RefusesWrongShapesAndAMissingReference) {
  GrpoTokens tokens = tokens_of_every_region();
  tokens.advantage_T = vector({1, 2});
  EXPECT_THROW(grpo_loss(tokens, {}), ShapeError);
  tokens = tokens_of_every_region();
  tokens.reference_T = at::Tensor();
  EXPECT_THROW(grpo_loss(tokens, {.epsilon = 0.2, .epsilon_high = {}, .beta = 0.1}), ShapeError);
  EXPECT_NO_THROW(grpo_loss(tokens, {}));
}

TEST(SequenceWeights, FollowTheLossType) {
  const std::vector<int64_t> lengths = {2, 8};
  EXPECT_EQ(sequence_weights("grpo", lengths, 16), (std::vector<double>{0.25, 0.0625}));
  EXPECT_EQ(sequence_weights("dapo", lengths, 16), (std::vector<double>{0.1, 0.1}));
  EXPECT_EQ(sequence_weights("bnpo", lengths, 16), (std::vector<double>{0.1, 0.1}));
  EXPECT_EQ(sequence_weights("dr_grpo", lengths, 16), (std::vector<double>{1.0 / 32, 1.0 / 32}));
  EXPECT_THROW(sequence_weights("ppo", lengths, 16), ConfigError);
}

}  // namespace
}  // namespace aha::objective::grpo_loss_test
