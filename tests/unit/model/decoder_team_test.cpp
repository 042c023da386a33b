// A step on several threads has the bits of one on one thread.
#include <gtest/gtest.h>

#include "aha/model/decoder.h"
#include "unit/model/decoded_text.h"

namespace aha::model::decoder_team_test {
namespace {

/// Three panels and more in every product, so that each of three threads has columns of its own.
ModelConfig wide(ModelConfig config) {
  config.hidden_size = 104;
  config.intermediate_size = 150;
  config.initializer_range = 0.1;
  if (config.n_routed_experts > 0) config.moe_intermediate_size = 70;
  if (config.attention == AttentionKind::kGrouped) {
    config.head_dim = 26;
  } else {
    config.kv_lora_rank = 40;
  }
  return long_config(config);
}

std::vector<ModelConfig> team_configs() {
  ModelConfig one_key = tiny_qwen2(), six_heads = tiny_config();
  one_key.num_key_value_heads = 1;
  one_key.has_o_bias = true;
  six_heads.num_attention_heads = 6;
  std::vector<ModelConfig> configs;
  for (const ModelConfig& config : {tiny_config(), six_heads, plain_config(), tiny_deepseek_v2(), one_key, tiny_qwen3(),
                                    tiny_qwen3_moe(), tiny_llama()}) {
    configs.push_back(long_config(config));
    configs.push_back(wide(config));
  }
  return configs;
}

TEST(DecoderTeam, PromptsAndTokensHaveTheBitsOfOneThread) {
  for (const ModelConfig& config : team_configs()) {
    for (const DecodeOptions& options :
         {DecodeOptions{}, DecodeOptions{.expand_latents = true}, DecodeOptions{.type = ops::NumberType::kBFloat16}}) {
      SCOPED_TRACE(config.model_type + " " + std::to_string(config.hidden_size));
      const Model model = Model::make(config, 5);
      stir(model);
      const DecodeWeights weights(model, options);
      KvCache cache(config, bytes_for(config, 40, options), options);
      const auto text = [&] { return make_text(cache, 90, config.vocab_size, 3); };
      const auto alone = decode(weights, cache, text(), 90);
      for (const int num_threads : {2, 3}) {
        for (const int64_t rows_per_step : {1, 3, 7, 90}) {
          EXPECT_EQ(decode(weights, cache, text(), rows_per_step, num_threads), alone)
              << num_threads << " threads, " << rows_per_step << " rows";
        }
        cache = KvCache(config, bytes_for(config, 40, options), options);
      }
    }
  }
}

TEST(DecoderTeam, HasTheBitsOfTheTrainingForward) {
  for (const ModelConfig& config : team_configs()) {
    SCOPED_TRACE(config.model_type + " " + std::to_string(config.hidden_size));
    const DecodeOptions options{.expand_latents = true};
    const Model model = Model::make(config, 5);
    stir(model);
    KvCache cache(config, bytes_for(config, 4, options), options);
    const Text text = make_text(cache, 150, config.vocab_size, 3);
    const at::Tensor expected = model.logits(pack_tokens({&text.tokens})).detach();
    for (const int64_t rows_per_step : {1, 50}) {
      const at::Tensor logits = to_tensor(decode(DecodeWeights(model, options), cache, text, rows_per_step, 2));
      EXPECT_TRUE(at::equal(logits, expected)) << (logits - expected).abs().max().item<double>();
    }
  }
}

/// Logits of all steps: samples that share a prompt of two pages, and one that stands alone.
std::vector<std::vector<float>> decode_group(const DecodeWeights& weights, int num_threads) {
  constexpr int kSamples = 9, kPrompt = 128;
  const ModelConfig& config = weights.config();
  KvCache cache(config, bytes_for(config, 40, weights.options()), weights.options());
  Text prompt = make_text(cache, kPrompt, config.vocab_size, 1);
  Decoder decoder(weights, cache, kPrompt, num_threads);
  std::vector<DecodeRow> rows;
  for (int i = 0; i < kPrompt; ++i) rows.push_back(prompt.next_row());
  decoder.step(rows);
  std::vector<Text> samples(kSamples, prompt);
  samples.push_back(make_text(cache, 30, config.vocab_size, 7));
  std::vector<std::vector<float>> logits;
  for (int32_t i = 0; i < kSamples; ++i) {
    samples[i].pages.push_back(cache.allocate());
    for (int32_t t = 0; t < 20; ++t) samples[i].tokens.push_back((i * 5 + t) % 23);
  }
  for (int t = 0; t < 20; ++t) {
    rows.clear();
    for (Text& sample : samples) rows.push_back(sample.next_row());
    const float* out = decoder.step(rows);
    for (int64_t r = 0; r < std::ssize(rows); ++r) logits.push_back(copy_row(out, r, config.vocab_size));
  }
  return logits;
}

TEST(DecoderTeam, SamplesOfOnePromptHaveTheBitsOfOneThread) {
  for (const ModelConfig& config : team_configs()) {
    SCOPED_TRACE(config.model_type + " " + std::to_string(config.hidden_size));
    const DecodeWeights weights(Model::make(config, 5));
    const auto alone = decode_group(weights, 1);
    EXPECT_EQ(decode_group(weights, 2), alone);
    EXPECT_EQ(decode_group(weights, 3), alone);
  }
}

}  // namespace
}  // namespace aha::model::decoder_team_test
