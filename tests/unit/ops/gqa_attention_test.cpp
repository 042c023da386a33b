// Grouped-query attention against plain float64 tensor operations, and its gradients against finite differences.
#include <ATen/ops/arange.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/cos.h>
#include <ATen/ops/einsum.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/outer.h>
#include <ATen/ops/pow.h>
#include <ATen/ops/sin.h>
#include <ATen/ops/stack.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/generated/variable_factories.h>

#include "aha/ops/gqa_attention.h"

#include <gtest/gtest.h>

#include <cmath>

#include "aha/ops/parallel.h"
#include "support/gradient_check.h"
#include "support/joined_sequences.h"
#include "unit/ops/random_tensor.h"

namespace aha::ops::gqa_attention_test {
namespace {

using at::Tensor;

struct Case {
  GqaShape shape;
  std::vector<int64_t> offsets;
  Tensor q, k, v, cosine, sine;
  std::vector<int64_t> prefix = {};

  Tensor run() const { return gqa_attention(q, k, v, cosine, sine, offsets, shape, prefix); }
  Case to(at::ScalarType dtype) const {
    const auto cast = [&](const Tensor& x) { return x.detach().to(dtype).requires_grad_(x.requires_grad()); };
    return {shape, offsets, cast(q), cast(k), cast(v), cast(cosine), cast(sine), prefix};
  }
};

/// Float32 values held in float64, so that both precisions start from the same numbers.
Case make_case(const GqaShape& shape, const std::vector<int64_t>& lengths, uint64_t seed) {
  Case made;
  made.shape = shape;
  made.offsets = {0};
  for (const int64_t length : lengths) made.offsets.push_back(made.offsets.back() + length);
  const auto random = [&](int64_t num_heads) {
    const Tensor values = tests::normal_float({made.offsets.back(), num_heads * shape.head_dim}, ++seed);
    return values.to(at::kDouble).requires_grad_(true);
  };
  made.q = random(shape.num_heads);
  made.k = random(shape.num_kv_heads);
  made.v = random(shape.num_kv_heads);
  const Tensor frequency = at::pow(100.0, -at::arange(shape.head_dim / 2, at::kDouble) / 4.0);
  const Tensor angle = at::outer(at::arange(2400, at::kDouble), frequency);
  made.cosine = at::cos(angle).to(at::kFloat).to(at::kDouble);
  made.sine = at::sin(angle).to(at::kFloat).to(at::kDouble);
  return made;
}

/// x [L, H, d]: pairs (2i, 2i + 1), or (i, i + d/2), turned as complex numbers.
Tensor rotate(const Tensor& x, const Case& c) {
  const int64_t half = x.size(2) / 2;
  const Tensor cosine = c.cosine.narrow(0, 0, x.size(0)).unsqueeze(1);
  const Tensor sine = c.sine.narrow(0, 0, x.size(0)).unsqueeze(1);
  const Tensor a = c.shape.interleave ? x.slice(2, 0, std::nullopt, 2) : x.narrow(2, 0, half);
  const Tensor b = c.shape.interleave ? x.slice(2, 1, std::nullopt, 2) : x.narrow(2, half, half);
  const Tensor real = a * cosine - b * sine, imaginary = a * sine + b * cosine;
  return c.shape.interleave ? at::stack({real, imaginary}, 3).flatten(2) : at::cat({real, imaginary}, 2);
}

Tensor reference(const Case& c) {
  const int64_t group = c.shape.num_heads / c.shape.num_kv_heads;
  std::vector<Tensor> outs;
  for (size_t i = 0; i + 1 < c.offsets.size(); ++i) {
    const int64_t first = c.offsets[i], length = c.offsets[i + 1] - first;
    const auto heads = [&](const Tensor& t) { return t.narrow(0, first, length).view({length, -1, c.shape.head_dim}); };
    const Tensor query = rotate(heads(c.q), c), key = rotate(heads(c.k), c).repeat_interleave(group, 1);
    Tensor score = at::einsum("ihd,jhd->hij", {query, key}) * c.shape.scale;
    score = score.masked_fill(at::ones({length, length}, at::kBool).triu(1), -INFINITY);
    const Tensor value = heads(c.v).repeat_interleave(group, 1);
    outs.push_back(at::einsum("hij,jhd->ihd", {score.softmax(2), value}).reshape({length, -1}));
  }
  return at::cat(outs, 0);
}

double largest_difference(const Tensor& a, const Tensor& b) {
  return (a.to(at::kDouble) - b.to(at::kDouble)).abs().max().item<double>();
}

Tensor wave(const Tensor& like) {
  return at::cos(at::arange(like.numel(), at::kDouble)).view(like.sizes()).to(like.dtype());
}

std::vector<Tensor> gradients(const Case& c, const Tensor& out, const Tensor& upstream) {
  return torch::autograd::grad({out}, {c.q, c.k, c.v}, {upstream});
}

const GqaShape kShared{8, 2, 32, 0.1768};
const GqaShape kOdd{4, 2, 6, 0.7};

TEST(GqaAttention, MatchesPlainTensorOperationsInBothPrecisions) {
  const GqaShape shapes[] = {
      {4, 4, 16, 0.25},     kShared, kOdd, {4, 1, 64, 0.125}, {4, 4, 6, 0.5, true}, {4, 2, 20, 0.3, true},
      {8, 2, 34, 0.2, true}};
  for (const GqaShape& shape : shapes) {
    SCOPED_TRACE(testing::Message() << shape.num_heads << "/" << shape.num_kv_heads << " of " << shape.head_dim);
    const Case c = make_case(shape, {1, 40, 31, 32, 33, 1, 130, 2}, 1);
    const Tensor expected = reference(c);
    const auto expected_gradients = gradients(c, expected, wave(expected));
    for (const auto& [dtype, tolerance] : {std::pair{at::kDouble, 1e-13}, {at::kFloat, 2e-5}}) {
      const Case mine = c.to(dtype);
      const Tensor out = mine.run();
      EXPECT_LE(largest_difference(out, expected), tolerance);
      const auto mine_gradients = gradients(mine, out, wave(out));
      for (size_t i = 0; i < 3; ++i) {
        SCOPED_TRACE(i);
        EXPECT_LE(largest_difference(mine_gradients[i], expected_gradients[i]), 10 * tolerance);
      }
    }
  }
}

TEST(GqaAttention, GradientsMatchFiniteDifferences) {
  for (const bool interleave : {false, true}) {
    GqaShape shape = kOdd;
    shape.interleave = interleave;
    const Case c = make_case(shape, {1, 9, 40}, 20);
    const tests::Loss loss = [&] {
      const Tensor out = c.run();
      return (out * wave(out)).sum();
    };
    tests::expect_gradients(loss, {{"q", c.q}, {"k", c.k}, {"v", c.v}}, 1e-8, {.points = 60});
  }
}

TEST(GqaAttention, TwoTokensOfTwoHeadsWorkedByHand) {
  // One kv head with keys (1, 0). Position 1 turns by 0.5: head 0 asks with (1, 0), head 1 with (0, 1).
  const auto row = [](std::vector<float> values, int64_t width) { return torch::tensor(values).view({-1, width}); };
  const Tensor q = row({1, 0, 0, 1, 1, 0, 0, 1}, 4), k = row({1, 0, 1, 0}, 2), v = row({10, 1, 20, 2}, 2);
  const double angle = 0.5;
  const Tensor cosine = row({1, static_cast<float>(std::cos(angle))}, 1);
  const Tensor sine = row({0, static_cast<float>(std::sin(angle))}, 1);
  const Tensor out = gqa_attention(q, k, v, cosine, sine, {0, 2}, {2, 1, 2, 1.0});
  // The turned (1, 0) scores cos(0.5) against the first key and 1 against its own; (0, 1) scores -sin(0.5) and 0.
  const double first = std::exp(std::cos(angle)) / (std::exp(std::cos(angle)) + std::exp(1.0));
  const double second = std::exp(-std::sin(angle)) / (std::exp(-std::sin(angle)) + 1.0);
  const Tensor expected =
      torch::tensor({{10.0, 1.0, 10.0, 1.0}, {20 - 10 * first, 2 - first, 20 - 10 * second, 2 - second}}, at::kDouble);
  EXPECT_LE(largest_difference(out, expected), 1e-5);
}

TEST(GqaAttention, ASequenceHasTheSameBitsAloneAndPackedAndTwice) {
  const Case packed = make_case(kShared, {70, 45, 1, 20}, 30).to(at::kFloat);
  const Tensor all = packed.run(), upstream = wave(all);
  const auto all_gradients = gradients(packed, all, upstream);
  const auto again = gradients(packed, packed.run(), upstream);
  EXPECT_TRUE(tests::same_bits(all, packed.run()));
  for (size_t i = 0; i < 3; ++i) EXPECT_TRUE(tests::same_bits(all_gradients[i], again[i]));

  for (size_t s = 0; s + 1 < packed.offsets.size(); ++s) {
    SCOPED_TRACE(s);
    const int64_t first = packed.offsets[s], length = packed.offsets[s + 1] - first;
    const auto part = [&](const Tensor& t) { return t.narrow(0, first, length); };
    Case alone = packed;
    alone.offsets = {0, length};
    for (Tensor* t : {&alone.q, &alone.k, &alone.v}) *t = part(*t).detach().clone().requires_grad_(true);
    const Tensor out = alone.run();
    EXPECT_TRUE(tests::same_bits(out, part(all)));
    const auto alone_gradients = gradients(alone, out, part(upstream));
    for (size_t i = 0; i < 3; ++i) EXPECT_TRUE(tests::same_bits(alone_gradients[i], part(all_gradients[i]))) << i;
  }
}

/// The same rows, each sequence written out with its prefix; gradients reach the case's own tensors.
Tensor run_joined(const Case& c) {
  const auto joined = tests::joined_sequences(c.offsets, c.prefix);
  Case whole = c;
  whole.offsets = joined.offsets;
  whole.prefix.clear();
  for (Tensor* t : {&whole.q, &whole.k, &whole.v}) *t = t->index_select(0, joined.row_J);
  return whole.run().index_select(0, joined.own_T);
}

TEST(GqaAttention, SequencesWithASharedPrefixAreWholeSequences) {
  const tests::SharedPrefixes shared;
  for (const GqaShape& shape : {kShared, kOdd, GqaShape{4, 1, 20, 0.3, true}}) {
    SCOPED_TRACE(testing::Message() << shape.num_heads << "/" << shape.num_kv_heads << " of " << shape.head_dim);
    Case c = make_case(shape, shared.length, 80);
    c.prefix = shared.prefix;
    const Tensor out = c.run(), whole = run_joined(c);
    EXPECT_LE(tests::relative_error(out, whole), 1e-15);
    const auto mine = gradients(c, out, wave(out)), expected = gradients(c, whole, wave(out));
    for (size_t i = 0; i < 3; ++i) EXPECT_LE(tests::relative_error(mine[i], expected[i]), 1e-14) << i;

    const Case narrow = c.to(at::kFloat);
    const Tensor narrow_out = narrow.run();
    EXPECT_TRUE(tests::same_bits(narrow_out, run_joined(narrow)));
    const auto first = gradients(narrow, narrow_out, wave(narrow_out));
    const auto again = gradients(narrow, narrow.run(), wave(narrow_out));
    for (size_t i = 0; i < 3; ++i) {
      EXPECT_TRUE(tests::same_bits(first[i], again[i])) << i;
      EXPECT_LE(tests::relative_error(first[i], expected[i]), 1e-5) << i;
    }
  }
}

// Longer than what the backward pass takes of the keys at a time, and with a prefix that ends within such a chunk.
TEST(GqaAttention, LongSequencesAreWhatTheyAreWhole) {
  const Case alone = make_case(kOdd, {1100, 5}, 50);
  const Tensor expected = reference(alone), out = alone.run();
  EXPECT_LE(tests::relative_error(out, expected), 1e-13);
  const auto mine = gradients(alone, out, wave(out)), exact = gradients(alone, expected, wave(out));
  for (size_t i = 0; i < 3; ++i) EXPECT_LE(tests::relative_error(mine[i], exact[i]), 1e-12) << i;

  Case shared = make_case(kOdd, {700, 600, 30}, 60);
  shared.prefix = {-1, 0, 0};
  const Tensor tree = shared.run(), whole = run_joined(shared);
  const auto of_tree = gradients(shared, tree, wave(tree)), of_whole = gradients(shared, whole, wave(whole));
  for (size_t i = 0; i < 3; ++i) EXPECT_LE(tests::relative_error(of_tree[i], of_whole[i]), 1e-13) << i;
}

TEST(GqaAttention, HeadsOnManyThreadsGiveTheSameBits) {
  const Case c = make_case(kOdd, {2100}, 70).to(at::kFloat);
  const Tensor out = c.run();
  const auto expected = gradients(c, out, wave(out));
  const OperationThreads threads(2);
  const Tensor again = c.run();
  EXPECT_TRUE(tests::same_bits(again, out));
  const auto mine = gradients(c, again, wave(out));
  for (size_t i = 0; i < 3; ++i) EXPECT_TRUE(tests::same_bits(mine[i], expected[i])) << i;
}

TEST(GqaAttention, SharedHeadsHaveTheBitsOfRepeatedOnes) {
  const Case shared = make_case({6, 2, 16, 0.25}, {50, 3}, 40).to(at::kFloat);
  Case repeated = shared;
  repeated.shape.num_kv_heads = 6;
  const auto repeat = [](const Tensor& t) {
    const Tensor heads = t.detach().view({t.size(0), 2, 16}).repeat_interleave(3, 1);
    return heads.reshape({t.size(0), -1}).requires_grad_(true);
  };
  repeated.k = repeat(shared.k), repeated.v = repeat(shared.v);
  const Tensor out = shared.run(), same = repeated.run();
  EXPECT_TRUE(tests::same_bits(out, same));
  const auto mine = gradients(shared, out, wave(out)), theirs = gradients(repeated, same, wave(out));
  EXPECT_TRUE(tests::same_bits(mine[0], theirs[0]));
  for (size_t i = 1; i < 3; ++i) {
    const Tensor sum = theirs[i].to(at::kDouble).view({53, 2, 3, 16}).sum(2).view({53, 32});
    EXPECT_LE(largest_difference(mine[i], sum), 1e-5) << i;
  }
}

TEST(GqaAttention, TakesRowsOfAWiderTensor) {
  const Case c = make_case(kOdd, {20}, 50);
  const Tensor fused = at::cat({c.q, c.k, c.v}, 1);
  const auto parts = fused.split_with_sizes({24, 12, 12}, 1);
  const Tensor out = gqa_attention(parts[0], parts[1], parts[2], c.cosine, c.sine, c.offsets, c.shape);
  EXPECT_TRUE(tests::same_bits(out, c.run()));
}

TEST(GqaAttention, TakesEmptyInputAndEmptySequences) {
  const Case c = make_case(kOdd, {0, 3, 0, 0}, 60);
  EXPECT_LE(largest_difference(c.run(), reference(make_case(kOdd, {3}, 60))), 1e-13);
  const Case none = make_case(kOdd, {}, 61);
  const Tensor out = none.run();
  EXPECT_EQ(out.sizes(), (std::vector<int64_t>{0, 24}));
  EXPECT_EQ(gradients(none, out, out)[1].sizes(), (std::vector<int64_t>{0, 12}));
}

TEST(GqaAttention, NamesWhatIsWrong) {
  Case c = make_case(kOdd, {4}, 70);
  const auto message = [&] { return tests::shape_error([&] { c.run(); }); };
  c.offsets = {0, 3};
  EXPECT_EQ(message(), "[gqa_attention] offsets: end with 3, but q has T = 4");
  c.offsets = {0, 4};
  c.cosine = c.cosine.narrow(0, 0, 3);
  c.sine = c.sine.narrow(0, 0, 3);
  EXPECT_EQ(message(), "[gqa_attention] offsets: sequence 0 has 4 tokens, but cosine has P = 3");
  c.offsets = {0, 3, 4};
  c.prefix = {-1, 0};
  EXPECT_EQ(message(), "[gqa_attention] offsets: sequence 1 has 4 tokens with its prefix, but cosine has P = 3");
  c.v = c.v.narrow(1, 0, 6);
  EXPECT_EQ(message(), "[gqa_attention] v: Y is 6, but the call has Y = 12");
  c.shape.num_kv_heads = 3;
  EXPECT_EQ(message(), "[gqa_attention] shape: 3 key heads cannot be shared evenly by 4 query heads");
  c.shape.num_kv_heads = 2;
  c.shape.head_dim = 5;
  EXPECT_EQ(message(), "[gqa_attention] shape: head_dim is 5, but RoPE turns pairs: it must be even");
}

}  // namespace
}  // namespace aha::ops::gqa_attention_test
