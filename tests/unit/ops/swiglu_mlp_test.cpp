#include <ATen/ops/mm.h>
#include <ATen/ops/silu.h>
#include <ATen/ops/zeros.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/generated/variable_factories.h>

#include "aha/ops/swiglu_mlp.h"

#include <gtest/gtest.h>

#include <cmath>

#include "aha/ops/linear.h"
#include "support/gradient_check.h"
#include "unit/ops/random_tensor.h"

namespace aha::ops::swiglu_mlp_test {
namespace {

using namespace aha::tests;

at::Tensor plain(const at::Tensor& x, const at::Tensor& gate_up, const at::Tensor& down) {
  const auto halves = at::mm(x, gate_up.t()).chunk(2, 1);
  return at::mm(at::silu(halves[0]) * halves[1], down.t());
}

// With 600 tokens through several chunks.
class SwigluMlpTokens : public testing::TestWithParam<int64_t> {};

TEST_P(SwigluMlpTokens, MatchesTorchInFloat64WithItsGradients) {
  const int64_t tokens = GetParam();
  const at::Tensor inputs[] = {normal_float({tokens, 24}, 1), normal_float({66, 24}, 2), normal_float({24, 33}, 3)};
  std::vector<at::Tensor> ours, exact;
  for (const auto& input : inputs) {
    ours.push_back(input.clone().requires_grad_(true));
    exact.push_back(input.to(at::kDouble).requires_grad_(true));
  }
  const auto y = swiglu_mlp(ours[0], ours[1], ours[2]), z = plain(exact[0], exact[1], exact[2]);
  EXPECT_LE(relative_error(y, z.detach()), 1e-6);
  const auto factor = normal_float({tokens, 24}, 4);
  (y * factor).sum().backward();
  (z * factor).sum().backward();
  for (int i = 0; i < 3; ++i) EXPECT_LE(relative_error(ours[i].grad(), exact[i].grad()), 2e-6) << i;
}

INSTANTIATE_TEST_SUITE_P(Chunks, SwigluMlpTokens, testing::Values(1, 37, 256, 600));

TEST(SwigluMlp, GradientsMatchFiniteDifferences) {
  const auto x = variable({4, 5}, 1), gate_up = variable({6, 5}, 2), down = variable({5, 3}, 3);
  expect_gradients([&] { return swiglu_mlp(x, gate_up, down).sin().sum(); },
                   {{"x", x}, {"gate_up", gate_up}, {"down", down}}, 1e-6);
}

TEST(SwigluMlp, ARowHasTheBitsItHasAlone) {
  const auto x = normal_float({30, 16}, 1), gate_up = normal_float({40, 16}, 2), down = normal_float({16, 20}, 3);
  const auto all = swiglu_mlp(x, gate_up, down);
  for (int64_t t = 0; t < 30; ++t)
    ASSERT_TRUE(same_bits(swiglu_mlp(x.slice(0, t, t + 1), gate_up, down), all.slice(0, t, t + 1)));
}

TEST(SwigluMlp, TheGradientOfOneInputIsTheSameWithoutTheOthers) {
  const at::Tensor inputs[] = {variable({4, 5}, 1), variable({6, 5}, 2), variable({5, 3}, 3)};
  const auto all =
      torch::autograd::grad({swiglu_mlp(inputs[0], inputs[1], inputs[2]).sum()}, {inputs[0], inputs[1], inputs[2]});
  for (int i = 0; i < 3; ++i) {
    at::Tensor only[] = {inputs[0].detach(), inputs[1].detach(), inputs[2].detach()};
    only[i] = inputs[i];
    const auto one = torch::autograd::grad({swiglu_mlp(only[0], only[1], only[2]).sum()}, {inputs[i]});
    EXPECT_TRUE(same_bits(one[0], all[i])) << i;
  }
}

TEST(SwigluMlp, NoTokens) {
  const auto x = variable({0, 5}, 1), gate_up = variable({6, 5}, 2), down = variable({5, 3}, 3);
  const auto y = swiglu_mlp(x, gate_up, down);
  EXPECT_EQ(y.sizes(), (std::vector<int64_t>{0, 5}));
  y.sum().backward();
  EXPECT_TRUE(same_bits(gate_up.grad(), at::zeros({6, 5}, at::kDouble)));
}

TEST(Swiglu, WorkedByHand) {
  // silu(0) = 0; silu(ln 3) = ln 3 · 3/4.
  const double gate = std::log(3.0);
  const auto hidden = torch::tensor({{0.0, gate, 5.0, 4.0}}, at::kDouble);
  EXPECT_LE(relative_error(swiglu(hidden), torch::tensor({{0.0, 3 * gate}}, at::kDouble)), 1e-15);
}

TEST(Swiglu, GradientsMatchFiniteDifferences) {
  const auto hidden = variable({7, 10}, 1);
  expect_gradients([&] { return swiglu(hidden).sin().sum(); }, {{"hidden", hidden}}, 1e-6, {.points = 70});
}

TEST(Swiglu, BetweenTwoProductsHasTheBitsOfTheWholeBlock) {
  for (const int64_t tokens : {1, 600}) {
    SCOPED_TRACE(tokens);
    std::vector<at::Tensor> parts = {normal_float({tokens, 24}, 1), normal_float({66, 24}, 2),
                                     normal_float({24, 33}, 3)};
    for (auto& part : parts) part.requires_grad_(true);
    const auto whole = swiglu_mlp(parts[0], parts[1], parts[2]);
    const auto pieces = ops::linear(swiglu(ops::linear(parts[0], parts[1])), parts[2]);
    EXPECT_TRUE(same_bits(whole, pieces));
    const auto upstream = normal_float({tokens, 24}, 4);
    const auto ours = torch::autograd::grad({whole}, parts, {upstream});
    const auto theirs = torch::autograd::grad({pieces}, parts, {upstream});
    for (size_t i = 0; i < 3; ++i) EXPECT_TRUE(same_bits(ours[i], theirs[i])) << i;
  }
}

TEST(Swiglu, TakesAnyStridesAndNoTokens) {
  const auto wide = normal_float({6, 20}, 1);
  const auto hidden = wide.slice(1, 0, 20, 2).requires_grad_(true), dense = hidden.detach().contiguous();
  EXPECT_TRUE(same_bits(swiglu(hidden), swiglu(dense)));
  const auto none = variable({0, 10}, 1);
  const auto y = swiglu(none);
  EXPECT_EQ(y.sizes(), (std::vector<int64_t>{0, 5}));
  y.sum().backward();
  EXPECT_EQ(none.grad().sizes(), (std::vector<int64_t>{0, 10}));
}

TEST(Swiglu, NamesTheMistake) {
  EXPECT_EQ(shape_error([] { swiglu(at::zeros({3, 7})); }), "[swiglu] hidden: F is 7, but must be even: gate, then up");
}

TEST(SwigluMlp, NamesTheMistake) {
  EXPECT_EQ(shape_error([] {
              swiglu_mlp(at::zeros({3, 8}), at::zeros({6, 8}), at::zeros({8, 4}));
            }),
            "[swiglu_mlp] F must be 8, but gate_up has F = 6");
}

}  // namespace
}  // namespace aha::ops::swiglu_mlp_test
