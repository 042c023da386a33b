// Runs sequences through a decoder, for its tests.
#pragma once
#include <ATen/core/Tensor.h>

#include <ATen/ops/empty.h>

#include <vector>

#include "aha/model/decoder.h"
#include "unit/model/tiny_models.h"

namespace aha::model {

inline ModelConfig long_config(ModelConfig config) {
  config.max_position_embeddings = 200;  // four pages
  return config;
}

/// Wide enough that roundings average out as they do in models of use.
inline ModelConfig wider(ModelConfig config) {
  config.hidden_size = 64;
  config.intermediate_size = 96;
  if (config.n_routed_experts > 0) config.moe_intermediate_size = 32;
  if (config.attention == AttentionKind::kGrouped) {
    config.head_dim = 16;
  } else {
    config.kv_lora_rank = 32;
    config.q_lora_rank = 24;
    config.qk_nope_head_dim = config.v_head_dim = 16;
    config.qk_rope_head_dim = 8;
  }
  config.initializer_range = 0.08;
  return long_config(config);
}

inline int64_t bytes_for(const ModelConfig& config, int64_t num_pages, const DecodeOptions& options = {}) {
  return num_pages * KvCache::page_bytes(config, options);
}

/// A sequence with its pages.
struct Text {
  std::vector<int32_t> tokens, pages;
  int32_t num_done = 0;
  DecodeRow next_row() {
    const int32_t position = num_done++;
    return {tokens[position], position, pages.data(), true};
  }
};

inline Text make_text(KvCache& cache, int64_t length, int64_t vocab_size, int32_t start) {
  Text text{token_row(length, vocab_size, start), {}};
  for (int64_t i = 0; i < length; i += kPageTokens) text.pages.push_back(cache.allocate());
  return text;
}

inline std::vector<float> copy_row(const float* logits, int64_t row, int64_t width) {
  return {logits + row * width, logits + (row + 1) * width};
}

/// Logits of every token, `rows_per_step` tokens at a time.
inline std::vector<std::vector<float>> decode(const DecodeWeights& weights, KvCache& cache, Text text,
                                              int64_t rows_per_step, int num_threads = 1) {
  Decoder decoder(weights, cache, rows_per_step, num_threads);
  std::vector<std::vector<float>> logits;
  while (text.num_done < std::ssize(text.tokens)) {
    std::vector<DecodeRow> rows;
    while (std::ssize(rows) < rows_per_step && text.num_done < std::ssize(text.tokens)) rows.push_back(text.next_row());
    const float* out = decoder.step(rows);
    for (int64_t r = 0; r < std::ssize(rows); ++r) logits.push_back(copy_row(out, r, weights.config().vocab_size));
  }
  return logits;
}

inline at::Tensor to_tensor(const std::vector<std::vector<float>>& rows) {
  at::Tensor out = at::empty({std::ssize(rows), std::ssize(rows[0])});
  for (size_t i = 0; i < rows.size(); ++i) {
    std::copy(rows[i].begin(), rows[i].end(), out.data_ptr<float>() + static_cast<int64_t>(i) * out.size(1));
  }
  return out;
}

}  // namespace aha::model
