// Decode weights of models in other number formats and with adapters.
#include <ATen/core/grad_mode.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/cos.h>

#include <gtest/gtest.h>

#include "unit/model/decoded_text.h"

namespace aha::model::decoder_weights_test {
namespace {

std::vector<std::vector<float>> decode_some(const Model& model) {
  const ModelConfig& config = model.config();
  KvCache cache(config, bytes_for(config, 1));
  return decode(DecodeWeights(model), cache, make_text(cache, 20, config.vocab_size, 3), 5);
}

std::vector<ModelConfig> some_configs() { return {tiny_config(), tiny_qwen2(), tiny_qwen3_moe()}; }

TEST(DecodeWeights, OfOtherFormatsAreThoseInFloat32) {
  for (const at::ScalarType dtype : {at::kDouble, at::kBFloat16}) {
    for (const ModelConfig& config : some_configs()) {
      SCOPED_TRACE(config.model_type);
      const Model other = Model::make(config, 3, dtype);
      stir(other);
      Model same = Model::make(config, 4);
      same.copy_from(other);
      EXPECT_EQ(decode_some(other), decode_some(same)) << at::toString(dtype);
    }
  }
}

TEST(DecodeWeights, HoldAdaptersMerged) {
  for (const ModelConfig& config : some_configs()) {
    SCOPED_TRACE(config.model_type);
    Model model = Model::make(config, 3);
    const auto without = to_tensor(decode_some(model));
    model.add_lora({.r = 2, .alpha = 4}, 7);
    {
      const at::NoGradGuard no_grad;
      for (const NamedTensor& item : model.parameters()) {
        const at::Tensor wave = at::cos(at::arange(item.tensor.numel()) * 1.7) * 0.15;
        at::Tensor(item.tensor).copy_(wave.view(item.tensor.sizes()));
      }
    }
    const at::Tensor decoded = to_tensor(decode_some(model));
    const at::NoGradGuard no_grad;
    const std::vector<int32_t> tokens = token_row(20, config.vocab_size, 3);
    const at::Tensor trained = model.logits(pack_tokens({&tokens}));
    EXPECT_LE((decoded.log_softmax(1) - trained.log_softmax(1)).abs().max().item<double>(), 1e-5);
    EXPECT_GE((decoded - without).abs().max().item<double>(), 0.1);
  }
}

TEST(DecodeWeights, TellTheirBytes) {
  // Two dense layers of 24: queries of 4 heads of 6, two keys and two values; 3 · 24 · 20 of the block.
  const ModelConfig dense = tiny_grouped();
  const int64_t layer = 24 * (24 + 12 + 12) + 24 * 24 + 3 * 24 * 20 + 2 * 24;
  const DecodeWeights weights(Model::make(dense, 1));
  EXPECT_EQ(weights.step_bytes(0), 4 * (2 * layer + 24 + 24 * 23));
  EXPECT_EQ(weights.bytes(), 4 * (2 * layer + 24 + 2 * 24 * 23));
  // Every expert more, in the one layer that has any, is three matrices of 12 x 10.
  const DecodeWeights experts(Model::make(tiny_qwen3_moe(), 1));
  EXPECT_EQ(experts.step_bytes(5) - experts.step_bytes(3), 4 * 2 * 3 * 12 * 10);
  EXPECT_EQ(experts.step_bytes(100), experts.step_bytes(8));
}

TEST(DecodeWeights, TakeAnotherPolicyInPlace) {
  for (const ModelConfig& config : some_configs()) {
    SCOPED_TRACE(config.model_type);
    const Model first = Model::make(config, 3), second = Model::make(config, 4);
    DecodeWeights weights(first);
    KvCache cache(config, bytes_for(config, 1));
    const std::vector<int32_t> pages{cache.allocate()};
    Decoder decoder(weights, cache, 1, 2);
    const auto decode_one = [&] {
      const float* logits = decoder.step(std::vector<DecodeRow>{{3, 0, pages.data(), true}});
      return copy_row(logits, 0, config.vocab_size);
    };
    EXPECT_EQ(decode_one(), decode_some(first)[0]);
    weights.update(second);
    EXPECT_EQ(decode_one(), decode_some(second)[0]);
  }
}

}  // namespace
}  // namespace aha::model::decoder_weights_test
