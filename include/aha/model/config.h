// Shape and constants of a model: config.json of Hugging Face's DeepseekV3ForCausalLM, in and out.
#pragma once
#include <cstdint>
#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

namespace aha::model {

/// YaRN of the decoupled rope slice (arXiv:2405.04434 §3.1.4; algorithm as DeepSeek-V3's precompute_freqs_cis).
struct YarnConfig {
  double factor = 40, beta_fast = 32, beta_slow = 1, mscale = 1, mscale_all_dim = 1;
  int64_t original_max_position_embeddings = 4096;
};

/// Names are config.json's.
struct ModelConfig {
  std::string model_type = "deepseek_v3";
  int64_t vocab_size = 0, hidden_size = 0, intermediate_size = 0, moe_intermediate_size = 0;
  int64_t num_hidden_layers = 0, num_nextn_predict_layers = 0, num_attention_heads = 0;
  std::optional<int64_t> q_lora_rank;  // absent: one q_proj
  int64_t kv_lora_rank = 0, qk_nope_head_dim = 0, qk_rope_head_dim = 0, v_head_dim = 0;
  int64_t n_routed_experts = 0, num_experts_per_tok = 0, n_shared_experts = 0;
  int64_t first_k_dense_replace = 0, n_group = 1, topk_group = 1;
  bool norm_topk_prob = true;
  double routed_scaling_factor = 1.0;
  double rms_norm_eps = 1e-6, latent_norm_eps = 1e-6;  // the latter: q_a_layernorm and kv_a_layernorm
  double rope_theta = 10000;
  bool rope_interleave = true;
  std::optional<YarnConfig> yarn;
  int64_t max_position_embeddings = 4096;
  bool tie_word_embeddings = false;
  double initializer_range = 0.02;
  int64_t bos_token_id = -1, pad_token_id = -1;
  std::vector<int64_t> eos_token_ids;

  int64_t qk_head_dim() const { return qk_nope_head_dim + qk_rope_head_dim; }
  bool is_moe_layer(int64_t layer) const { return n_routed_experts > 0 && layer >= first_k_dense_replace; }
  int64_t num_parameters() const;         ///< all, an MTP module included
  int64_t num_active_parameters() const;  ///< those one token meets, without the MTP module
  /// (dn + dr)^-1/2, times YaRN's m² where it applies.
  double softmax_scale() const;
};

/// @throws InputError naming the field: missing shape fields, unknown model_type, sizes that do not divide
ModelConfig read_model_config(const nlohmann::json& json, const std::string& place);
ModelConfig load_model_config(const std::filesystem::path& config_json);
/// All fields, as transformers 4 and 5 both read them.
nlohmann::ordered_json model_config_json(const ModelConfig& config);

}  // namespace aha::model
