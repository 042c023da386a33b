#include <ATen/ops/empty.h>
#include <ATen/ops/zeros.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/generated/variable_factories.h>

#include "aha/ops/embedding.h"

#include <gtest/gtest.h>

#include "support/gradient_check.h"
#include "unit/ops/random_tensor.h"

namespace aha::ops::embedding_test {
namespace {

using namespace aha::tests;

TEST(Embedding, PicksRowsAndAddsTheirGradients) {
  const auto weight = torch::tensor({{1.0f, 2.0f}, {3.0f, 4.0f}, {5.0f, 6.0f}}).requires_grad_(true);
  const auto rows = ops::embedding(weight, torch::tensor({2, 0, 2}, at::kLong));
  EXPECT_TRUE(same_bits(rows, torch::tensor({{5.0f, 6.0f}, {1.0f, 2.0f}, {5.0f, 6.0f}})));
  rows.backward(torch::tensor({{1.0f, 2.0f}, {10.0f, 20.0f}, {100.0f, 200.0f}}));
  EXPECT_TRUE(same_bits(weight.grad(), torch::tensor({{10.0f, 20.0f}, {0.0f, 0.0f}, {101.0f, 202.0f}})));
}

// From the left, 1 + 2^-24 + 2^-24 stays 1 in float; the small ones first make 1 + 2^-23.
TEST(Embedding, SumsInTokenOrder) {
  const auto weight = at::zeros({1, 1}).requires_grad_(true), token = at::zeros({3}, at::kLong);
  const auto summed = [&](const at::Tensor& upstream) {
    return torch::autograd::grad({ops::embedding(weight, token)}, {weight}, {upstream})[0].item<float>();
  };
  EXPECT_EQ(summed(torch::tensor({{1.0f}, {0x1p-24f}, {0x1p-24f}})), 1.0f);
  EXPECT_EQ(summed(torch::tensor({{0x1p-24f}, {0x1p-24f}, {1.0f}})), 1.0f + 0x1p-23f);
}

TEST(Embedding, GradientsMatchFiniteDifferences) {
  const auto weight = variable({5, 4}, 1), token = torch::tensor({4, 1, 1, 0}, at::kLong);
  expect_gradients([&] { return ops::embedding(weight, token).sin().sum(); }, {{"weight", weight}}, 1e-6);
}

TEST(Embedding, NoTokens) {
  const auto weight = variable({5, 4}, 1);
  const auto rows = ops::embedding(weight, at::empty({0}, at::kLong));
  EXPECT_EQ(rows.sizes(), (std::vector<int64_t>{0, 4}));
  rows.sum().backward();
  EXPECT_TRUE(same_bits(weight.grad(), at::zeros({5, 4}, at::kDouble)));
}

TEST(Embedding, NamesTheMistake) {
  EXPECT_EQ(shape_error([] {
              ops::embedding(at::zeros({5, 4}), torch::tensor({0, 5}, at::kLong));
            }),
            "[embedding] token: entry 1 is 5, but must be in [0, 5)");
  EXPECT_EQ(shape_error([] {
              ops::embedding(at::zeros({5, 4}), torch::tensor({0}, at::kInt));
            }),
            "[embedding] token: dtype is Int, but must be Long");
}

}  // namespace
}  // namespace aha::ops::embedding_test
