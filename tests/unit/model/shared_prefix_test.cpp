// Sequences that go on from a shared one are whole sequences: in bits forward, in gradients, in what experts count.
#include <ATen/TensorOperators.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/cos.h>
#include <ATen/ops/equal.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/generated/variable_factories.h>

#include "aha/model/model.h"

#include <gtest/gtest.h>

#include <cmath>

#include "aha/core/error.h"
#include "support/joined_sequences.h"
#include "unit/model/tiny_models.h"

namespace aha::model::shared_prefix_test {
namespace {

using at::Tensor;

std::vector<ModelConfig> configs() {
  std::vector<ModelConfig> all = {tiny_config(), plain_config(), tiny_deepseek_v2(), tiny_grouped(),
                                  tiny_qwen2(),  tiny_qwen3(),   tiny_qwen3_moe(),   tiny_llama()};
  for (ModelConfig& config : all) config.max_position_embeddings = 128;
  return all;
}

PackedTokens shared_tokens() {
  const tests::SharedPrefixes shared;
  PackedTokens tokens = packed_rows(shared.length, 23);
  tokens.prefix = shared.prefix;
  return tokens;
}

PackedTokens joined_tokens(const PackedTokens& tokens, const tests::JoinedSequences& joined) {
  return {tokens.token_T.index_select(0, joined.row_J), joined.offsets};
}

/// A loss that weighs each row's prediction differently.
Tensor loss_of(const Model& model, const Tensor& hidden_TD, const Tensor& token_T) {
  const Tensor logprob_T = model.score(hidden_TD, token_T.roll(-1)).logprob_T;
  return (logprob_T * at::cos(at::arange(logprob_T.numel(), logprob_T.options()))).sum();
}

std::vector<Tensor> gradients(const Model& model, const Tensor& loss) {
  std::vector<Tensor> inputs;
  for (const NamedTensor& parameter : model.parameters()) inputs.push_back(parameter.tensor);
  return torch::autograd::grad({loss}, inputs, {}, false, false, /*allow_unused=*/true);
}

TEST(SharedPrefix, RowsHaveTheBitsOfWholeSequences) {
  const PackedTokens tokens = shared_tokens();
  const auto joined = tests::joined_sequences(tokens.offsets, tokens.prefix);
  for (const ModelConfig& config : configs()) {
    const Model model = Model::make(config, 3);
    stir(model);
    const Tensor whole = model.forward(joined_tokens(tokens, joined)).hidden_TD.index_select(0, joined.own_T);
    EXPECT_TRUE(at::equal(model.forward(tokens).hidden_TD, whole)) << config.model_type;
  }
}

TEST(SharedPrefix, GradientsAreThoseOfWholeSequences) {
  const PackedTokens tokens = shared_tokens();
  const auto joined = tests::joined_sequences(tokens.offsets, tokens.prefix);
  for (const ModelConfig& config : configs()) {
    SCOPED_TRACE(config.model_type);
    const Model model = Model::make(config, 3, at::kDouble);
    stir(model);
    const Tensor whole_TD = model.forward(joined_tokens(tokens, joined)).hidden_TD.index_select(0, joined.own_T);
    const Tensor whole = loss_of(model, whole_TD, tokens.token_T);
    const Tensor shared = loss_of(model, model.forward(tokens).hidden_TD, tokens.token_T);
    EXPECT_NEAR(shared.item<double>(), whole.item<double>(), 1e-12 * std::abs(whole.item<double>()));
    const auto expected = gradients(model, whole), mine = gradients(model, shared);
    const Tensor again_TD = model.forward(tokens, {.recompute = true}).hidden_TD;
    const auto recomputed = gradients(model, loss_of(model, again_TD, tokens.token_T));
    for (size_t i = 0; i < expected.size(); ++i) {
      if (!expected[i].defined()) continue;
      SCOPED_TRACE(model.parameters()[i].name);
      const double largest = expected[i].abs().max().item<double>();
      EXPECT_LE((mine[i] - expected[i]).abs().max().item<double>(), 1e-12 * largest);
      EXPECT_TRUE(at::equal(mine[i], recomputed[i]));
    }
  }
}

TEST(SharedPrefix, ExpertsCountASharedTokenForEachThatGoesOnFromIt) {
  const Model model = Model::make(plain_config(), 3);
  PackedTokens tokens = packed_rows({7, 1, 3, 5, 0, 4}, 23);
  tokens.prefix = {-1, -1, 0, 0, 0, -1};
  const auto joined = tests::joined_sequences(tokens.offsets, tokens.prefix);
  const Tensor whole = model.forward(joined_tokens(tokens, joined)).expert_counts.at(0);
  // Written out, the first sequence also stands alone.
  const Tensor alone = model.forward({tokens.token_T.narrow(0, 0, 7), {0, 7}}).expert_counts.at(0);
  const Tensor counts = model.forward(tokens).expert_counts.at(0);
  EXPECT_EQ(counts.sum().item<int64_t>(), (3 * 7 + 1 + 3 + 5 + 4) * 3);
  EXPECT_TRUE(at::equal(counts, whole - alone));
}

TEST(SharedPrefix, NamesWhatIsWrong) {
  const Model model = Model::make(tiny_config(), 3);
  PackedTokens tokens = packed_rows({30, 34, 35}, 23);
  const auto refuses = [&](std::vector<int64_t> prefix, const ForwardOptions& options = {}) {
    tokens.prefix = std::move(prefix);
    try {
      model.forward(tokens, options);
    } catch (const ShapeError&) {
      return true;
    }
    return false;
  };
  EXPECT_FALSE(refuses({-1, 0, -1}));
  EXPECT_TRUE(refuses({-1, 0}));
  EXPECT_TRUE(refuses({1, -1, -1}));
  EXPECT_TRUE(refuses({-1, 1, -1}));
  EXPECT_TRUE(refuses({-1, -2, -1}));
  EXPECT_TRUE(refuses({-1, 0, 1}));
  EXPECT_TRUE(refuses({-1, 0, -1}, {.with_mtp = true}));
  EXPECT_TRUE(refuses({-1, 0, -1}, {.with_balance_loss = true}));
  tokens.prefix = {-1, 0, 0};
  try {
    model.forward(tokens);
    FAIL() << "65 positions are more than 64";
  } catch (const InputError& error) {
    EXPECT_STREQ(error.what(), "sequence 2: has 65 tokens, but the model's max_position_embeddings is 64");
  }
}

}  // namespace
}  // namespace aha::model::shared_prefix_test
