// Qwen3 with experts: softmax gates, no groups, no shared expert, dense layers where the config says so.
#include "model/families/block_names.h"
#include "model/families/grouped_attention.h"

namespace aha::model {
namespace {

constexpr auto kNames = join_names(kBlockNames, kGroupedAttentionNames, kExpertNames);

// transformers 5 writes num_local_experts, transformers 4 num_experts.
int64_t read_num_experts(const FieldReader& field) {
  const char* name = field.find("num_experts") ? "num_experts" : "num_local_experts";
  if (!field.find(name)) field.fail("num_experts", "is missing; the model's shape needs it");
  return field.size(name, 0, kMaxExperts);
}

/// Layers named in mlp_only_layers are dense, and all but every decoder_sparse_step-th.
void read_dense_layers(const FieldReader& field, ModelConfig& config) {
  const int64_t step = field.size_or("decoder_sparse_step", 1, kMaxLayers, 1);
  std::vector<bool> is_named(config.num_hidden_layers);
  for (const int64_t layer : field.list("mlp_only_layers", kMaxLayers)) {
    if (layer < config.num_hidden_layers) is_named[layer] = true;
  }
  bool is_leading = true;
  for (int64_t layer = 0; layer < config.num_hidden_layers; ++layer) {
    const bool is_dense = (layer + 1) % step != 0 || is_named[layer];
    is_leading = is_leading && is_dense;
    if (is_leading) ++config.first_k_dense_replace;
    if (is_dense && !is_leading) config.dense_layers.push_back(layer);
  }
}

void read_experts(const FieldReader& field, ModelConfig& config) {
  config.scoring_func = "softmax";
  config.topk_method = "greedy";
  config.n_routed_experts = read_num_experts(field);
  if (config.n_routed_experts == 0) return make_dense(config);
  read_dense_layers(field, config);
  config.num_experts_per_tok = field.size("num_experts_per_tok", 1, config.n_routed_experts);
  config.moe_intermediate_size = field.size("moe_intermediate_size", 1);
  config.norm_topk_prob = field.boolean("norm_topk_prob");
}

void read(const FieldReader& field, ModelConfig& config) {
  refuse_sliding_windows(field);
  read_grouped_attention(field, {.head_dim = config.hidden_size / config.num_attention_heads}, config);
  read_attention_bias(field, config);
  config.has_qk_norm = true;
  read_experts(field, config);
}

void write(const ModelConfig& config, nlohmann::ordered_json& out) {
  write_grouped_attention(config, out);
  out["attention_bias"] = config.has_qkv_bias;
  write_no_sliding_windows(config, out);
  std::vector<int64_t> dense_layers;
  for (int64_t layer = 0; layer < config.num_hidden_layers; ++layer) {
    if (!config.is_moe_layer(layer)) dense_layers.push_back(layer);
  }
  out["decoder_sparse_step"] = 1;
  out["mlp_only_layers"] = dense_layers;
  out["num_experts"] = config.n_routed_experts;
  out["num_experts_per_tok"] = config.num_experts_per_tok;
  out["moe_intermediate_size"] = config.moe_intermediate_size;
  out["norm_topk_prob"] = config.norm_topk_prob;
}

}  // namespace

extern const Family kQwen3Moe;
constinit const Family kQwen3Moe = {"qwen3_moe", "Qwen3Moe", read, write, kNames};

}  // namespace aha::model
