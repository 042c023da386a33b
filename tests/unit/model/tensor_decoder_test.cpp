// Decoding by LibTorch's operations against own kernels, here on the CPU.
#include "model/tensor_decoder.h"

#include <ATen/core/grad_mode.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <limits>

#include "aha/core/error.h"
#include "unit/model/decoded_text.h"

namespace aha::model::tensor_decoder_test {
namespace {

const DecodeOptions kTensors{.tensor_device = at::Device(at::kCPU)};

ModelConfig grouped_config() {
  ModelConfig config = tiny_config();
  config.n_shared_experts = 2;
  config.q_lora_rank.reset();
  return config;
}

/// Biases everywhere, one key-value head, normed queries and keys, pairs side by side.
ModelConfig biased_config() {
  ModelConfig config = tiny_grouped();
  config.num_key_value_heads = 1;
  config.has_qkv_bias = config.has_o_bias = config.has_qk_norm = true;
  config.rope_interleave = true;
  return config;
}

std::vector<ModelConfig> configs() {
  std::vector<ModelConfig> configs;
  for (const ModelConfig& config : {tiny_config(), plain_config(), grouped_config(), tiny_deepseek_v2(), tiny_qwen2(),
                                    tiny_qwen3(), tiny_qwen3_moe(), tiny_llama(), biased_config()}) {
    configs.push_back(long_config(config));
  }
  return configs;
}

Model stirred(const ModelConfig& config, uint64_t seed, at::ScalarType dtype = at::kFloat) {
  Model model = Model::make(config, seed, dtype);
  stir(model);
  return model;
}

/// Nothing in it is a number until it is written.
KvCache make_cache(const ModelConfig& config, int64_t num_pages, const DecodeOptions& options = kTensors) {
  KvCache cache(config, bytes_for(config, num_pages, options), options);
  if (cache.tensor().defined()) at::Tensor(cache.tensor()).fill_(std::numeric_limits<double>::quiet_NaN());
  return cache;
}

at::Tensor decode_text(const DecodeWeights& weights, int64_t length, int64_t rows_per_step) {
  KvCache cache = make_cache(weights.config(), 4, weights.options());
  return to_tensor(decode(weights, cache, make_text(cache, length, weights.config().vocab_size, 3), rows_per_step));
}

double farthest(const at::Tensor& a, const at::Tensor& b) { return (a - b).abs().max().item<double>(); }

/// In float32 both decoders round about as often, in another order: a difference is of the size of the sums.
constexpr double kOfLargest = 1e-5;

TEST(TensorDecoder, SaysWhatTheCpuDecoderSaysInAnySteps) {
  for (const ModelConfig& config : configs()) {
    SCOPED_TRACE(config.model_type);
    const Model model = stirred(config, 5);
    const at::Tensor expected = decode_text(DecodeWeights(model), 150, 1);
    EXPECT_GE(expected.std().item<double>(), 0.5);  // the logits say something
    const DecodeWeights weights(model, kTensors);
    const double bound = kOfLargest * expected.abs().max().item<double>();
    for (const int64_t rows : {1, 7, 150}) {
      EXPECT_LE(farthest(decode_text(weights, 150, rows), expected), bound) << rows;
    }
  }
}

struct Answers {
  std::vector<float> logits;
  std::vector<uint8_t> experts;
};

/// Twelve texts of 30 to 118 tokens: their prompts a few rows a step side by side, then a token each a step. Every
/// second is a fork of the one before, with which it shares its first page.
Answers decode_texts(const DecodeWeights& weights, const std::function<DecodeBackend&(KvCache&)>& backend_over) {
  const ModelConfig& config = weights.config();
  KvCache cache = make_cache(config, 24, weights.options());
  DecodeBackend& backend = backend_over(cache);
  std::vector<Text> texts;
  for (int32_t i = 0; i < 12; ++i) {
    texts.push_back(make_text(cache, i % 2 == 0 ? 30 + 8 * i : 128, config.vocab_size, i / 2));
    if (i % 2 == 0) continue;
    cache.release(texts[i].pages[0]);
    texts[i].pages[0] = texts[i - 1].pages[0];
    texts[i].num_done = std::min<int32_t>(kPageTokens, static_cast<int32_t>(texts[i - 1].tokens.size()));
  }
  Answers answers;
  std::vector<uint8_t> experts(64);
  for (int step = 0; step < 100; ++step) {
    std::vector<DecodeRow> rows;
    for (int i = 0; i < 12; ++i) {
      const bool may_begin = i % 2 == 0 || texts[i - 1].num_done >= std::min<int64_t>(kPageTokens, 30 + 8 * (i - 1));
      for (int n = 0; n < (texts[i].num_done < 20 ? 5 + i % 4 : 1) && may_begin; ++n) {
        if (texts[i].num_done == std::ssize(texts[i].tokens)) break;
        rows.push_back(texts[i].next_row());
        rows.back().wants_logits = (step + i) % 3 != 0;
      }
    }
    if (!rows.empty()) rows.back().experts = experts.data();
    const float* logits = backend.step(rows);
    const int64_t num_wanted =
        std::count_if(rows.begin(), rows.end(), [](const DecodeRow& row) { return row.wants_logits; });
    answers.logits.insert(answers.logits.end(), logits, logits + num_wanted * config.vocab_size);
    answers.experts.insert(answers.experts.end(), experts.begin(), experts.end());
  }
  return answers;
}

Answers decode_texts(const DecodeWeights& weights, int64_t most_numbers) {
  std::unique_ptr<DecodeBackend> backend;
  return decode_texts(weights, [&](KvCache& cache) -> DecodeBackend& {
    if (most_numbers == 0) {
      backend = make_cpu_decoder(weights, cache, 128, 1);
    } else {
      backend = std::make_unique<TensorDecoder>(weights, cache, 128, most_numbers);
    }
    return *backend;
  });
}

TEST(TensorDecoder, TakesManyTextsAStepInBlocksOfAnySize) {
  for (const ModelConfig& config : configs()) {
    SCOPED_TRACE(config.model_type);
    const Model model = stirred(config, 7);
    const Answers expected = decode_texts(DecodeWeights(model), 0);
    const double bound = kOfLargest * *std::max_element(expected.logits.begin(), expected.logits.end());
    const DecodeWeights weights(model, kTensors);
    for (const int64_t most_numbers : {int64_t{1}, int64_t{5000}, TensorDecoder::kMostNumbers}) {
      const Answers answers = decode_texts(weights, most_numbers);
      ASSERT_EQ(answers.logits.size(), expected.logits.size());
      for (size_t i = 0; i < expected.logits.size(); ++i) {
        ASSERT_NEAR(answers.logits[i], expected.logits[i], bound) << i << " of blocks of " << most_numbers;
      }
      EXPECT_EQ(answers.experts, expected.experts);
    }
  }
}

TEST(TensorDecoder, InBFloat16StaysNearTheFloat32ForwardOfTheRoundedModel) {
  const DecodeOptions rounded{.type = ops::NumberType::kBFloat16, .tensor_device = at::Device(at::kCPU)};
  for (const ModelConfig& family : {plain_config(), tiny_qwen2(), tiny_qwen3(), tiny_llama()}) {
    SCOPED_TRACE(family.model_type);
    ModelConfig config = wider(family);
    // A router's near tie may fall the other way, and what a token then says is another matter: all are dense here.
    config.n_routed_experts = config.num_experts_per_tok = 0;
    config.first_k_dense_replace = config.num_hidden_layers;
    const Model model = stirred(config, 5, at::kBFloat16);
    const at::Tensor decoded = decode_text(DecodeWeights(model, rounded), 140, 20).log_softmax(1);
    const std::vector<int32_t> tokens = token_row(140, config.vocab_size, 3);
    const at::NoGradGuard no_grad;
    const at::Tensor trained = model.logits(pack_tokens({&tokens})).log_softmax(1);
    EXPECT_LE(farthest(decoded, trained), 2e-2);
    EXPECT_GT(farthest(decoded, trained), 1e-5);
    EXPECT_LE(farthest(decode_text(DecodeWeights(model, kTensors), 140, 20).log_softmax(1), trained), 1e-5);
  }
}

TEST(TensorDecoder, DraftsWhatTheCpuDecoderDrafts) {
  for (ModelConfig config : {tiny_config(), tiny_qwen3_moe()}) {
    SCOPED_TRACE(config.model_type);
    config.num_nextn_predict_layers = 1;
    const Model model = stirred(long_config(config), 5);
    std::vector<std::vector<int32_t>> drafted;
    for (DecodeOptions options : {DecodeOptions{}, kTensors}) {
      options.with_mtp = true;
      const DecodeWeights weights(model, options);
      KvCache cache = make_cache(model.config(), 3, options);
      Text text = make_text(cache, 150, config.vocab_size, 3);
      Decoder decoder(weights, cache, 3);
      drafted.emplace_back();
      while (text.num_done + 3 < 150) {
        const int32_t* next = text.tokens.data() + text.num_done + 1;
        decoder.step(std::vector<DecodeRow>{text.next_row(), text.next_row(), text.next_row()});
        const bool is_asked = text.num_done % 2 == 0;
        const auto tokens =
            decoder.draft(std::vector<DraftRow>{{0, next[0], true}, {1, next[1], is_asked}, {2, next[2], true}});
        drafted.back().insert(drafted.back().end(), tokens.begin(), tokens.end());
      }
      EXPECT_TRUE(decoder.draft({}).empty());
      EXPECT_THROW(decoder.draft(std::vector<DraftRow>{{3, 0, true}}), ShapeError);
    }
    EXPECT_EQ(drafted[0], drafted[1]);
    EXPECT_EQ(std::count(drafted[0].begin(), drafted[0].end(), -1), 25);
  }
}

TEST(TensorDecoder, RefusesWhatDoesNotFit) {
  const ModelConfig config = tiny_config();
  const Model model = Model::make(config, 8);
  const DecodeWeights weights(model, kTensors), packed(model);
  KvCache cache = make_cache(config, 1), plain(config, bytes_for(config, 1));
  EXPECT_THROW(Decoder(weights, plain, 1), ShapeError);
  EXPECT_THROW(Decoder(packed, cache, 1), ShapeError);
  KvCache rounded(config, 1 << 20, {.type = ops::NumberType::kBFloat16, .tensor_device = at::Device(at::kCPU)});
  EXPECT_THROW(Decoder(weights, rounded, 1), ShapeError);
  KvCache with_mtp(config, 1 << 20, {.with_mtp = true, .tensor_device = at::Device(at::kCPU)});
  EXPECT_THROW(Decoder(weights, with_mtp, 1), ShapeError);
  const int32_t page = cache.allocate();
  Decoder decoder(weights, cache, 1);
  EXPECT_THROW(decoder.step(std::vector<DecodeRow>(2, {0, 0, &page, true})), ShapeError);
  EXPECT_THROW(decoder.step(std::vector<DecodeRow>{{23, 0, &page, true}}), ShapeError);
  EXPECT_THROW(decoder.step(std::vector<DecodeRow>{{0, 64, &page, true}}), ShapeError);
  EXPECT_THROW(decoder.draft(std::vector<DraftRow>{{0, 0, true}}), ShapeError);
}

}  // namespace
}  // namespace aha::model::tensor_decoder_test
