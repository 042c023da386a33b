// Names and shapes of a model's tensors, and the parameter counts that follow from them.
#include "model/layout.h"

#include <algorithm>
#include <functional>
#include <numeric>

namespace aha::model {
namespace {

class Layout {
 public:
  explicit Layout(const ModelConfig& config) : config_(config) {}
  std::vector<TensorSpec> build();

 private:
  void add(std::string name, std::vector<int64_t> shape) { specs_.push_back({std::move(name), std::move(shape)}); }
  void add_norm(std::string name, int64_t width) { specs_.push_back({std::move(name), {width}, TensorStart::kOne}); }
  void add_bias(std::string name, int64_t width) { specs_.push_back({std::move(name), {width}, TensorStart::kZero}); }
  void add_latent_attention(const std::string& prefix);
  void add_grouped_attention(const std::string& prefix);
  void add_mlp(const std::string& prefix, int64_t intermediate);
  void add_moe(const std::string& prefix);
  void add_layer(int64_t layer);
  void add_mtp();

  const ModelConfig& config_;
  std::vector<TensorSpec> specs_;
};

std::string layer_prefix(int64_t layer) { return "layers." + std::to_string(layer) + "."; }

void Layout::add_latent_attention(const std::string& prefix) {
  const int64_t width = config_.hidden_size, heads = config_.num_attention_heads;
  const int64_t q_rows = heads * config_.qk_head_dim();
  if (config_.q_lora_rank) {
    add(prefix + "q_a_proj", {*config_.q_lora_rank, width});
    add_norm(prefix + "q_a_layernorm", *config_.q_lora_rank);
    add(prefix + "q_b_proj", {q_rows, *config_.q_lora_rank});
  } else {
    add(prefix + "q_proj", {q_rows, width});
  }
  add(prefix + "kv_a_proj_with_mqa", {config_.kv_lora_rank + config_.qk_rope_head_dim, width});
  add_norm(prefix + "kv_a_layernorm", config_.kv_lora_rank);
  add(prefix + "kv_b_proj", {heads * (config_.qk_nope_head_dim + config_.v_head_dim), config_.kv_lora_rank});
  add(prefix + "o_proj", {width, heads * config_.v_head_dim});
}

void Layout::add_grouped_attention(const std::string& prefix) {
  const int64_t width = config_.hidden_size, head_dim = config_.head_dim;
  const int64_t q_rows = config_.num_attention_heads * head_dim, kv_rows = config_.num_key_value_heads * head_dim;
  add(prefix + "q_proj", {q_rows, width});
  add(prefix + "k_proj", {kv_rows, width});
  add(prefix + "v_proj", {kv_rows, width});
  add(prefix + "o_proj", {width, q_rows});
  if (config_.has_qkv_bias) {
    add_bias(prefix + "q_bias", q_rows);
    add_bias(prefix + "k_bias", kv_rows);
    add_bias(prefix + "v_bias", kv_rows);
  }
  if (config_.has_o_bias) add_bias(prefix + "o_bias", width);
  if (config_.has_qk_norm) {
    add_norm(prefix + "q_norm", head_dim);
    add_norm(prefix + "k_norm", head_dim);
  }
}

void Layout::add_mlp(const std::string& prefix, int64_t intermediate) {
  add(prefix + "gate_up", {2 * intermediate, config_.hidden_size});
  add(prefix + "down", {config_.hidden_size, intermediate});
}

void Layout::add_moe(const std::string& prefix) {
  const int64_t experts = config_.n_routed_experts, width = config_.hidden_size;
  const int64_t intermediate = config_.moe_intermediate_size;
  add(prefix + "router", {experts, width});
  add(prefix + "experts.gate_up", {experts, 2 * intermediate, width});
  add(prefix + "experts.down", {experts, width, intermediate});
  if (config_.n_shared_experts > 0) add_mlp(prefix + "shared_experts.", config_.n_shared_experts * intermediate);
}

void Layout::add_layer(int64_t layer) {
  const std::string prefix = layer_prefix(layer);
  add_norm(prefix + "input_layernorm", config_.hidden_size);
  if (config_.attention == AttentionKind::kLatent) {
    add_latent_attention(prefix + "attention.");
  } else {
    add_grouped_attention(prefix + "attention.");
  }
  add_norm(prefix + "post_attention_layernorm", config_.hidden_size);
  if (config_.is_moe_layer(layer)) {
    add_moe(prefix + "mlp.");
  } else {
    add_mlp(prefix + "mlp.", config_.intermediate_size);
  }
}

void Layout::add_mtp() {
  const std::string prefix = layer_prefix(config_.num_hidden_layers);
  add_norm(prefix + "enorm", config_.hidden_size);
  add_norm(prefix + "hnorm", config_.hidden_size);
  add(prefix + "eh_proj", {config_.hidden_size, 2 * config_.hidden_size});
  add_layer(config_.num_hidden_layers);
  add_norm(prefix + "shared_head_norm", config_.hidden_size);
}

std::vector<TensorSpec> Layout::build() {
  add("embed_tokens", {config_.vocab_size, config_.hidden_size});
  for (int64_t layer = 0; layer < config_.num_hidden_layers; ++layer) add_layer(layer);
  if (config_.num_nextn_predict_layers > 0) add_mtp();
  add_norm("norm", config_.hidden_size);
  if (config_.is_reward_model) {
    add("score", {1, config_.hidden_size});
  } else if (!config_.tie_word_embeddings) {
    add("lm_head", {config_.vocab_size, config_.hidden_size});
  }
  return std::move(specs_);
}

}  // namespace

int64_t TensorSpec::numel() const {
  return std::accumulate(shape.begin(), shape.end(), int64_t{1}, std::multiplies<>());
}

std::vector<TensorSpec> parameter_layout(const ModelConfig& config) { return Layout(config).build(); }

std::vector<TensorSpec> buffer_layout(const ModelConfig& config) {
  std::vector<TensorSpec> specs;
  if (!config.has_expert_bias()) return specs;
  const int64_t num_layers = config.num_hidden_layers + config.num_nextn_predict_layers;
  for (int64_t layer = 0; layer < num_layers; ++layer) {
    if (!config.is_moe_layer(layer)) continue;
    specs.push_back({layer_prefix(layer) + "mlp.expert_bias", {config.n_routed_experts}});
  }
  return specs;
}

bool ModelConfig::is_moe_layer(int64_t layer) const {
  return n_routed_experts > 0 && layer >= first_k_dense_replace &&
         !std::binary_search(dense_layers.begin(), dense_layers.end(), layer);
}

int64_t ModelConfig::num_parameters() const {
  int64_t total = 0;
  for (const TensorSpec& spec : parameter_layout(*this)) total += spec.numel();
  return total;
}

int64_t ModelConfig::num_active_parameters() const {
  ModelConfig main = *this;
  main.num_nextn_predict_layers = 0;
  int64_t total = 0;
  for (const TensorSpec& spec : parameter_layout(main)) {
    const bool is_routed = spec.name.find(".mlp.experts.") != std::string::npos;
    total += is_routed ? spec.numel() / n_routed_experts * num_experts_per_tok : spec.numel();
  }
  return total;
}

}  // namespace aha::model
