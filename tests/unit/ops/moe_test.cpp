// Router, experts and balance loss against numbers worked by hand, plain tensor operations and finite differences.
#include <ATen/Context.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/cos.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/full.h>
#include <ATen/ops/mv.h>
#include <ATen/ops/randint.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/silu.h>
#include <ATen/ops/softmax.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/zeros.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/generated/variable_factories.h>

#include "aha/ops/moe.h"

#include <gtest/gtest.h>

#include <cmath>

#include "aha/core/error.h"
#include "support/gradient_check.h"

namespace aha::ops::moe_test {
namespace {

using at::Tensor;

Tensor wave(const Tensor& like) {
  return at::cos(at::arange(like.numel(), at::kDouble)).view(like.sizes()).to(like.dtype());
}

double largest_difference(const Tensor& a, const Tensor& b) {
  return (a.to(at::kDouble) - b.to(at::kDouble)).abs().max().item<double>();
}

double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }

TEST(Route, ChoosesWithTheBiasAndWeighsWithoutIt) {
  const Tensor logits = torch::tensor({{2.0, 1.0, 0.0}, {0.0, 0.0, 0.0}}, at::kDouble);
  const Tensor bias = torch::tensor({-0.5f, 0.0f, 0.0f});
  const Routing routing = route(logits, bias, {3, 2, 1, 1, true, 2.5});
  // Token 0: biased scores .381 .731 .500; token 1: -0.0 .5 .5, the tie goes to the lower index.
  EXPECT_TRUE(at::equal(routing.expert_TK, torch::tensor({{1, 2}, {1, 2}}, at::kInt)));
  EXPECT_TRUE(at::equal(routing.count_E, torch::tensor({0, 2, 2}, at::kLong)));
  const double a = sigmoid(1), b = 0.5;
  EXPECT_NEAR(routing.weight_TK[0][0].item<double>(), 2.5 * a / (a + b), 1e-12);
  EXPECT_NEAR(routing.weight_TK[1][1].item<double>(), 1.25, 1e-12);
  EXPECT_NEAR(routing.score_TE[0][0].item<double>(), sigmoid(2), 1e-12);
}

TEST(Route, KeepsTheGroupsWithTheLargestSumOfTwo) {
  // Groups {0,1} {2,3} {4,5}: the best single score is in the group whose pair is weakest.
  const Tensor logits = torch::tensor({{4.0, -6.0, 1.0, 0.9, 0.8, 0.7}}, at::kDouble);
  const Routing routing = route(logits, at::zeros({6}), {6, 3, 3, 2, false, 1.0});
  EXPECT_TRUE(at::equal(routing.expert_TK, torch::tensor({{2, 3, 4}}, at::kInt)));
  EXPECT_NEAR(routing.weight_TK[0][2].item<double>(), sigmoid(0.8), 1e-12);
}

TEST(Route, KeepsOpenGroupsAheadOfMaskedOnesWhenScoresAreNegative) {
  // Biases push every biased score below zero: a mask of 0 would choose from the closed group.
  const Tensor logits = torch::tensor({{1.0, 1.0, -1.0, -1.0}}, at::kDouble);
  const Routing routing = route(logits, at::full({4}, -2.0f), {4, 2, 2, 1, true, 1.0});
  EXPECT_TRUE(at::equal(routing.expert_TK, torch::tensor({{0, 1}}, at::kInt)));
}

TEST(Route, SoftmaxWeighsWithTheProbabilitiesAndNeedsNoBias) {
  const Tensor logits = torch::tensor({{1.0, 4.0, 2.0, 3.0}, {5.0, 1.0, 1.0, 3.0}}, at::kDouble).log();
  RouterShape shape{4, 2, 1, 1, false, 16.0, RouterScore::kSoftmax, GroupRank::kBest};
  const Routing raw = route(logits, {}, shape);
  EXPECT_TRUE(at::equal(raw.expert_TK, torch::tensor({{1, 3}, {0, 3}}, at::kInt)));
  EXPECT_TRUE(at::equal(raw.count_E, torch::tensor({1, 1, 0, 2}, at::kLong)));
  EXPECT_LE(largest_difference(raw.score_TE, at::softmax(logits, 1)), 1e-15);
  EXPECT_LE(largest_difference(raw.weight_TK, torch::tensor({{6.4, 4.8}, {8.0, 4.8}}, at::kDouble)), 1e-14);
  shape.normalize = true, shape.scaling = 1;
  const Tensor shares = torch::tensor({{4.0 / 7, 3.0 / 7}, {5.0 / 8, 3.0 / 8}}, at::kDouble);
  EXPECT_LE(largest_difference(route(logits, {}, shape).weight_TK, shares), 1e-15);
}

TEST(Route, SoftmaxGradientsMatchPlainTensorOperations) {
  at::manual_seed(2);
  for (const bool normalize : {true, false}) {
    SCOPED_TRACE(normalize);
    const RouterShape shape{24, 3, 4, 2, normalize, 2.446, RouterScore::kSoftmax, GroupRank::kBest};
    const Tensor start = at::randn({30, 24});
    const Tensor exact = start.to(at::kDouble).requires_grad_(true), rounded = start.clone().requires_grad_(true);
    const Routing mine = route(rounded, {}, shape);
    const Tensor score = at::softmax(exact, 1);
    Tensor weight = score.gather(1, mine.expert_TK.to(at::kLong));
    if (normalize) weight = weight / weight.sum(1, true);
    const auto loss = [&](const Tensor& score_TE, const Tensor& weight_TK) {
      return (weight_TK * wave(weight_TK)).sum() + balance_loss(score_TE, mine.expert_TK, {0, 13, 30});
    };
    const Tensor expected = torch::autograd::grad({loss(score, weight * 2.446)}, {exact})[0];
    const Tensor gradient = torch::autograd::grad({loss(mine.score_TE, mine.weight_TK)}, {rounded})[0];
    EXPECT_LE(largest_difference(gradient, expected), 2e-6 * expected.abs().max().item<double>());
  }
}

TEST(Route, SoftmaxGradientsMatchFiniteDifferences) {
  for (const bool normalize : {true, false}) {
    SCOPED_TRACE(normalize);
    at::manual_seed(1);
    const RouterShape shape{8, 3, 2, 1, normalize, 2.446, RouterScore::kSoftmax, GroupRank::kBest};
    Tensor logits = at::randn({6, 8}, at::kDouble).requires_grad_(true);
    const Tensor chosen = route(logits, {}, shape).expert_TK;
    bool same_route = true;
    const tests::Loss loss = [&] {
      const Routing routing = route(logits, {}, shape);
      same_route = at::equal(routing.expert_TK, chosen);
      return (routing.weight_TK * wave(routing.weight_TK)).sum() + (routing.score_TE * wave(routing.score_TE)).sum();
    };
    tests::expect_gradients(loss, {{"logits", logits}}, 1e-8,
                            {.points = 48, .still_smooth = [&] { return same_route; }});
  }
}

// Scores .75 .5 .25 (sigmoid of ln 3, 0, -ln 3); the record takes the last and the first, twice their share.
TEST(Route, ReplaysARecordWorkedByHand) {
  const double third = std::log(3.0);
  const Tensor logits = torch::tensor({{third, 0.0, -third}, {third, 0.0, -third}}, at::kDouble).requires_grad_(true);
  const Tensor record = torch::tensor({{2, 0}, {-1, -1}}, at::kInt);
  const Routing routing = route(logits, torch::tensor({-9.0f, 0.0f, 9.0f}), {3, 2, 1, 1, true, 2.0}, record);
  EXPECT_TRUE(at::equal(routing.expert_TK, torch::tensor({{2, 0}, {2, 1}}, at::kInt)));
  EXPECT_TRUE(at::equal(routing.count_E, torch::tensor({1, 1, 2}, at::kLong)));
  const Tensor expected = torch::tensor({{0.5, 1.5}, {2.0 / 3, 4.0 / 3}}, at::kDouble);
  EXPECT_LE(largest_difference(routing.weight_TK.detach(), expected), 1e-15);
  // d(2b / (a + b))/db = 2a / (a + b)², times b (1 - b): a = .25, b = .75.
  const Tensor slope = torch::autograd::grad({routing.weight_TK[0][1]}, {logits})[0];
  const Tensor by_hand = torch::tensor({{0.5 * 0.1875, 0.0, -1.5 * 0.1875}, {0.0, 0.0, 0.0}}, at::kDouble);
  EXPECT_LE(largest_difference(slope, by_hand), 1e-15);
}

TEST(Route, ARowHasTheBitsItHasAloneAndNoTokensAreFine) {
  const RouterShape shape{64, 6, 1, 1, true, 1.0, RouterScore::kSoftmax};
  const Tensor logits = at::randn({20, 64});
  const Routing all = route(logits, {}, shape), alone = route(logits.narrow(0, 7, 1), {}, shape);
  EXPECT_TRUE(at::equal(alone.weight_TK, all.weight_TK.narrow(0, 7, 1)));
  EXPECT_TRUE(at::equal(alone.score_TE, all.score_TE.narrow(0, 7, 1)));
  const Routing none = route(at::zeros({0, 64}), {}, shape);
  EXPECT_EQ(none.weight_TK.size(0), 0);
  EXPECT_EQ(none.count_E.sum().item<int64_t>(), 0);
}

TEST(Route, GradientsMatchFiniteDifferences) {
  for (const bool normalize : {true, false}) {
    SCOPED_TRACE(normalize);
    at::manual_seed(1);
    const RouterShape shape{8, 3, 2, 1, normalize, 2.446};
    Tensor logits = at::randn({6, 8}, at::kDouble).requires_grad_(true);
    const Tensor bias = at::randn({8}) * 0.1;
    const Tensor chosen = route(logits, bias, shape).expert_TK;
    bool same_route = true;
    const tests::Loss loss = [&] {
      const Routing routing = route(logits, bias, shape);
      same_route = at::equal(routing.expert_TK, chosen);
      return (routing.weight_TK * wave(routing.weight_TK)).sum() + (routing.score_TE * wave(routing.score_TE)).sum();
    };
    tests::expect_gradients(loss, {{"logits", logits}}, 1e-8,
                            {.points = 48, .still_smooth = [&] { return same_route; }});
    // The score alone, then the weight alone: an absent gradient counts as zero.
    EXPECT_TRUE(torch::autograd::grad({route(logits, bias, shape).score_TE.sum()}, {logits})[0].defined());
    EXPECT_TRUE(torch::autograd::grad({route(logits, bias, shape).weight_TK.sum()}, {logits})[0].defined());
  }
}

struct ExpertsCase {
  Tensor x, expert, weight, gate_up, down;
  Tensor run() const { return experts(x, expert, weight, gate_up, down); }
  ExpertsCase to(at::ScalarType dtype) const {
    const auto cast = [&](const Tensor& t) { return t.detach().to(dtype).requires_grad_(true); };
    return {cast(x), expert, cast(weight), cast(gate_up), cast(down)};
  }
  std::vector<Tensor> gradients(const Tensor& out) const {
    return torch::autograd::grad({(out * wave(out)).sum()}, {x, weight, gate_up, down});
  }
};

/// Six experts of which two take no token.
ExpertsCase make_case(int64_t num_tokens, int64_t width, int64_t intermediate, uint64_t seed) {
  at::manual_seed(seed);
  const auto random = [](at::IntArrayRef shape) { return at::randn(shape).to(at::kDouble).requires_grad_(true); };
  const Tensor first = at::randint(0, 2, {num_tokens, 1}, at::kInt);
  const Tensor second = at::randint(3, 5, {num_tokens, 1}, at::kInt);
  return {random({num_tokens, width}), at::cat({second, first}, 1), random({num_tokens, 2}),
          random({6, 2 * intermediate, width}), random({6, width, intermediate})};
}

Tensor reference(const ExpertsCase& c) {
  std::vector<Tensor> rows;
  const int64_t intermediate = c.down.size(2);
  for (int64_t t = 0; t < c.x.size(0); ++t) {
    Tensor row = at::zeros({c.x.size(1)}, at::kDouble);
    for (int64_t k = 0; k < c.expert.size(1); ++k) {
      const int64_t e = c.expert[t][k].item<int64_t>();
      const Tensor hidden = at::mv(c.gate_up[e], c.x[t]);
      const Tensor activation =
          at::silu(hidden.narrow(0, 0, intermediate)) * hidden.narrow(0, intermediate, intermediate);
      row = row + c.weight[t][k] * at::mv(c.down[e], activation);
    }
    rows.push_back(row);
  }
  return at::stack(rows);
}

TEST(Experts, MatchPlainTensorOperationsInBothPrecisions) {
  const ExpertsCase c = make_case(37, 24, 17, 2);
  const Tensor expected = reference(c);
  const auto expected_gradients = c.gradients(expected);
  for (const auto& [dtype, tolerance] : {std::pair{at::kDouble, 1e-12}, {at::kFloat, 1e-4}}) {
    const ExpertsCase mine = c.to(dtype);
    const Tensor out = mine.run();
    EXPECT_LE(largest_difference(out, expected), tolerance * expected.abs().max().item<double>());
    const auto gradients = mine.gradients(out);
    for (size_t i = 0; i < gradients.size(); ++i) {
      SCOPED_TRACE(i);
      const double scale = expected_gradients[i].abs().max().item<double>();
      EXPECT_LE(largest_difference(gradients[i], expected_gradients[i]), tolerance * scale);
    }
    EXPECT_EQ(gradients[2][2].abs().max().item<double>(), 0) << "expert 2 has no tokens";
    EXPECT_EQ(gradients[3][5].abs().max().item<double>(), 0) << "expert 5 has no tokens";
  }
}

TEST(Experts, GradientsMatchFiniteDifferences) {
  const ExpertsCase c = make_case(5, 4, 3, 3);
  const tests::Loss loss = [&] {
    const Tensor out = c.run();
    return (out * wave(out)).sum();
  };
  tests::expect_gradients(loss, {{"x", c.x}, {"weight", c.weight}, {"gate_up", c.gate_up}, {"down", c.down}}, 1e-8,
                          {.points = 80});
}

TEST(Experts, ARowHasTheSameBitsInAnyCompany) {
  const ExpertsCase c = make_case(50, 32, 24, 4).to(at::kFloat);
  const Tensor all = c.run();
  EXPECT_TRUE(at::equal(all, c.run()));
  const Tensor pick = torch::tensor({31, 4, 17}, at::kLong);
  const auto rows = [&](const Tensor& t) { return t.index_select(0, pick); };
  const Tensor few = experts(rows(c.x), rows(c.expert), rows(c.weight), c.gate_up, c.down);
  EXPECT_TRUE(at::equal(few, rows(all)));
  const auto once = c.gradients(all), twice = c.gradients(c.run());
  for (size_t i = 0; i < once.size(); ++i) EXPECT_TRUE(at::equal(once[i], twice[i])) << i;
}

TEST(Experts, TakeNoTokensAndRefuseAnExpertThatIsNotThere) {
  const ExpertsCase none = make_case(0, 4, 3, 5);
  EXPECT_EQ(none.run().size(0), 0);
  ExpertsCase wrong = make_case(2, 4, 3, 6);
  wrong.expert = torch::tensor({{0, 1}, {2, 6}}, at::kInt);
  EXPECT_THROW(wrong.run(), ShapeError);
}

TEST(BalanceLoss, TwoSequencesWorkedByHand) {
  // Two experts, one each token. Sequence 0: both tokens on expert 0: f = (2, 0); P_0 = (.75 + .5) / 2.
  // Sequence 1: one token on expert 1: f = (0, 2), P_1 = .8.
  const Tensor score = torch::tensor({{0.6, 0.2}, {0.4, 0.4}, {0.1, 0.4}}, at::kDouble);
  const Tensor expert = torch::tensor({{0}, {0}, {1}}, at::kInt);
  EXPECT_NEAR(balance_loss(score, expert, {0, 2, 3}).item<double>(), (2 * 0.625 + 2 * 0.8) / 2, 1e-12);
  EXPECT_NEAR(balance_loss(score, expert, {0, 2, 2, 3}).item<double>(), (2 * 0.625 + 2 * 0.8) / 2, 1e-12);
}

TEST(BalanceLoss, IsOneForEvenLoadAndDifferentiable) {
  Tensor score = at::full({4, 4}, 0.3, at::kDouble).requires_grad_(true);
  const Tensor expert = torch::tensor({{0, 1}, {2, 3}, {1, 0}, {3, 2}}, at::kInt);
  EXPECT_NEAR(balance_loss(score, expert, {0, 4}).item<double>(), 1, 1e-12);
  tests::expect_gradients(
      [&] {
        return balance_loss(score * wave(score).exp(), expert, {0, 1, 4});
      },
      {{"score", score}}, 1e-8, {.points = 16});
}

}  // namespace
}  // namespace aha::ops::moe_test
