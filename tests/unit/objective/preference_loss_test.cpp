// Losses of reward models and DPO against numbers worked by hand, and their slopes against formulas of their own.
#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/generated/variable_factories.h>

#include "aha/objective/preference_loss.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>

#include "aha/core/error.h"

namespace aha::objective::preference_loss_test {
namespace {

at::Tensor numbers(std::vector<double> values) { return torch::tensor(values, at::kDouble); }
at::Tensor leaf(std::vector<double> values) { return numbers(std::move(values)).requires_grad_(true); }

void expect_values(const at::Tensor& actual, const std::vector<double>& expected, double tolerance = 1e-12) {
  ASSERT_EQ(actual.numel(), static_cast<int64_t>(expected.size()));
  for (size_t i = 0; i < expected.size(); ++i) {
    EXPECT_NEAR(actual[static_cast<int64_t>(i)].item<double>(), expected[i], tolerance) << i;
  }
}

at::Tensor slope(const at::Tensor& loss_P, const at::Tensor& value_P) {
  return torch::autograd::grad({loss_P.sum()}, {value_P})[0];
}

double sigma(double x) { return 1 / (1 + std::exp(-x)); }

TEST(PairwiseLoss, WorkedByHand) {
  // A lead of 1: log(1 + e^-1). With a margin of 0.5 a lead of 0.5 counts. (2 + 1)² / 100 is what centring adds.
  const at::Tensor chosen = numbers({2, 1}), rejected = numbers({1, 2});
  expect_values(pairwise_loss(chosen, rejected), {0.31326168751822286, 1.31326168751822286});
  expect_values(pairwise_loss(chosen, rejected, numbers({0.5, -0.5})), {0.4740769841801067, 0.9740769841801067});
  expect_values(pairwise_loss(chosen, rejected, {}, 0.01), {0.40326168751822286, 1.40326168751822286});
}

TEST(PairwiseLoss, SlopeIsThatOfItsFormula) {
  const std::vector<double> c = {0.3, -1.2, 4, 0}, r = {0.1, 2, -3, 0}, m = {0, 1, -0.5, 2};
  const at::Tensor chosen = leaf(c), rejected = leaf(r);
  const at::Tensor loss = pairwise_loss(chosen, rejected, numbers(m), 0.1);
  std::vector<double> of_chosen, of_rejected;
  for (size_t i = 0; i < c.size(); ++i) {
    const double push = sigma(-(c[i] - r[i] - m[i])), centre = 0.2 * (c[i] + r[i]);
    of_chosen.push_back(-push + centre);
    of_rejected.push_back(push + centre);
  }
  expect_values(slope(loss, chosen), of_chosen);
  expect_values(slope(pairwise_loss(chosen, rejected, numbers(m), 0.1), rejected), of_rejected);
}

TEST(PointwiseLoss, WorkedByHand) {
  // log(1 + e^-0.4) if it is good, 0.4 more if it is bad, and between them where a quarter says good.
  expect_values(pointwise_loss(numbers({0.4, 0.4, 0.4}), numbers({1, 0, 0.25})),
                {0.5130152523999526, 0.9130152523999526, 0.8130152523999526});
  const at::Tensor reward = leaf({-2, 0, 3});
  expect_values(slope(pointwise_loss(reward, numbers({1, 0, 0.25})), reward), {sigma(-2) - 1, 0.5, sigma(3) - 0.25});
}

TEST(PreferenceLosses, StayFiniteAndExactFarOut) {
  const at::Tensor far = leaf({1000, -1000, 40}), none = numbers({0, 0, 0});
  // At a lead of 40 the loss is e^-40, which log(1 + e^-x) written out would lose.
  expect_values(pairwise_loss(far, none), {0, 1000, std::exp(-40.0)}, 1e-30);
  expect_values(slope(pairwise_loss(far, none), far), {0, -1, -std::exp(-40.0)}, 1e-30);
  expect_values(pointwise_loss(far, none), {1000, 0, 40}, 1e-12);
  expect_values(slope(pointwise_loss(far, none), far), {1, 0, 1}, 1e-12);
  for (const double flipped : {0.0, 0.2}) {
    const DpoLossConfig config{.beta = 1, .label_smoothing = flipped};
    const at::Tensor loss = dpo_loss({far, none, none, none}, config);
    EXPECT_TRUE(loss.isfinite().all().item<bool>());
    EXPECT_TRUE(slope(loss, far).isfinite().all().item<bool>());
  }
}

TEST(DpoLoss, WorkedByHand) {
  // Log-ratios 1 and -0.5: z = 0.1 · 1.5; log(1 + e^-0.15). Robust at 0.1: (0.9 · that - 0.1 · (that + 0.15)) / 0.8.
  const PairLogprobs pairs{numbers({-5}), numbers({-7}), numbers({-6}), numbers({-6.5})};
  expect_values(dpo_loss(pairs, {}), {0.6209570477895321});
  expect_values(dpo_loss(pairs, {.label_smoothing = 0.1}), {0.602207047789532});
  expect_values(implicit_reward(pairs.chosen_P, pairs.reference_chosen_P, {.beta = 0.3}), {0.3});
}

TEST(DpoLoss, SlopeIsThatOfItsFormula) {
  const std::vector<double> c = {-3, -10, -0.5}, r = {-4, -6, -9}, rc = {-3.5, -8, -1}, rr = {-3, -7, -9};
  for (const double flipped : {0.0, 0.3}) {
    const DpoLossConfig config{.beta = 0.7, .label_smoothing = flipped};
    const at::Tensor chosen = leaf(c), rejected = leaf(r), reference = leaf(rc);
    const at::Tensor loss = dpo_loss({chosen, rejected, reference, numbers(rr)}, config);
    std::vector<double> expected, opposite;
    for (size_t i = 0; i < c.size(); ++i) {
      const double z = 0.7 * ((c[i] - rc[i]) - (r[i] - rr[i]));
      expected.push_back(-0.7 * ((1 - flipped) * sigma(-z) + flipped * sigma(z)) / (1 - 2 * flipped));
      opposite.push_back(-expected.back());
    }
    const auto slopes =
        torch::autograd::grad({loss.sum()}, {chosen, rejected, reference}, {}, false, false, /*allow_unused=*/true);
    expect_values(slopes[0], expected);
    expect_values(slopes[1], opposite);
    EXPECT_FALSE(slopes[2].defined());
  }
}

TEST(PreferenceLosses, NameTheTensorThatDoesNotFit) {
  const at::Tensor two = numbers({1, 2}), three = numbers({1, 2, 3});
  const auto refusal = [](const std::function<void()>& action) -> std::string {
    try {
      action();
    } catch (const ShapeError& error) {
      return error.what();
    }
    return "";
  };
  EXPECT_EQ(refusal([&] { pairwise_loss(two, three); }), "[pairwise_loss] rejected: P is 3, but chosen has P = 2");
  EXPECT_EQ(refusal([&] { pointwise_loss(two, three); }), "[pointwise_loss] label: N is 3, but reward has N = 2");
  EXPECT_EQ(refusal([&] {
              dpo_loss({two, two, three, two}, {});
            }),
            "[implicit_reward] reference: P is 3, but policy has P = 2");
}

}  // namespace
}  // namespace aha::objective::preference_loss_test
