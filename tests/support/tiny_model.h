// A DeepSeek-V3 in the smallest size that has every part: a dense layer, a MoE layer with shared expert, MLA.
#pragma once
#include <ATen/core/Tensor.h>
#include <ATen/ops/equal.h>

#include <algorithm>
#include <vector>

#include "aha/core/random.h"
#include "aha/data/packing.h"
#include "aha/model/model.h"

namespace aha::test {

struct TinyModelOptions {
  int64_t vocab_size = 24;
  bool with_mtp = false;
  bool with_query_latent = false;
};

inline model::ModelConfig tiny_config(const TinyModelOptions& options = {}) {
  model::ModelConfig config;
  config.vocab_size = options.vocab_size;
  config.hidden_size = 16;
  config.intermediate_size = 24;
  config.moe_intermediate_size = 8;
  config.num_hidden_layers = 2;
  config.num_nextn_predict_layers = options.with_mtp ? 1 : 0;
  config.num_attention_heads = 2;
  if (options.with_query_latent) config.q_lora_rank = 8;
  config.kv_lora_rank = 8;
  config.qk_nope_head_dim = 8;
  config.qk_rope_head_dim = 4;
  config.v_head_dim = 8;
  config.n_routed_experts = 4;
  config.num_experts_per_tok = 2;
  config.n_shared_experts = 1;
  config.first_k_dense_replace = 1;
  config.max_position_embeddings = 128;
  config.initializer_range = 0.2;  // large enough that tokens, routes and gradients differ
  config.bos_token_id = 1;
  config.pad_token_id = 0;
  config.eos_token_ids = {2};
  return config;
}

inline model::Model tiny_model(const TinyModelOptions& options = {}, at::ScalarType dtype = at::kFloat,
                               uint64_t seed = 1) {
  return model::Model::make(tiny_config(options), seed, dtype);
}

/// Random tokens with lengths in [3, 17]; the first third of each sequence is a prompt without weight.
inline std::vector<data::TrainingSequence> random_sequences(int64_t count, int64_t vocab_size = 24, uint64_t seed = 5) {
  Random random(seed, "random_sequences");
  std::vector<data::TrainingSequence> sequences(static_cast<size_t>(count));
  for (auto& sequence : sequences) {
    const int64_t length = random.between(3, 17);
    for (int64_t t = 0; t < length; ++t) {
      sequence.token_ids.push_back(static_cast<int32_t>(random.between(3, vocab_size - 1)));
      sequence.weights.push_back(t <= length / 3 ? 0.0f : static_cast<float>(random.between(1, 2)));
    }
  }
  return sequences;
}

inline std::vector<at::Tensor> copy_of_parameters(const model::Model& model) {
  std::vector<at::Tensor> copies;
  for (const auto& parameter : model.parameters()) copies.push_back(parameter.tensor.detach().clone());
  return copies;
}

/// Bit for bit; NaN never equals.
inline bool equal_parameters(const std::vector<at::Tensor>& a, const std::vector<at::Tensor>& b) {
  if (a.size() != b.size()) return false;
  for (size_t i = 0; i < a.size(); ++i) {
    if (!at::equal(a[i], b[i])) return false;
  }
  return true;
}

/// Largest difference over the largest magnitude of `b`, over all tensors together.
inline double relative_difference(const std::vector<at::Tensor>& a, const std::vector<at::Tensor>& b) {
  double difference = 0, magnitude = 1e-300;
  for (size_t i = 0; i < a.size(); ++i) {
    difference = std::max(difference, (a[i] - b[i]).abs().max().item<double>());
    magnitude = std::max(magnitude, b[i].abs().max().item<double>());
  }
  return difference / magnitude;
}

}  // namespace aha::test
