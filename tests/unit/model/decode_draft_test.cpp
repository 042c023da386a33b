// Drafts against the training forward's MTP module, and against the same drafts in other company.
#include <ATen/core/grad_mode.h>

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "aha/core/error.h"
#include "aha/model/decoder.h"
#include "aha/ops/linear.h"
#include "unit/model/decoded_text.h"

namespace aha::model::decode_draft_test {
namespace {

constexpr DecodeOptions kFloat32{.with_mtp = true};
constexpr DecodeOptions kBFloat16{.type = ops::NumberType::kBFloat16, .with_mtp = true};
constexpr int64_t kLength = 150;  // three pages

/// Latent attention with and without query latents, and grouped queries; a dense module among them.
std::vector<ModelConfig> draft_configs() {
  ModelConfig plain = plain_config(), grouped = tiny_qwen3_moe(), dense = tiny_qwen2();
  std::vector<ModelConfig> configs;
  for (ModelConfig config : {tiny_config(), plain, grouped, dense}) {
    config.num_nextn_predict_layers = 1;
    configs.push_back(long_config(config));
  }
  return configs;
}

/// Three panels and more in every product, so that each of three threads has columns of its own.
ModelConfig wide(ModelConfig config) {
  config.vocab_size = 150;
  config.hidden_size = 104;
  config.initializer_range = 0.1;
  return config;
}

Model stirred(const ModelConfig& config, at::ScalarType dtype = at::kFloat) {
  Model model = Model::make(config, 5, dtype);
  stir(model);
  return model;
}

/// What the module made of a text: a draft for every token but the last, and what it left in the cache.
struct Drafted {
  std::vector<int32_t> tokens;
  std::vector<uint8_t> slots;
  bool operator==(const Drafted&) const = default;
};

void append_slot(KvCache& cache, const DecodeRow& row, int64_t layer, std::vector<uint8_t>& slots) {
  const int32_t page = row.pages[row.position / kPageTokens];
  const int64_t index = row.position % kPageTokens;
  const bool is_wide = cache.type() == ops::NumberType::kFloat32;
  const void* slot = is_wide ? static_cast<const void*>(cache.slot(page, layer, index))
                             : static_cast<const void*>(cache.bfloat16_slot(page, layer, index));
  const auto* bytes = static_cast<const uint8_t*>(slot);
  slots.insert(slots.end(), bytes, bytes + cache.width() * ops::bytes_of(cache.type()));
}

Drafted draft_text(const DecodeWeights& weights, Text text, KvCache& cache, int64_t rows_per_step, int num_threads) {
  Decoder decoder(weights, cache, rows_per_step, num_threads);
  const int64_t layer = weights.config().num_hidden_layers;
  Drafted drafted;
  while (text.num_done + 1 < std::ssize(text.tokens)) {
    std::vector<DecodeRow> rows;
    std::vector<DraftRow> draft_rows;
    while (std::ssize(rows) < rows_per_step && text.num_done + 1 < std::ssize(text.tokens)) {
      draft_rows.push_back({static_cast<int32_t>(rows.size()), text.tokens[text.num_done + 1], true});
      rows.push_back(text.next_row());
    }
    decoder.step(rows);
    const std::span<const int32_t> tokens = decoder.draft(draft_rows);
    drafted.tokens.insert(drafted.tokens.end(), tokens.begin(), tokens.end());
    for (const DecodeRow& row : rows) append_slot(cache, row, layer, drafted.slots);
  }
  return drafted;
}

Drafted draft_text(const DecodeWeights& weights, int64_t rows_per_step, int num_threads, int32_t start = 3) {
  const ModelConfig& config = weights.config();
  KvCache cache(config, bytes_for(config, 3, weights.options()), weights.options());
  return draft_text(weights, make_text(cache, kLength, config.vocab_size, start), cache, rows_per_step, num_threads);
}

/// [sum of the lengths, V]: what training says of the tokens after next, texts packed.
at::Tensor trained_logits(const Model& model, const std::vector<int32_t>& tokens) {
  const at::NoGradGuard no_grad;
  const std::vector<int32_t> other = token_row(30, model.config().vocab_size, 1);
  const ForwardOutput output = model.forward(pack_tokens({&other, &tokens}), {.with_mtp = true});
  const char* head = model.config().tie_word_embeddings ? "embed_tokens" : "lm_head";
  return ops::linear(output.mtp_hidden_TD.narrow(0, 30, std::ssize(tokens)), model.parameter(head).to(at::kFloat));
}

/// Of how many drafts the training forward thinks as much as of its own likeliest, up to `margin`.
int64_t count_agreed(const at::Tensor& logits_TV, const std::vector<int32_t>& tokens, double margin) {
  int64_t count = 0;
  for (int64_t t = 0; t < std::ssize(tokens); ++t) {
    count += logits_TV[t].max().item<double>() - logits_TV[t][tokens[t]].item<double>() <= margin;
  }
  return count;
}

TEST(DecodeDraft, IsWhatTheTrainingForwardThinksLikeliest) {
  for (const ModelConfig& config : draft_configs()) {
    SCOPED_TRACE(config.model_type);
    const Model model = stirred(config);
    const at::Tensor trained = trained_logits(model, token_row(kLength, config.vocab_size, 3));
    const std::vector<int32_t> tokens = draft_text(DecodeWeights(model, kFloat32), 1, 1).tokens;
    ASSERT_EQ(std::ssize(tokens), kLength - 1);
    EXPECT_EQ(count_agreed(trained, tokens, 1e-4), kLength - 1);
    EXPECT_GE(std::set(tokens.begin(), tokens.end()).size(), 8);  // the drafts say something
    EXPECT_GE(trained.std().item<double>(), 0.5);
  }
}

TEST(DecodeDraft, InBFloat16StaysNearTheForwardOfTheRoundedModel) {
  for (const ModelConfig& small : draft_configs()) {
    SCOPED_TRACE(small.model_type);
    const ModelConfig config = wide(small);
    const Model model = stirred(config, at::kBFloat16);
    const at::Tensor trained = trained_logits(model, token_row(kLength, config.vocab_size, 3));
    const std::vector<int32_t> tokens = draft_text(DecodeWeights(model, kBFloat16), 7, 1).tokens;
    // A router's near tie may fall the other way; what the module then says is another matter.
    EXPECT_GE(count_agreed(trained, tokens, 0.05), 130);
  }
}

TEST(DecodeDraft, InAnyStepsOnAnyThreadsHasTheSameBits) {
  for (const ModelConfig& small : draft_configs()) {
    for (const ModelConfig& config : {small, wide(small)}) {
      for (const DecodeOptions& options : {kFloat32, kBFloat16}) {
        SCOPED_TRACE(config.model_type + " " + std::to_string(config.hidden_size));
        const DecodeWeights weights(stirred(config), options);
        const Drafted alone = draft_text(weights, 1, 1);
        for (const int num_threads : {1, 2, 3}) {
          for (const int64_t rows : {1, 7, 149}) {
            EXPECT_TRUE(draft_text(weights, rows, num_threads) == alone) << num_threads << " threads, " << rows;
          }
        }
      }
    }
  }
}

// Two texts side by side, each with a row behind that no draft is made for: a token that was not drawn. The next step
// writes over its place.
TEST(DecodeDraft, TakesSomeRowsOfSeveralTexts) {
  for (const ModelConfig& config : draft_configs()) {
    SCOPED_TRACE(config.model_type);
    const DecodeWeights weights(stirred(config), kFloat32);
    KvCache cache(config, bytes_for(config, 6, kFloat32), kFloat32);
    Text texts[] = {make_text(cache, kLength, config.vocab_size, 3), make_text(cache, kLength, config.vocab_size, 8)};
    std::vector<int32_t> drafted[2];
    Decoder decoder(weights, cache, 4, 2);
    for (int32_t t = 0; t + 1 < kLength; ++t) {
      std::vector<DecodeRow> rows;
      for (Text& text : texts) {
        rows.push_back(text.next_row());
        rows.push_back({(text.tokens[t + 1] + 1) % 23, t + 1, text.pages.data(), true});
      }
      decoder.step(rows);
      const bool is_asked = t % 3 != 0;
      const auto tokens = decoder.draft(std::vector<DraftRow>{{0, texts[0].tokens[t + 1], is_asked},  //
                                                              {2, texts[1].tokens[t + 1], true}});
      ASSERT_EQ(tokens.size(), 2);
      drafted[0].push_back(tokens[0]);
      drafted[1].push_back(tokens[1]);
    }
    std::vector<int32_t> expected = draft_text(weights, 1, 1).tokens;
    for (size_t t = 0; t < expected.size(); t += 3) expected[t] = -1;
    EXPECT_EQ(drafted[0], expected);
    EXPECT_EQ(drafted[1], draft_text(weights, 1, 1, 8).tokens);
  }
}

TEST(DecodeDraft, MayBeAskedTwiceAndLeavesTheLogits) {
  const ModelConfig config = draft_configs()[0];
  const DecodeWeights weights(stirred(config), kFloat32);
  KvCache cache(config, bytes_for(config, 1, kFloat32), kFloat32);
  Text text = make_text(cache, 20, config.vocab_size, 3);
  Decoder decoder(weights, cache, 2);
  std::vector<int32_t> tokens;
  for (int step = 0; step < 8; ++step) {
    const float* logits = decoder.step(std::vector<DecodeRow>{text.next_row(), text.next_row()});
    const std::vector<float> before(logits, logits + 2 * config.vocab_size);
    const std::vector<DraftRow> rows{{0, text.tokens[2 * step + 1], true}, {1, text.tokens[2 * step + 2], true}};
    const auto first = decoder.draft(rows);
    const std::vector<int32_t> kept(first.begin(), first.end());
    const auto second = decoder.draft(rows);
    EXPECT_TRUE(std::equal(second.begin(), second.end(), kept.begin(), kept.end()));
    EXPECT_EQ(std::vector<float>(logits, logits + 2 * config.vocab_size), before);
    EXPECT_TRUE(decoder.draft({}).empty());
    tokens.insert(tokens.end(), kept.begin(), kept.end());
  }
  const std::vector<int32_t> expected = draft_text(weights, 1, 1).tokens;
  EXPECT_TRUE(std::equal(tokens.begin(), tokens.end(), expected.begin()));
}

// The logits of a head of zeros are all equal: the first token is the likeliest, however the columns were cut.
TEST(DecodeDraft, OfEqualsIsTheFirst) {
  const ModelConfig config = wide(tiny_config());
  const Model model = stirred(config);
  {
    const at::NoGradGuard no_grad;
    at::Tensor(model.parameter("lm_head")).zero_();
  }
  const std::vector<int32_t> zeros(63, 0);
  for (const int num_threads : {1, 2, 3}) {
    KvCache cache(config, bytes_for(config, 1, kFloat32), kFloat32);
    const Text text = make_text(cache, 64, config.vocab_size, 3);
    EXPECT_EQ(draft_text(DecodeWeights(model, kFloat32), text, cache, 3, num_threads).tokens, zeros);
  }
}

TEST(DecodeDraft, FollowsAnUpdateOfTheWeights) {
  for (const ModelConfig& config : draft_configs()) {
    SCOPED_TRACE(config.model_type);
    const Model second = Model::make(config, 7);
    DecodeWeights weights(stirred(config), kFloat32);
    const Drafted before = draft_text(weights, 7, 1);
    weights.update(second);
    EXPECT_TRUE(draft_text(weights, 7, 1) == draft_text(DecodeWeights(second, kFloat32), 7, 1));
    EXPECT_FALSE(draft_text(weights, 7, 1) == before);
  }
}

TEST(DecodeDraft, CostsALayerOfTheCacheAndTheModulesWeights) {
  const ModelConfig config = tiny_config();
  // 3 layers, 6 latents and 4 rope values of 4 bytes, 64 tokens.
  EXPECT_EQ(KvCache::page_bytes(config, kFloat32), 3 * (6 + 4) * 4 * 64);
  EXPECT_EQ(KvCache::page_bytes(config, kBFloat16), 3 * (6 + 4) * 2 * 64);
  // A dense layer of grouped queries (24 wide, 4 queries, 2 keys, 2 values of 6), 24 x 48 of the projection, 3 norms.
  ModelConfig dense = tiny_grouped();
  dense.num_nextn_predict_layers = 1;
  dense.first_k_dense_replace = 3;
  const Model model = Model::make(dense, 1);
  const int64_t layer = 24 * (24 + 12 + 12) + 24 * 24 + 3 * 24 * 20 + 2 * 24;
  EXPECT_EQ(DecodeWeights(model, kFloat32).bytes() - DecodeWeights(model).bytes(), 4 * (layer + 24 * 48 + 3 * 24));
}

TEST(DecodeDraft, NeedsAModuleItsLayerAndRowsOfTheLastStep) {
  ModelConfig config = tiny_config();
  const DecodeWeights weights(stirred(config), kFloat32);
  KvCache cache(config, bytes_for(config, 1, kFloat32), kFloat32), small(config, bytes_for(config, 1));
  EXPECT_THROW(Decoder(weights, small, 1), ShapeError);
  Decoder decoder(weights, cache, 2);
  EXPECT_THROW(decoder.draft(std::vector<DraftRow>{{0, 0, true}}), ShapeError);
  const int32_t page = cache.allocate();
  decoder.step(std::vector<DecodeRow>{{1, 0, &page, true}, {2, 1, &page, true}});
  EXPECT_THROW(decoder.draft(std::vector<DraftRow>{{2, 0, true}}), ShapeError);
  EXPECT_THROW(decoder.draft(std::vector<DraftRow>{{-1, 0, true}}), ShapeError);
  EXPECT_THROW(decoder.draft(std::vector<DraftRow>{{1, 0, true}, {0, 0, true}}), ShapeError);
  EXPECT_THROW(decoder.draft(std::vector<DraftRow>{{0, 23, true}}), ShapeError);
  EXPECT_EQ(decoder.draft(std::vector<DraftRow>{{1, 22, false}})[0], -1);

  const DecodeWeights without(stirred(config));
  Decoder plain(without, small, 1);
  EXPECT_THROW(plain.draft(std::vector<DraftRow>{{0, 0, true}}), ShapeError);
  config.num_nextn_predict_layers = 0;
  EXPECT_THROW(DecodeWeights(Model::make(config, 1), kFloat32), ShapeError);
}

}  // namespace
}  // namespace aha::model::decode_draft_test
