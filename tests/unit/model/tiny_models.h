// Small configs that reach every branch of the block, for the tests of this room.
#pragma once
#include "aha/model/config.h"
#include "aha/model/model.h"

namespace aha::model {

/// One dense and one MoE layer, groups, a shared expert, query latents, an MTP module.
inline ModelConfig tiny_config() {
  ModelConfig config;
  config.vocab_size = 23;
  config.hidden_size = 12;
  config.intermediate_size = 20;
  config.moe_intermediate_size = 10;
  config.num_hidden_layers = 2;
  config.num_nextn_predict_layers = 1;
  config.num_attention_heads = 2;
  config.q_lora_rank = 7;
  config.kv_lora_rank = 6;
  config.qk_nope_head_dim = 5;
  config.qk_rope_head_dim = 4;
  config.v_head_dim = 3;
  config.n_routed_experts = 8;
  config.num_experts_per_tok = 3;
  config.n_shared_experts = 1;
  config.first_k_dense_replace = 1;
  config.n_group = 4;
  config.topk_group = 2;
  config.routed_scaling_factor = 2.446;
  config.max_position_embeddings = 64;
  config.initializer_range = 0.3;  // far from linear, routes far from ties
  config.yarn = YarnConfig{.factor = 4, .mscale = 1, .mscale_all_dim = 0.7, .original_max_position_embeddings = 16};
  return config;
}

/// No query latents, no groups, no shared expert, no MTP, no YaRN, embedding and head tied.
inline ModelConfig plain_config() {
  ModelConfig config = tiny_config();
  config.num_nextn_predict_layers = 0;
  config.q_lora_rank.reset();
  config.n_shared_experts = 0;
  config.n_group = config.topk_group = 1;
  config.norm_topk_prob = false;
  config.tie_word_embeddings = true;
  config.yarn.reset();
  return config;
}

inline std::vector<int32_t> token_row(int64_t length, int64_t vocab_size, int32_t start) {
  std::vector<int32_t> tokens;
  for (int64_t i = 0; i < length; ++i) tokens.push_back(static_cast<int32_t>((start + i * i * 5 + i * 3) % vocab_size));
  return tokens;
}

/// Sequences of the given lengths with different tokens.
inline PackedTokens packed_rows(const std::vector<int64_t>& lengths, int64_t vocab_size) {
  std::vector<std::vector<int32_t>> rows;
  for (const int64_t length : lengths) rows.push_back(token_row(length, vocab_size, static_cast<int32_t>(rows.size())));
  std::vector<const std::vector<int32_t>*> pointers;
  for (const auto& row : rows) pointers.push_back(&row);
  return pack_tokens(pointers);
}

}  // namespace aha::model
