// Tokens as pages of the cache, and as bytes of recorded routing.
#pragma once
#include <cstdint>

#include "aha/model/config.h"
#include "aha/model/decoder.h"

namespace aha::rollout {

inline int64_t pages_of(int64_t num_tokens) { return (num_tokens + model::kPageTokens - 1) / model::kPageTokens; }

/// Experts that a token chooses, all layers together.
inline int64_t routing_bytes(const model::ModelConfig& config) {
  int64_t count = 0;
  for (int64_t layer = 0; layer < config.num_hidden_layers; ++layer) count += config.is_moe_layer(layer);
  return count * config.num_experts_per_tok;
}

}  // namespace aha::rollout
