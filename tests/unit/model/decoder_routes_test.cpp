// The experts that a decoder reports are those of the training forward.
#include <gtest/gtest.h>

#include "aha/model/decoder.h"
#include "unit/model/decoded_text.h"

namespace aha::model::decoder_routes_test {
namespace {

constexpr int64_t kLength = 12;

/// How often each expert of each MoE layer was chosen by tokens [0, length).
std::vector<std::vector<int64_t>> trained_counts(const Model& model, const Text& text, int64_t length) {
  const std::vector<int32_t> tokens(text.tokens.begin(), text.tokens.begin() + length);
  std::vector<std::vector<int64_t>> counts;
  for (const at::Tensor& layer : model.forward(pack_tokens({&tokens})).expert_counts) {
    counts.emplace_back(layer.const_data_ptr<int64_t>(), layer.const_data_ptr<int64_t>() + layer.numel());
  }
  return counts;
}

ModelConfig two_moe_layers(ModelConfig config) {
  config.num_hidden_layers = 3;
  return config;
}

/// [token][MoE layer][K]
std::vector<std::vector<uint8_t>> decoded_routes(const DecodeWeights& weights, int64_t num_layers, int64_t num_rows) {
  const ModelConfig& config = weights.config();
  KvCache cache(config, bytes_for(config, 1));
  Text text = make_text(cache, kLength, config.vocab_size, 3);
  Decoder decoder(weights, cache, num_rows, 2);
  std::vector<std::vector<uint8_t>> routes(kLength, std::vector<uint8_t>(num_layers * config.num_experts_per_tok, 99));
  for (int64_t t = 0; t < kLength; t += num_rows) {
    std::vector<DecodeRow> rows;
    for (int64_t i = t; i < std::min(kLength, t + num_rows); ++i) {
      rows.push_back(text.next_row());
      rows.back().experts = routes[i].data();
    }
    decoder.step(rows);
  }
  return routes;
}

TEST(DecoderRoutes, AreThoseOfTheTrainingForward) {
  for (const ModelConfig& config :
       {two_moe_layers(tiny_config()), tiny_deepseek_v2(), two_moe_layers(tiny_qwen3_moe())}) {
    SCOPED_TRACE(config.model_type);
    const Model model = Model::make(config, 5);
    stir(model);
    const DecodeWeights weights(model);
    KvCache cache(config, bytes_for(config, 1));
    const Text text = make_text(cache, kLength, config.vocab_size, 3);
    auto before = trained_counts(model, text, 1);
    const int64_t num_layers = std::ssize(before), top_k = config.num_experts_per_tok;
    for (auto& layer : before) std::fill(layer.begin(), layer.end(), 0);
    const auto routes = decoded_routes(weights, num_layers, 1);
    EXPECT_EQ(decoded_routes(weights, num_layers, kLength), routes);
    for (int64_t t = 0; t < kLength; ++t) {
      const auto counts = trained_counts(model, text, t + 1);
      for (int64_t l = 0; l < num_layers; ++l) {
        std::vector<int64_t> expected = before[l];
        for (int64_t k = 0; k < top_k; ++k) ++expected[routes[t][l * top_k + k]];
        EXPECT_EQ(expected, counts[l]) << "token " << t << ", MoE layer " << l;
      }
      before = counts;
    }
  }
}

}  // namespace
}  // namespace aha::model::decoder_routes_test
