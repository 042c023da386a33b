// Decoding in bfloat16 against the float32 forward of the same rounded weights.
#include <ATen/core/grad_mode.h>

#include <gtest/gtest.h>

#include "aha/core/error.h"
#include "aha/model/decoder.h"
#include "unit/model/decoded_text.h"

namespace aha::model::decoder_bfloat16_test {
namespace {

constexpr DecodeOptions kOptions{.type = ops::NumberType::kBFloat16};

std::vector<float> decode_with(const Model& model, const DecodeOptions& options, std::vector<uint8_t>& routes) {
  const ModelConfig& config = model.config();
  const DecodeWeights weights(model, options);
  KvCache cache(config, bytes_for(config, 3, options), options);
  Text text = make_text(cache, 140, config.vocab_size, 3);
  Decoder decoder(weights, cache, 1);
  routes.assign(140 * config.num_hidden_layers * std::max<int64_t>(config.num_experts_per_tok, 1), 0);
  std::vector<float> logits;
  for (int64_t t = 0; t < 140; ++t) {
    std::vector<DecodeRow> rows{text.next_row()};
    rows[0].experts = routes.data() + t * std::ssize(routes) / 140;
    const float* out = decoder.step(rows);
    logits.insert(logits.end(), out, out + config.vocab_size);
  }
  return logits;
}

at::Tensor log_probs(std::vector<float> logits, int64_t vocab_size) {
  return to_tensor({std::move(logits)}).view({-1, vocab_size}).log_softmax(1);
}

TEST(DecoderBFloat16, StaysNearTheFloat32ForwardOfTheRoundedModel) {
  for (const ModelConfig& family : {tiny_config(), tiny_deepseek_v2(), plain_config(), tiny_qwen2(), tiny_qwen3(),
                                    tiny_qwen3_moe(), tiny_llama()}) {
    SCOPED_TRACE(family.model_type);
    const ModelConfig config = wider(family);
    const Model model = Model::make(config, 5, at::kBFloat16);
    std::vector<uint8_t> exact_routes, routes;
    const at::Tensor exact = log_probs(decode_with(model, {}, exact_routes), config.vocab_size);
    const at::Tensor rounded = log_probs(decode_with(model, kOptions, routes), config.vocab_size);
    const std::vector<int32_t> tokens = token_row(140, config.vocab_size, 3);
    const at::NoGradGuard no_grad;
    const at::Tensor trained = model.logits(pack_tokens({&tokens})).log_softmax(1);
    EXPECT_LE((exact - trained).abs().max().item<double>(), 1e-5);
    // A router's near tie may fall the other way; what a token then says is another matter.
    int64_t num_same = 0, width = std::ssize(routes) / 140;
    for (int64_t t = 0; t < 140; ++t) {
      if (!std::equal(routes.begin() + t * width, routes.begin() + (t + 1) * width, exact_routes.begin() + t * width)) {
        continue;
      }
      ++num_same;
      EXPECT_LE((rounded[t] - trained[t]).abs().max().item<double>(), 2e-2) << t;
    }
    EXPECT_GE(num_same, 120);
    EXPECT_GT((rounded - trained).abs().max().item<double>(), 1e-5);
    EXPECT_GE(trained.std().item<double>(), 0.2);  // the logits say something
  }
}

TEST(DecoderBFloat16, RowsHaveTheBitsTheyHaveAlone) {
  for (const ModelConfig& family : {tiny_config(), tiny_qwen3_moe(), tiny_llama()}) {
    SCOPED_TRACE(family.model_type);
    const ModelConfig config = wider(family);
    const DecodeWeights weights(Model::make(config, 5), kOptions);
    KvCache cache(config, bytes_for(config, 12, kOptions), kOptions);
    const auto text = [&] { return make_text(cache, 130, config.vocab_size, 1); };
    const auto one = decode(weights, cache, text(), 1);
    EXPECT_EQ(one, decode(weights, cache, text(), 7));
    EXPECT_EQ(one, decode(weights, cache, text(), 130));
  }
}

TEST(DecoderBFloat16, TakesHalfTheMemory) {
  const ModelConfig config = wider(tiny_config());
  EXPECT_EQ(2 * KvCache::page_bytes(config, kOptions), KvCache::page_bytes(config));
  const Model model = Model::make(config, 5);
  const DecodeWeights exact(model), rounded(model, kOptions);
  EXPECT_LT(rounded.bytes(), 0.6 * static_cast<double>(exact.bytes()));
  EXPECT_LT(rounded.step_bytes(3), 0.6 * static_cast<double>(exact.step_bytes(3)));
}

TEST(DecoderBFloat16, APageIsCopiedWhole) {
  const ModelConfig config = tiny_config();
  KvCache cache(config, bytes_for(config, 2, kOptions), kOptions);
  const int32_t page = cache.allocate();
  cache.bfloat16_slot(page, 1, 63)[9] = 0x3f80;
  EXPECT_EQ(cache.bfloat16_slot(cache.copy(page), 1, 63)[9], 0x3f80);
}

TEST(DecoderBFloat16, WeightsAndCacheMustAgree) {
  const ModelConfig config = tiny_config();
  const DecodeWeights weights(Model::make(config, 5), kOptions);
  KvCache cache(config, bytes_for(config, 1));
  EXPECT_THROW(Decoder(weights, cache, 1), ShapeError);
}

}  // namespace
}  // namespace aha::model::decoder_bfloat16_test
