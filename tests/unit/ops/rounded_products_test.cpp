// Products whose operands are rounded to bfloat16: against float64 of the rounded numbers, and op by op.
#include <ATen/Context.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/log_softmax.h>
#include <ATen/ops/mm.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/zeros.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/generated/variable_factories.h>

#include <gtest/gtest.h>

#include "aha/ops/cpu_gemm.h"
#include "aha/ops/linear.h"
#include "aha/ops/moe.h"
#include "aha/ops/swiglu_mlp.h"
#include "aha/ops/token_logprob.h"
#include "ops/cpu/kernels.h"
#include "unit/ops/random_tensor.h"

namespace aha::ops::rounded_products_test {
namespace {

using namespace aha::tests;
using at::Tensor;

constexpr NumberType kRounded = NumberType::kBFloat16;

Tensor rounded(const Tensor& x) { return x.detach().to(at::kBFloat16).to(at::kDouble); }

Tensor product_of(const Tensor& a, const Tensor& b, bool transpose_a, bool transpose_b, const Tensor& start = {}) {
  const int64_t m = a.size(transpose_a ? 1 : 0), k = a.size(transpose_a ? 0 : 1), n = b.size(transpose_b ? 0 : 1);
  const Tensor c = start.defined() ? start.clone() : at::empty({m, n}, at::kFloat);
  gemm(GemmArgs<float>{a.const_data_ptr<float>(), b.const_data_ptr<float>(), c.data_ptr<float>(), m, n, k, a.stride(0),
                       b.stride(0), n, transpose_a, transpose_b, start.defined()},
       kRounded);
  return c;
}

// Off by a rounding of float32 a step at most.
void expect_product(int64_t m, int64_t n, int64_t k, int layout) {
  const bool transpose_a = layout & 1, transpose_b = layout & 2, accumulate = layout & 4;
  // Rows lie three numbers apart.
  const Tensor a = (transpose_a ? at::randn({k, m + 3}) : at::randn({m, k + 3})).slice(1, 0, transpose_a ? m : k);
  const Tensor b = (transpose_b ? at::randn({n, k + 3}) : at::randn({k, n + 3})).slice(1, 0, transpose_b ? k : n);
  const Tensor start = accumulate ? at::randn({m, n}) : Tensor();
  const Tensor x = rounded(transpose_a ? a.t() : a), y = rounded(transpose_b ? b.t() : b);
  Tensor exact = at::mm(x, y), size = at::mm(x.abs(), y.abs());
  if (accumulate) {
    exact += start.to(at::kDouble);
    size += start.to(at::kDouble).abs();
  }
  const Tensor error = (product_of(a, b, transpose_a, transpose_b, start).to(at::kDouble) - exact).abs();
  const double limit = 1.2e-7 * std::sqrt(static_cast<double>(k + 1));
  EXPECT_LE((error / size).max().item<double>(), limit) << m << " " << n << " " << k << " layout " << layout;
}

TEST(RoundedProducts, MatchFloat64OfTheRoundedNumbersInEveryForm) {
  at::manual_seed(1);
  for (int layout = 0; layout < 8; ++layout) {
    for (const int64_t m : {1, 13, 97})
      for (const int64_t n : {1, 31, 70})
        for (const int64_t k : {1, 2, 33, 128}) expect_product(m, n, k, layout);
    expect_product(101, 600, 1601, layout);  // several blocks of each
  }
}

TEST(RoundedProducts, ARowHasTheBitsItHasAlone) {
  const Tensor x = normal_float({200, 131}, 4), columns = normal_float({90, 131}, 5), rows = normal_float({131, 90}, 6);
  for (const bool transpose_b : {false, true}) {
    const Tensor all = product_of(x, transpose_b ? columns : rows, false, transpose_b);
    for (int64_t t = 0; t < 200; ++t) {
      const Tensor alone = product_of(x.slice(0, t, t + 1), transpose_b ? columns : rows, false, transpose_b);
      ASSERT_TRUE(same_bits(alone[0], all[t])) << t;
    }
  }
}

TEST(RoundedProducts, HaveTheBitsOfAPackedWeightAndOfEvenPieces) {
  const Tensor x = normal_float({70, 1001}, 7), weight = normal_float({45, 1001}, 8);
  const Tensor y = product_of(x, weight, false, true), packed = at::empty_like(y);
  PackedWeight(weight.const_data_ptr<float>(), 45, 1001, 1001, kRounded)
      .multiply(x.const_data_ptr<float>(), 70, 1001, packed.data_ptr<float>(), 45);
  EXPECT_TRUE(same_bits(y, packed));
  const Tensor tokens = normal_float({1001, 33}, 9), slopes = normal_float({1001, 20}, 10);
  const Tensor first = product_of(slopes.slice(0, 0, 256), tokens.slice(0, 0, 256), true, false);
  EXPECT_TRUE(same_bits(product_of(slopes.slice(0, 256), tokens.slice(0, 256), true, false, first),
                        product_of(slopes, tokens, true, false)));
}

TEST(RoundedProducts, NothingToDo) {
  const Tensor none = at::zeros({0, 4}, at::kFloat), start = at::ones({4, 4}, at::kFloat);
  EXPECT_TRUE(same_bits(product_of(none, none, true, false), at::zeros({4, 4}, at::kFloat)));
  EXPECT_TRUE(same_bits(product_of(none, none, true, false, start), start));
}

// Every set of kernels makes the same pairs and reads a transposed A.
TEST(RoundedProducts, SetsOfKernelsAgree) {
  constexpr int64_t kRows = 7, kColumns = 40, kPairs = 4, kWide = 48;
  const Tensor a = normal_float({kRows, 24}, 11), b = normal_float({kRows, kColumns}, 12);
  const Tensor exact = at::mm(rounded(a).t(), rounded(b));
  std::vector<const PairKernels*> sets{&pair_kernels(), &cpu_kernels().pairs, &portable_kernels()->pairs};
  if (std::string(cpu_kernels().name) == "AVX-512") sets.push_back(&avx2_kernels()->pairs);
  std::vector<Pair> expected(kPairs * 24);
  for (int64_t t = 0; t < kRows; ++t) {
    for (int64_t i = 0; i < 24; ++i) {
      uint16_t number;
      round_to_bfloat16(a.const_data_ptr<float>() + t * 24 + i, 1, &number);
      expected[static_cast<size_t>(t / 2 * 24 + i)] |= static_cast<Pair>(number) << (t % 2 * 16);
    }
  }
  for (const PairKernels* set : sets) {
    SCOPED_TRACE(set->name);
    std::vector<Pair> left(kPairs * 24), panels(kPairs * 4 * kWide, 5u);
    set->pack_rows(a.const_data_ptr<float>(), 24, kRows, 24, 24, left.data(), 0);
    EXPECT_EQ(left, expected);
    const int64_t stride = kPairs * set->panel_width;
    set->pack_rows(b.const_data_ptr<float>(), kColumns, kRows, kColumns, set->panel_width, panels.data(), stride);
    const Tensor c = at::empty({24, kColumns}, at::kFloat);
    set->multiply({left.data(), 24, true, panels.data(), set->panel_width, stride, c.data_ptr<float>(), kColumns, 24,
                   kColumns, kPairs, false});
    EXPECT_LE(relative_error(c, exact), 1e-6);
  }
}

struct Results {
  Tensor y;
  std::vector<Tensor> gradients;
};

// Of fresh copies of the inputs, under an upstream gradient that is the same for one shape.
template <class Op>
Results run(const std::vector<Tensor>& inputs, Op op) {
  std::vector<Tensor> leaves;
  for (const Tensor& input : inputs) leaves.push_back(input.clone().requires_grad_(true));
  const Tensor y = op(leaves);
  const Tensor factor = normal_float(y.sizes().vec(), 99);
  return {y.detach(), torch::autograd::grad({(y * factor).sum()}, leaves)};
}

void expect_same_bits(const Results& a, const Results& b) {
  EXPECT_TRUE(same_bits(a.y, b.y));
  for (size_t i = 0; i < a.gradients.size(); ++i) EXPECT_TRUE(same_bits(a.gradients[i], b.gradients[i])) << i;
}

TEST(RoundedProducts, LinearRoundsItsOperandsInAllThreeProducts) {
  const auto op = [](const std::vector<Tensor>& in) { return linear(in[0], in[1], in[2], kRounded); };
  const std::vector<Tensor> inputs{normal_float({301, 65}, 13), normal_float({33, 65}, 14), normal_float({33}, 15)};
  const Results ours = run(inputs, op);
  const Tensor x = rounded(inputs[0]), weight = rounded(inputs[1]), slope = rounded(normal_float({301, 33}, 99));
  EXPECT_LE(relative_error(ours.y, at::mm(x, weight.t()) + inputs[2].to(at::kDouble)), 1e-6);
  EXPECT_LE(relative_error(ours.gradients[0], at::mm(slope, weight)), 1e-6);
  EXPECT_LE(relative_error(ours.gradients[1], at::mm(slope.t(), x)), 1e-6);
  EXPECT_LE(relative_error(ours.gradients[2], normal_float({301, 33}, 99).to(at::kDouble).sum(0)), 1e-6);
  expect_same_bits(ours, run(inputs, op));
}

// Chunks of rows leave no trace, nor does the way to the expert.
TEST(RoundedProducts, MlpAndExpertsAreTheirProductsOneByOne) {
  const std::vector<Tensor> inputs{normal_float({600, 24}, 16), normal_float({66, 24}, 17), normal_float({24, 33}, 18)};
  const Results mlp = run(inputs, [](const auto& in) { return swiglu_mlp(in[0], in[1], in[2], kRounded); });
  expect_same_bits(mlp, run(inputs, [](const auto& in) {
                     return linear(swiglu(linear(in[0], in[1], {}, kRounded)), in[2], {}, kRounded);
                   }));
  const Tensor first = at::zeros({600, 1}, at::kInt), one = at::ones({600, 1}, at::kFloat);
  expect_same_bits(mlp, run(inputs, [&](const auto& in) {
                     return experts(in[0], first, one, in[1].unsqueeze(0), in[2].unsqueeze(0), kRounded);
                   }));
  const Results exact = run(inputs, [](const auto& in) { return swiglu_mlp(in[0], in[1], in[2]); });
  EXPECT_GT(relative_error(mlp.y, exact.y), 1e-4);
  for (size_t i = 0; i < 3; ++i) EXPECT_LE(relative_error(mlp.gradients[i], exact.gradients[i]), 2e-2) << i;
}

TEST(RoundedProducts, TokenLogprobIsLogSoftmaxOfRoundedLogits) {
  const std::vector<Tensor> inputs{normal_float({600, 24}, 19), normal_float({50, 24}, 20)};
  const Tensor target = at::arange(600, at::kLong).remainder(50);
  const auto op = [&](const auto& in) { return token_logprob(in[0], in[1], target, 0.7, kRounded).logprob_T; };
  const Results ours = run(inputs, op), plain = run(inputs, [&](const auto&in) {
                                          const Tensor logits = linear(in[0], in[1], {}, kRounded) / 0.7;
                                          return at::log_softmax(logits, 1).gather(1, target.unsqueeze(1)).squeeze(1);
                                        });
  EXPECT_LE(relative_error(ours.y, plain.y), 1e-6);
  // A slope that differs in its last place may round to a neighbour.
  for (size_t i = 0; i < 2; ++i) EXPECT_LE(relative_error(ours.gradients[i], plain.gradients[i]), 1e-2) << i;
  expect_same_bits(ours, run(inputs, op));
}

TEST(RoundedProducts, AreRefusedInFloat64) {
  const Tensor x = normal({3, 4}, 1), weight = normal({2, 4}, 2), down = normal({4, 1}, 3);
  const auto sentence = [](const std::string& op, const std::string& owner) {
    return "[" + op + "] products: are to be bfloat16, which is for Float alone, but " + owner + " has Double";
  };
  EXPECT_EQ(shape_error([&] { linear(x, weight, {}, kRounded); }), sentence("linear", "x"));
  EXPECT_EQ(shape_error([&] { swiglu_mlp(x, weight, down, kRounded); }), sentence("swiglu_mlp", "x"));
  EXPECT_EQ(shape_error([&] {
              experts(x, at::zeros({3, 1}, at::kInt), at::ones({3, 1}, at::kDouble), weight.unsqueeze(0),
                      down.unsqueeze(0), kRounded);
            }),
            sentence("experts", "x"));
  EXPECT_EQ(shape_error([&] { token_logprob(x, weight, at::zeros({3}, at::kLong), 1.0, kRounded); }),
            sentence("token_logprob", "hidden"));
}

}  // namespace
}  // namespace aha::ops::rounded_products_test
