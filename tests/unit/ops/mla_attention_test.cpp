// Latent attention against plain float64 tensor operations, and its gradients against finite differences.
#include <ATen/Context.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/cos.h>
#include <ATen/ops/einsum.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/outer.h>
#include <ATen/ops/pow.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/sin.h>
#include <ATen/ops/stack.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/generated/variable_factories.h>

#include "aha/ops/mla_attention.h"

#include <gtest/gtest.h>

#include <cmath>

#include "aha/core/error.h"
#include "aha/ops/parallel.h"
#include "support/gradient_check.h"
#include "support/joined_sequences.h"
#include "unit/ops/random_tensor.h"

namespace aha::ops::mla_attention_test {
namespace {

using at::Tensor;

struct Case {
  MlaShape shape;
  std::vector<int64_t> offsets;
  Tensor q, kv, k_rope, cosine, sine;
  std::vector<int64_t> prefix = {};

  Tensor run() const { return mla_attention(q, kv, k_rope, cosine, sine, offsets, shape, prefix); }
  Case to(at::ScalarType dtype) const {
    const auto cast = [&](const Tensor& x) { return x.detach().to(dtype).requires_grad_(x.requires_grad()); };
    return {shape, offsets, cast(q), cast(kv), cast(k_rope), cast(cosine), cast(sine), prefix};
  }
};

/// Float32 values held in float64, so that both precisions start from the same numbers.
Case make_case(const MlaShape& shape, const std::vector<int64_t>& lengths, uint64_t seed) {
  at::manual_seed(seed);
  Case made;
  made.shape = shape;
  made.offsets = {0};
  for (const int64_t length : lengths) made.offsets.push_back(made.offsets.back() + length);
  const int64_t num_tokens = made.offsets.back();
  const auto random = [&](int64_t width) {
    return at::randn({num_tokens, width}).to(at::kDouble).requires_grad_(true);
  };
  made.q = random(shape.num_heads * (shape.nope_dim + shape.rope_dim));
  made.kv = random(shape.num_heads * (shape.nope_dim + shape.v_dim));
  made.k_rope = random(shape.rope_dim);
  const Tensor frequency = at::pow(100.0, -at::arange(shape.rope_dim / 2, at::kDouble) / 4.0);
  const Tensor angle = at::outer(at::arange(2400, at::kDouble), frequency);
  made.cosine = at::cos(angle).to(at::kFloat).to(at::kDouble);
  made.sine = at::sin(angle).to(at::kFloat).to(at::kDouble);
  return made;
}

/// x [L, H, R], rotated as complex numbers x[2i] + i·x[2i+1].
Tensor rotate(const Tensor& x, const Tensor& cosine, const Tensor& sine) {
  const Tensor even = x.slice(2, 0, std::nullopt, 2), odd = x.slice(2, 1, std::nullopt, 2);
  const Tensor c = cosine.narrow(0, 0, x.size(0)).unsqueeze(1), s = sine.narrow(0, 0, x.size(0)).unsqueeze(1);
  return at::stack({even * c - odd * s, even * s + odd * c}, 3).flatten(2);
}

Tensor reference(const Case& x) {
  const MlaShape& shape = x.shape;
  std::vector<Tensor> outs;
  for (size_t i = 0; i + 1 < x.offsets.size(); ++i) {
    const int64_t first = x.offsets[i], length = x.offsets[i + 1] - first;
    const auto heads = [&](const Tensor& t) { return t.narrow(0, first, length).view({length, shape.num_heads, -1}); };
    const auto q = heads(x.q).split_with_sizes({shape.nope_dim, shape.rope_dim}, 2);
    const auto kv = heads(x.kv).split_with_sizes({shape.nope_dim, shape.v_dim}, 2);
    const Tensor k_rope = x.k_rope.narrow(0, first, length).unsqueeze(1);
    const Tensor query = at::cat({q[0], rotate(q[1], x.cosine, x.sine)}, 2);
    const Tensor key = at::cat({kv[0], rotate(k_rope, x.cosine, x.sine).expand({-1, shape.num_heads, -1})}, 2);
    Tensor score = at::einsum("ihd,jhd->hij", {query, key}) * shape.scale;
    const Tensor hidden = at::ones({length, length}, at::kBool).triu(1);
    score = score.masked_fill(hidden, -INFINITY);
    outs.push_back(at::einsum("hij,jhd->ihd", {score.softmax(2), kv[1]}).reshape({length, -1}));
  }
  return at::cat(outs, 0);
}

double largest_difference(const Tensor& a, const Tensor& b) {
  return (a.to(at::kDouble) - b.to(at::kDouble)).abs().max().item<double>();
}

std::vector<Tensor> gradients(const Case& x, const Tensor& out) {
  const Tensor weight = at::cos(at::arange(out.numel(), at::kDouble)).view(out.sizes()).to(out.dtype());
  return torch::autograd::grad({(out * weight).sum()}, {x.q, x.kv, x.k_rope});
}

const MlaShape kNano{4, 32, 16, 32, 0.1443};
const MlaShape kOdd{3, 5, 6, 7, 0.7};

TEST(MlaAttention, MatchesPlainTensorOperationsInBothPrecisions) {
  for (const MlaShape& shape : {kNano, kOdd}) {
    SCOPED_TRACE(shape.num_heads);
    const Case x = make_case(shape, {1, 40, 31, 32, 33, 1, 130, 2}, 1);
    const Tensor expected = reference(x);
    const auto expected_gradients = gradients(x, expected);
    for (const auto& [dtype, tolerance] : {std::pair{at::kDouble, 1e-13}, {at::kFloat, 2e-5}}) {
      const Case mine = x.to(dtype);
      const Tensor out = mine.run();
      EXPECT_LE(largest_difference(out, expected), tolerance);
      const auto mine_gradients = gradients(mine, out);
      for (size_t i = 0; i < 3; ++i) {
        SCOPED_TRACE(i);
        EXPECT_LE(largest_difference(mine_gradients[i], expected_gradients[i]), 10 * tolerance);
      }
    }
  }
}

TEST(MlaAttention, GradientsMatchFiniteDifferences) {
  Case x = make_case(kOdd, {1, 9, 40}, 2);
  const tests::Loss loss = [&] {
    const Tensor out = x.run();
    return (out * at::cos(at::arange(out.numel(), at::kDouble)).view(out.sizes())).sum();
  };
  tests::expect_gradients(loss, {{"q", x.q}, {"kv", x.kv}, {"k_rope", x.k_rope}}, 1e-8, {.points = 60});
}

TEST(MlaAttention, TwoTokensWorkedByHand) {
  // One head, no nope part worth naming: scores are cos of the angle between the rotated keys.
  const MlaShape shape{1, 1, 2, 1, 1.0};
  const auto row = [](std::vector<float> values, int64_t width) { return torch::tensor(values).view({-1, width}); };
  const Tensor q = row({0, 1, 0, 0, 1, 0}, 3), kv = row({0, 10, 0, 20}, 2), k_rope = row({1, 0, 1, 0}, 2);
  const double angle = 0.5;
  const Tensor cosine = row({1, static_cast<float>(std::cos(angle))}, 1);
  const Tensor sine = row({0, static_cast<float>(std::sin(angle))}, 1);
  const Tensor out = mla_attention(q, kv, k_rope, cosine, sine, {0, 2}, shape);
  const double p = std::exp(std::cos(angle)) / (std::exp(std::cos(angle)) + std::exp(1.0));
  EXPECT_FLOAT_EQ(out[0][0].item<float>(), 10);
  EXPECT_NEAR(out[1][0].item<double>(), 10 * p + 20 * (1 - p), 1e-5);
}

TEST(MlaAttention, ASequenceHasTheSameBitsAloneAndPackedAndTwice) {
  const Case packed = make_case(kNano, {70, 45, 1, 20}, 3).to(at::kFloat);
  const Tensor all = packed.run();
  EXPECT_TRUE(at::equal(all, packed.run()));
  const auto all_gradients = gradients(packed, all);
  const auto again = gradients(packed, packed.run());
  for (size_t i = 0; i < 3; ++i) EXPECT_TRUE(at::equal(all_gradients[i], again[i]));

  for (size_t i = 0; i + 1 < packed.offsets.size(); ++i) {
    const int64_t first = packed.offsets[i], length = packed.offsets[i + 1] - first;
    const auto part = [&](const Tensor& t) { return t.narrow(0, first, length); };
    const Tensor alone = mla_attention(part(packed.q), part(packed.kv), part(packed.k_rope), packed.cosine, packed.sine,
                                       {0, length}, packed.shape);
    EXPECT_TRUE(at::equal(alone, part(all))) << i;
  }
}

/// The same rows, each sequence written out with its prefix; gradients reach the case's own tensors.
Tensor run_joined(const Case& x) {
  const auto joined = tests::joined_sequences(x.offsets, x.prefix);
  Case whole = x;
  whole.offsets = joined.offsets;
  whole.prefix.clear();
  for (Tensor* t : {&whole.q, &whole.kv, &whole.k_rope}) *t = t->index_select(0, joined.row_J);
  return whole.run().index_select(0, joined.own_T);
}

TEST(MlaAttention, SequencesWithASharedPrefixAreWholeSequences) {
  const tests::SharedPrefixes shared;
  for (const MlaShape& shape : {kNano, kOdd}) {
    SCOPED_TRACE(shape.num_heads);
    Case x = make_case(shape, shared.length, 7);
    x.prefix = shared.prefix;
    const Tensor out = x.run(), whole = run_joined(x);
    EXPECT_LE(tests::relative_error(out, whole), 1e-15);
    const auto mine = gradients(x, out), expected = gradients(x, whole);
    for (size_t i = 0; i < 3; ++i) EXPECT_LE(tests::relative_error(mine[i], expected[i]), 1e-14) << i;

    const Case narrow = x.to(at::kFloat);
    const Tensor narrow_out = narrow.run();
    EXPECT_TRUE(at::equal(narrow_out, run_joined(narrow)));
    const auto first = gradients(narrow, narrow_out), again = gradients(narrow, narrow.run());
    for (size_t i = 0; i < 3; ++i) {
      EXPECT_TRUE(at::equal(first[i], again[i])) << i;
      EXPECT_LE(tests::relative_error(first[i], expected[i]), 1e-5) << i;
    }
  }
}

// Longer than what the backward pass takes of the keys at a time, and with a prefix that ends within such a chunk.
TEST(MlaAttention, LongSequencesAreWhatTheyAreWhole) {
  const Case alone = make_case(kOdd, {1100, 5}, 8);
  const Tensor expected = reference(alone), out = alone.run();
  EXPECT_LE(tests::relative_error(out, expected), 1e-13);
  const auto mine = gradients(alone, out), exact = gradients(alone, expected);
  for (size_t i = 0; i < 3; ++i) EXPECT_LE(tests::relative_error(mine[i], exact[i]), 1e-12) << i;

  Case shared = make_case(kOdd, {700, 600, 30}, 9);
  shared.prefix = {-1, 0, 0};
  const auto tree = gradients(shared, shared.run()), whole = gradients(shared, run_joined(shared));
  for (size_t i = 0; i < 3; ++i) EXPECT_LE(tests::relative_error(tree[i], whole[i]), 1e-13) << i;
}

TEST(MlaAttention, HeadsOnManyThreadsGiveTheSameBits) {
  const Case x = make_case(kOdd, {2100}, 10).to(at::kFloat);
  const Tensor out = x.run();
  const auto expected = gradients(x, out);
  const OperationThreads threads(3);
  const Tensor again = x.run();
  EXPECT_TRUE(at::equal(again, out));
  const auto mine = gradients(x, again);
  for (size_t i = 0; i < 3; ++i) EXPECT_TRUE(at::equal(mine[i], expected[i])) << i;
}

TEST(MlaAttention, TakesEmptyInputAndEmptySequences) {
  const Case x = make_case(kOdd, {0, 3, 0, 0}, 4);
  EXPECT_LE(largest_difference(x.run(), reference(make_case(kOdd, {3}, 4))), 1e-13);
  const Case none = make_case(kOdd, {}, 5);
  EXPECT_EQ(none.run().size(0), 0);
}

TEST(MlaAttention, NamesWhatIsWrong) {
  Case x = make_case(kOdd, {4}, 6);
  const auto message = [&] {
    try {
      x.run();
    } catch (const ShapeError& error) {
      return std::string(error.what());
    }
    return std::string("nothing thrown");
  };
  x.offsets = {0, 3};
  EXPECT_EQ(message(), "[mla_attention] offsets: end with 3, but q has T = 4");
  x.offsets = {0, 4};
  x.cosine = x.cosine.narrow(0, 0, 3);
  x.sine = x.sine.narrow(0, 0, 3);
  EXPECT_EQ(message(), "[mla_attention] offsets: sequence 0 has 4 tokens, but cosine has P = 3");
  x.offsets = {0, 3, 4};
  x.prefix = {-1, 0};
  EXPECT_EQ(message(), "[mla_attention] offsets: sequence 1 has 4 tokens with its prefix, but cosine has P = 3");
  x.kv = x.kv.narrow(1, 0, 30);
  EXPECT_NE(message().find("kv: Y is 30"), std::string::npos) << message();
}

}  // namespace
}  // namespace aha::ops::mla_attention_test
