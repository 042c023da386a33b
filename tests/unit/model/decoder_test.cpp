// The decode forward against the training forward, and rows against the same rows in other company.
#include <ATen/core/grad_mode.h>
#include <ATen/ops/full.h>
#include <torch/csrc/autograd/generated/variable_factories.h>

#include "aha/model/decoder.h"

#include <gtest/gtest.h>

#include <cmath>

#include "aha/core/error.h"
#include "unit/model/decoded_text.h"

namespace aha::model::decoder_test {
namespace {

/// What no family has together: one key-value head, a bias on o_proj too, pairs side by side.
ModelConfig biased_config() {
  ModelConfig config = tiny_grouped();
  config.num_key_value_heads = 1;
  config.has_qkv_bias = config.has_o_bias = config.has_qk_norm = true;
  config.rope_interleave = true;
  return config;
}

Model stirred(const ModelConfig& config, uint64_t seed) {
  Model model = Model::make(config, seed);
  stir(model);
  return model;
}

std::vector<std::pair<std::string, ModelConfig>> configs() {
  ModelConfig groups = long_config(plain_config());
  groups.n_group = 4;
  groups.topk_group = 2;
  groups.n_shared_experts = 2;
  groups.norm_topk_prob = true;
  ModelConfig dense = long_config(plain_config());
  dense.n_routed_experts = dense.num_experts_per_tok = 0;
  dense.first_k_dense_replace = dense.num_hidden_layers;
  return {{"q_lora, groups, shared, YaRN", long_config(tiny_config())},
          {"q_proj, no groups, tied", long_config(plain_config())},
          {"groups, two shared", groups},
          {"dense", dense},
          {"deepseek_v2", long_config(tiny_deepseek_v2())},
          {"qwen2", long_config(tiny_qwen2())},
          {"qwen3", long_config(tiny_qwen3())},
          {"qwen3_moe", long_config(tiny_qwen3_moe())},
          {"llama", long_config(tiny_llama())},
          {"grouped, biases everywhere, interleaved", long_config(biased_config())}};
}

TEST(Decoder, FollowsTheTrainingForwardTokenByToken) {
  for (const auto& [name, config] : configs()) {
    SCOPED_TRACE(name);
    const Model model = stirred(config, 5);
    KvCache cache(config, bytes_for(config, 4));
    const DecodeWeights weights(model);
    const Text text = make_text(cache, 150, config.vocab_size, 3);
    const at::Tensor decoded = to_tensor(decode(weights, cache, text, 1));

    const at::NoGradGuard no_grad;
    const at::Tensor trained = model.logits(pack_tokens({&text.tokens}));
    const at::Tensor difference = (decoded.log_softmax(1) - trained.log_softmax(1)).abs();
    EXPECT_LE(difference.max().item<double>(), 1e-5);
    EXPECT_GE(trained.std().item<double>(), 0.5);  // the logits say something
  }
}

TEST(Decoder, PromptsInOneStepOrInManyGiveTheSameBits) {
  for (const auto& [name, config] : configs()) {
    SCOPED_TRACE(name);
    KvCache cache(config, bytes_for(config, 12));
    const DecodeWeights weights(stirred(config, 6));
    const auto text = [&] { return make_text(cache, 130, config.vocab_size, 1); };
    const auto one = decode(weights, cache, text(), 1);
    EXPECT_EQ(one, decode(weights, cache, text(), 7));
    EXPECT_EQ(one, decode(weights, cache, text(), 130));
  }
}

TEST(Decoder, ARowOf130HasTheBitsItHasAlone) {
  constexpr int64_t kTexts = 130;
  for (const auto& [name, config] : configs()) {
    SCOPED_TRACE(name);
    const DecodeWeights weights(stirred(config, 7));
    KvCache cache(config, bytes_for(config, 2 * kTexts * 2));
    std::vector<Text> texts;
    std::vector<std::vector<std::vector<float>>> alone;
    for (int64_t i = 0; i < kTexts; ++i) {
      texts.push_back(make_text(cache, 1 + i % 70, config.vocab_size, static_cast<int32_t>(i)));
      alone.push_back(
          decode(weights, cache, make_text(cache, 1 + i % 70, config.vocab_size, static_cast<int32_t>(i)), 1));
    }
    Decoder together(weights, cache, kTexts);
    for (int64_t step = 0; step < 70; ++step) {
      std::vector<DecodeRow> rows;
      std::vector<int64_t> owner;
      for (int64_t i = 0; i < kTexts; ++i) {
        if (texts[i].num_done == std::ssize(texts[i].tokens)) continue;
        rows.push_back(texts[i].next_row());
        owner.push_back(i);
      }
      const float* logits = together.step(rows);
      for (int64_t r = 0; r < std::ssize(rows); ++r) {
        ASSERT_EQ(copy_row(logits, r, config.vocab_size), alone[owner[r]][step]) << "text " << owner[r];
      }
    }
  }
}

TEST(Decoder, LogitsComeForTheRowsThatWantThem) {
  const ModelConfig config = tiny_config();
  KvCache cache(config, bytes_for(config, 2));
  const DecodeWeights weights(Model::make(config, 8));
  Text text = make_text(cache, 5, config.vocab_size, 2);
  const auto all = decode(weights, cache, make_text(cache, 5, config.vocab_size, 2), 5);
  Decoder decoder(weights, cache, 5);
  std::vector<DecodeRow> rows;
  for (int i = 0; i < 5; ++i) {
    rows.push_back(text.next_row());
    rows.back().wants_logits = i == 1 || i == 4;
  }
  const float* logits = decoder.step(rows);
  EXPECT_EQ(copy_row(logits, 0, config.vocab_size), all[1]);
  EXPECT_EQ(copy_row(logits, 1, config.vocab_size), all[4]);
}

// Scores of so many rows and heads do not fit at once.
TEST(Decoder, ALongPromptInOneStepHasTheBitsOfItsTokensAlone) {
  for (ModelConfig config : {plain_config(), tiny_qwen3()}) {
    SCOPED_TRACE(config.model_type);
    config.max_position_embeddings = 512;
    const DecodeWeights weights(stirred(config, 6));
    KvCache cache(config, bytes_for(config, 16));
    const auto text = [&] { return make_text(cache, 500, config.vocab_size, 1); };
    EXPECT_EQ(decode(weights, cache, text(), 500), decode(weights, cache, text(), 1));
  }
}

/// The first page is shared, the second copied after 70 tokens; the original then writes other tokens over it.
void expect_fork_goes_on(const ModelConfig& config) {
  KvCache cache(config, bytes_for(config, 6));
  const DecodeWeights weights(stirred(config, 9));
  const auto expected = decode(weights, cache, make_text(cache, 80, config.vocab_size, 4), 80);

  Text prompt = make_text(cache, 80, config.vocab_size, 4);
  Decoder decoder(weights, cache, 80);
  std::vector<DecodeRow> rows;
  for (int i = 0; i < 70; ++i) rows.push_back(prompt.next_row());
  decoder.step(rows);
  Text fork = prompt;
  fork.pages[1] = cache.copy(prompt.pages[1]);
  for (int i = 70; i < 80; ++i) prompt.tokens[i] = (prompt.tokens[i] + 1) % static_cast<int32_t>(config.vocab_size);
  for (int i = 70; i < 80; ++i) {
    const float* logits = decoder.step(std::vector<DecodeRow>{prompt.next_row(), fork.next_row()});
    EXPECT_EQ(copy_row(logits, 1, config.vocab_size), expected[i]) << i;
    EXPECT_NE(copy_row(logits, 0, config.vocab_size), expected[i]) << i;
  }
}

TEST(Decoder, AForkGoesOnAsTheWholeWouldHave) {
  for (const auto& [name, config] : configs()) {
    SCOPED_TRACE(name);
    expect_fork_goes_on(config);
  }
}

TEST(Decoder, WeightsAreThoseOfTheMomentTheyWerePacked) {
  const ModelConfig config = tiny_config();
  KvCache cache(config, bytes_for(config, 2));
  const Model model = Model::make(config, 8);
  const DecodeWeights weights(model);
  const auto before = decode(weights, cache, make_text(cache, 3, config.vocab_size, 2), 3);
  {
    const at::NoGradGuard no_grad;
    for (const NamedTensor& item : model.parameters()) at::Tensor(item.tensor).mul_(0.5);
  }
  EXPECT_EQ(decode(weights, cache, make_text(cache, 3, config.vocab_size, 2), 3), before);
}

TEST(Decoder, RefusesRowsItHasNoRoomFor) {
  const ModelConfig config = tiny_config();
  KvCache cache(config, bytes_for(config, 1));
  const DecodeWeights weights(Model::make(config, 8));
  const int32_t page = cache.allocate();
  Decoder decoder(weights, cache, 1);
  EXPECT_THROW(decoder.step(std::vector<DecodeRow>(2, {0, 0, &page, true})), ShapeError);
  EXPECT_THROW(decoder.step(std::vector<DecodeRow>{{23, 0, &page, true}}), ShapeError);
  EXPECT_THROW(decoder.step(std::vector<DecodeRow>{{0, 64, &page, true}}), ShapeError);
}

TEST(KvCache, CountsReferences) {
  const ModelConfig config = tiny_config();
  KvCache cache(config, bytes_for(config, 3) + 1);
  ASSERT_EQ(cache.num_pages(), 3);
  const int32_t a = cache.allocate(), b = cache.allocate();
  EXPECT_EQ(cache.num_free_pages(), 1);
  cache.retain(a);
  cache.release(a);
  EXPECT_EQ(cache.num_free_pages(), 1);
  cache.slot(b, 1, 63)[9] = 42;
  const int32_t c = cache.copy(b);
  EXPECT_EQ(cache.slot(c, 1, 63)[9], 42);
  EXPECT_EQ(cache.allocate(), -1);
  EXPECT_EQ(cache.copy(b), -1);
  cache.release(a);
  EXPECT_EQ(cache.allocate(), a);
  cache.release(c);
  EXPECT_THROW(cache.release(c), ShapeError);
  EXPECT_THROW(cache.retain(c), ShapeError);
}

TEST(KvCache, HoldsTheNumbersItPromises) {
  // 2 layers, 6 latents and 4 rope values of 4 bytes, 64 tokens.
  const ModelConfig config = tiny_config();
  KvCache cache(config, 1 << 20);
  EXPECT_EQ(cache.page_bytes(), 2 * (6 + 4) * 4 * 64);
  EXPECT_EQ(cache.num_pages(), (1 << 20) / 5120);
  EXPECT_EQ(KvCache(config, -1).num_pages(), 0);
  // Keys and values of 2 heads of 6.
  EXPECT_EQ(KvCache::page_bytes(tiny_grouped()), 2 * (2 * 6 + 2 * 6) * 4 * 64);
}

TEST(KvCache, OfGroupedQueriesHoldsTurnedKeysThenValues) {
  // The second position of a head of 2 that starts at (1, 0) and turns by 1 a token; values pass as they are.
  ModelConfig config = tiny_grouped();
  config.hidden_size = config.num_attention_heads = config.num_key_value_heads = 1;
  config.head_dim = 2;
  config.num_hidden_layers = config.first_k_dense_replace = 1;
  const Model model = Model::make(config, 1);
  {
    const at::NoGradGuard no_grad;
    const auto set = [&](const char* name, const at::Tensor& value) { at::Tensor(model.parameter(name)).copy_(value); };
    set("embed_tokens", at::full({23, 1}, 100.0));  // its norm is 1
    set("layers.0.attention.k_proj", torch::tensor({1.0, 0.0}).unsqueeze(1));
    set("layers.0.attention.v_proj", torch::tensor({3.0, -4.0}).unsqueeze(1));
  }
  KvCache cache(config, bytes_for(config, 1));
  decode(DecodeWeights(model), cache, make_text(cache, 2, config.vocab_size, 0), 1);
  const float* slot = std::as_const(cache).slot(0, 0, 1);
  const double expected[] = {std::cos(1.0), std::sin(1.0), 3, -4};
  for (int i = 0; i < 4; ++i) EXPECT_NEAR(slot[i], expected[i], 1e-6) << i;
}

}  // namespace
}  // namespace aha::model::decoder_test
