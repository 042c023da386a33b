#include <ATen/ops/full.h>
#include <ATen/ops/mm.h>
#include <ATen/ops/zeros.h>
#include <torch/csrc/autograd/autograd.h>

#include "aha/ops/linear.h"

#include <gtest/gtest.h>

#include "support/gradient_check.h"
#include "unit/ops/random_tensor.h"

namespace aha::ops::linear_test {
namespace {

using namespace aha::tests;

TEST(Linear, MatchesTorchInFloat64) {
  for (const int64_t tokens : {1, 5, 130}) {
    const auto x = normal_float({tokens, 65}, 1), weight = normal_float({33, 65}, 2);
    const auto exact = at::mm(x.to(at::kDouble), weight.to(at::kDouble).t());
    EXPECT_LE(relative_error(ops::linear(x, weight), exact), 1e-6);
    EXPECT_LE(relative_error(ops::linear(x.to(at::kDouble), weight.to(at::kDouble)), exact), 1e-14);
  }
}

TEST(Linear, AnyStrides) {
  const auto x = normal_float({7, 20}, 1), weight = normal_float({9, 10}, 2);
  const auto strided = x.slice(1, 0, 20, 2), turned = weight.t().contiguous().t();
  EXPECT_TRUE(same_bits(ops::linear(strided, turned), ops::linear(strided.contiguous(), weight)));
}

TEST(Linear, GradientsMatchFiniteDifferences) {
  const auto x = variable({5, 6}, 1), weight = variable({4, 6}, 2), factor = normal({5, 4}, 3);
  expect_gradients([&] { return (ops::linear(x, weight) * factor).sin().sum(); }, {{"x", x}, {"weight", weight}}, 1e-6);
}

TEST(Linear, TheBiasIsAddedToTheFinishedProduct) {
  for (const auto dtype : {at::kFloat, at::kDouble}) {
    const auto x = normal_float({9, 65}, 1).to(dtype), weight = normal_float({33, 65}, 2).to(dtype);
    const auto bias = normal_float({33}, 3).to(dtype);
    EXPECT_TRUE(same_bits(ops::linear(x, weight, bias), ops::linear(x, weight) + bias));
    EXPECT_TRUE(same_bits(ops::linear(x, weight, bias.repeat({2, 1}).t().reshape(-1).slice(0, 0, 66, 2)),
                          ops::linear(x, weight, bias)));
    EXPECT_TRUE(same_bits(ops::linear(x, weight, at::zeros({33}, dtype)), ops::linear(x, weight)));
  }
}

TEST(Linear, GradientsWithABiasMatchFiniteDifferences) {
  const auto x = variable({5, 6}, 1), weight = variable({4, 6}, 2), bias = variable({4}, 4), factor = normal({5, 4}, 3);
  expect_gradients([&] { return (ops::linear(x, weight, bias) * factor).sin().sum(); },
                   {{"x", x}, {"weight", weight}, {"bias", bias}}, 1e-6);
  // The bias alone wants one; the others' gradients keep their bits beside it.
  const auto alone = torch::autograd::grad({ops::linear(x.detach(), weight.detach(), bias).sum()}, {bias});
  EXPECT_TRUE(same_bits(alone[0], at::full({4}, 5.0, at::kDouble)));
  const auto with = torch::autograd::grad({(ops::linear(x, weight, bias) * factor).sum()}, {x, weight});
  const auto without = torch::autograd::grad({(ops::linear(x, weight) * factor).sum()}, {x, weight});
  for (int i = 0; i < 2; ++i) EXPECT_TRUE(same_bits(with[i], without[i])) << i;
}

TEST(Linear, SkipsGradientsNobodyWants) {
  const auto x = variable({5, 6}, 1), weight = variable({4, 6}, 2);
  ops::linear(x.detach(), weight).sum().backward();
  ops::linear(x, weight.detach()).sum().backward();
  EXPECT_LE(relative_error(x.grad(), weight.detach().sum(0).expand({5, 6})), 1e-14);
  EXPECT_LE(relative_error(weight.grad(), x.detach().sum(0).expand({4, 6})), 1e-14);
}

TEST(Linear, ARowHasTheBitsItHasAlone) {
  const auto x = normal_float({70, 128}, 1), weight = normal_float({96, 128}, 2), all = ops::linear(x, weight);
  for (int64_t t = 0; t < 70; ++t)
    ASSERT_TRUE(same_bits(ops::linear(x.slice(0, t, t + 1), weight), all.slice(0, t, t + 1)));
}

TEST(Linear, SameBitsTwice) {
  const auto weight = normal_float({96, 128}, 2).requires_grad_(true);
  const auto x = normal_float({300, 128}, 1);
  ops::linear(x, weight).square().sum().backward();
  const auto first = weight.grad().clone();
  weight.mutable_grad() = at::Tensor();
  ops::linear(x, weight).square().sum().backward();
  EXPECT_TRUE(same_bits(weight.grad(), first));
}

TEST(Linear, NoTokens) {
  const auto x = variable({0, 6}, 1), weight = variable({4, 6}, 2);
  const auto y = ops::linear(x, weight);
  EXPECT_EQ(y.sizes(), (std::vector<int64_t>{0, 4}));
  y.sum().backward();
  EXPECT_TRUE(same_bits(weight.grad(), at::zeros({4, 6}, at::kDouble)));
  const auto bias = variable({4}, 3);
  ops::linear(x, weight, bias).sum().backward();
  EXPECT_TRUE(same_bits(bias.grad(), at::zeros({4}, at::kDouble)));
}

TEST(Linear, NamesTheMistake) {
  EXPECT_EQ(shape_error([] {
              ops::linear(at::zeros({3, 8}), at::zeros({5, 7}));
            }),
            "[linear] weight: K is 7, but x has K = 8");
  EXPECT_EQ(shape_error([] {
              ops::linear(at::zeros({3, 8}), at::zeros({5, 8}), at::zeros({4}));
            }),
            "[linear] bias: N is 4, but weight has N = 5");
}

}  // namespace
}  // namespace aha::ops::linear_test
