// Shape and constants of a model: config.json of the families in src/model/families, in and out.
#pragma once
#include <cstdint>
#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

namespace aha::model {

/// Latent attention (arXiv:2405.04434 §2.1), or grouped queries over plain keys and values (arXiv:2305.13245).
enum class AttentionKind { kLatent, kGrouped };

/// Long contexts by YaRN (arXiv:2309.00071; algorithm as DeepSeek-V3's precompute_freqs_cis).
struct YarnConfig {
  double factor = 40, beta_fast = 32, beta_slow = 1;
  int64_t original_max_position_embeddings = 4096;
  double mscale = 1, mscale_all_dim = 1;  // latent attention: the temperature, on the scores
  double attention_factor = 1;            // on cosines and sines
  bool truncate = true;                   // whether the ramp's ends are whole numbers
};

/// Llama 3.1's rule: long wavelengths are divided by `factor`, short ones kept, those between blended.
struct Llama3RopeConfig {
  double factor = 8, low_freq_factor = 1, high_freq_factor = 4;
  int64_t original_max_position_embeddings = 8192;
};

/// Names are config.json's where the families agree on one; a family's file says which fields it maps.
struct ModelConfig {
  std::string model_type = "deepseek_v3";  // the family
  int64_t vocab_size = 0, hidden_size = 0, intermediate_size = 0;
  int64_t num_hidden_layers = 0, num_nextn_predict_layers = 0, num_attention_heads = 0;
  double rms_norm_eps = 1e-6;
  int64_t max_position_embeddings = 4096;
  bool tie_word_embeddings = false;
  bool is_reward_model = false;  // one score a sequence in place of the output head; no MTP module
  double initializer_range = 0.02;
  int64_t bos_token_id = -1, pad_token_id = -1;
  std::vector<int64_t> eos_token_ids;

  AttentionKind attention = AttentionKind::kLatent;
  // of latent attention
  std::optional<int64_t> q_lora_rank;  // absent: one q_proj
  int64_t kv_lora_rank = 0, qk_nope_head_dim = 0, qk_rope_head_dim = 0, v_head_dim = 0;
  double latent_norm_eps = 1e-6;  // of q_a_layernorm and kv_a_layernorm
  // of grouped queries
  int64_t num_key_value_heads = 0, head_dim = 0;
  bool has_qkv_bias = false;  // on q_proj, k_proj and v_proj
  bool has_o_bias = false;
  bool has_qk_norm = false;  // RMSNorm of each head's query and key, before RoPE

  double rope_theta = 10000;
  bool rope_interleave = true;  // pairs (2i, 2i+1), as DeepSeek; else (i, i + half), as the others
  std::optional<YarnConfig> yarn;
  std::optional<Llama3RopeConfig> llama3_rope;

  int64_t n_routed_experts = 0, num_experts_per_tok = 0, n_shared_experts = 0, moe_intermediate_size = 0;
  int64_t first_k_dense_replace = 0;
  std::vector<int64_t> dense_layers;  // those after the first k that have no experts either; rising
  int64_t n_group = 1, topk_group = 1;
  std::string scoring_func = "sigmoid";  // sigmoid | softmax
  std::string topk_method = "noaux_tc";  // noaux_tc | group_limited_greedy | greedy
  bool norm_topk_prob = true;
  double routed_scaling_factor = 1.0;

  int64_t qk_head_dim() const {
    return attention == AttentionKind::kLatent ? qk_nope_head_dim + qk_rope_head_dim : head_dim;
  }
  /// Width of what RoPE turns: the decoupled slice, or the whole head.
  int64_t rope_dim() const { return attention == AttentionKind::kLatent ? qk_rope_head_dim : head_dim; }
  /// Floats a token leaves in a layer's cache: latent and rope key, or the keys and values of all heads.
  int64_t cache_width() const {
    return attention == AttentionKind::kLatent ? kv_lora_rank + qk_rope_head_dim : 2 * num_key_value_heads * head_dim;
  }
  bool is_moe_layer(int64_t layer) const;
  /// Whether the gate has e_score_correction_bias.
  bool has_expert_bias() const { return topk_method == "noaux_tc"; }
  int64_t num_parameters() const;         ///< all, an MTP module included
  int64_t num_active_parameters() const;  ///< those one token meets, without the MTP module
  /// qk_head_dim^-1/2, with latent attention times YaRN's m² where it applies.
  double softmax_scale() const;
};

/// Reads what transformers 4 and 5 write (rope_scaling or rope_parameters, torch_dtype or dtype, derived fields).
/// @throws InputError naming the field: missing shape fields, unknown model_type, sizes that do not divide, and what
/// would silently be another model (another activation, sliding windows in use, other rope types)
ModelConfig read_model_config(const nlohmann::json& json, const std::string& place);
ModelConfig load_model_config(const std::filesystem::path& config_json);
/// All fields, as transformers 4 and 5 both read them. dtype is the weights': "float32", "bfloat16", "float16".
nlohmann::ordered_json model_config_json(const ModelConfig& config, const std::string& dtype = "float32");
/// "deepseek_v3", … in the order of the table in src/model/family.cpp.
std::vector<std::string> model_families();

}  // namespace aha::model
