// Small configs that reach every branch of the block, for the tests of this room.
#pragma once
#include <ATen/core/Tensor.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/cos.h>

#include <cmath>

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
  config.yarn = YarnConfig{.factor = 4, .original_max_position_embeddings = 16, .mscale = 1, .mscale_all_dim = 0.7};
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

/// Latent attention with softmax gates whose groups rank by their best expert, two shared experts, no bias on the gate.
inline ModelConfig tiny_deepseek_v2() {
  ModelConfig config = tiny_config();
  config.model_type = "deepseek_v2";
  config.num_nextn_predict_layers = 0;
  config.n_shared_experts = 2;
  config.scoring_func = "softmax";
  config.topk_method = "group_limited_greedy";
  config.norm_topk_prob = false;
  config.routed_scaling_factor = 1.7;
  config.yarn = YarnConfig{.factor = 4, .original_max_position_embeddings = 16, .mscale = 0.7, .mscale_all_dim = 0.7};
  return config;
}

/// Two dense layers of grouped queries, two heads a key-value head, half-split RoPE.
inline ModelConfig tiny_grouped() {
  ModelConfig config;
  config.attention = AttentionKind::kGrouped;
  config.vocab_size = 23;
  config.hidden_size = 24;
  config.intermediate_size = 20;
  config.num_hidden_layers = 2;
  config.num_attention_heads = 4;
  config.num_key_value_heads = 2;
  config.head_dim = 6;
  config.first_k_dense_replace = 2;
  config.scoring_func = "softmax";
  config.topk_method = "greedy";
  config.rope_interleave = false;
  config.max_position_embeddings = 64;
  config.initializer_range = 0.3;
  return config;
}

/// Biases on query, key and value; a tied head.
inline ModelConfig tiny_qwen2() {
  ModelConfig config = tiny_grouped();
  config.model_type = "qwen2";
  config.has_qkv_bias = true;
  config.tie_word_embeddings = true;
  return config;
}

/// Normed queries and keys, heads wider than the hidden size, YaRN past its original length.
inline ModelConfig tiny_qwen3() {
  ModelConfig config = tiny_grouped();
  config.model_type = "qwen3";
  config.hidden_size = 12;
  config.has_qk_norm = true;
  config.yarn = YarnConfig{.factor = 4, .original_max_position_embeddings = 16};
  config.yarn->attention_factor = 0.1 * std::log(4.0) + 1;
  return config;
}

/// As tiny_qwen3 without YaRN; a dense layer, then one with experts: softmax gates, no groups, no shared expert.
inline ModelConfig tiny_qwen3_moe() {
  ModelConfig config = tiny_qwen3();
  config.model_type = "qwen3_moe";
  config.yarn.reset();
  config.first_k_dense_replace = 0;
  config.dense_layers = {0};
  config.n_routed_experts = 8;
  config.num_experts_per_tok = 3;
  config.moe_intermediate_size = 10;
  return config;
}

/// Llama 3's RoPE scaling, which reaches all three of its ranges here; another norm epsilon.
inline ModelConfig tiny_llama() {
  ModelConfig config = tiny_grouped();
  config.model_type = "llama";
  config.rms_norm_eps = 1e-5;
  config.rope_theta = 100;
  config.llama3_rope = Llama3RopeConfig{.original_max_position_embeddings = 40};
  return config;
}

/// Gives norms, biases and gates' biases values that matter: fresh ones are ones and zeros.
inline void stir(const Model& model) {
  const at::NoGradGuard no_grad;
  for (const auto* list : {&model.weights(), &model.buffers()}) {
    for (const NamedTensor& item : *list) {
      if (item.tensor.dim() > 1) continue;
      const at::Tensor wave = at::cos(at::arange(item.tensor.numel(), at::kDouble) * 1.7);
      at::Tensor(item.tensor).add_(wave.to(item.tensor.scalar_type()), item.name.ends_with("expert_bias") ? 0.05 : 0.2);
    }
  }
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
