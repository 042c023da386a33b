// Finds each tensor's place in the computation by its name.
#include "model/weights.h"

#include <utility>

namespace aha::model {
namespace {

using at::Tensor;

class Finder {
 public:
  Finder(const TensorsByName& by_name, const std::optional<LoraConfig>& lora)
      : by_name_(by_name), scale_(lora ? lora->alpha / static_cast<double>(lora->r) : 0) {}
  /// Undefined where the model has no such tensor.
  Tensor operator()(const std::string& name) {
    const auto found = by_name_.find(name);
    if (found == by_name_.end()) return {};
    found_.push_back(found->second);
    return found->second;
  }
  /// What was found since the last call.
  std::vector<Tensor> take_found() { return std::exchange(found_, {}); }
  Adapter adapter(const std::string& name) { return {(*this)(name + ".lora_A"), (*this)(name + ".lora_B"), scale_}; }
  Projection projection(const std::string& name, const std::string& bias = "") {
    return {(*this)(name), bias.empty() ? Tensor() : (*this)(bias), adapter(name)};
  }

 private:
  const TensorsByName& by_name_;
  const double scale_;
  std::vector<Tensor> found_;
};

AttentionWeights attention_weights(Finder& find, const std::string& prefix) {
  return {.q_proj = find.projection(prefix + "q_proj", prefix + "q_bias"),
          .q_a_proj = find.projection(prefix + "q_a_proj"),
          .q_b_proj = find.projection(prefix + "q_b_proj"),
          .kv_a_proj_with_mqa = find.projection(prefix + "kv_a_proj_with_mqa"),
          .kv_b_proj = find.projection(prefix + "kv_b_proj"),
          .q_a_layernorm = find(prefix + "q_a_layernorm"),
          .kv_a_layernorm = find(prefix + "kv_a_layernorm"),
          .k_proj = find.projection(prefix + "k_proj", prefix + "k_bias"),
          .v_proj = find.projection(prefix + "v_proj", prefix + "v_bias"),
          .q_norm = find(prefix + "q_norm"),
          .k_norm = find(prefix + "k_norm"),
          .o_proj = find.projection(prefix + "o_proj", prefix + "o_bias")};
}

MlpWeights mlp_weights(Finder& find, const std::string& prefix) {
  return {.gate_up = find(prefix + "gate_up"),
          .gate = find.adapter(prefix + "gate_up.gate"),
          .up = find.adapter(prefix + "gate_up.up"),
          .down = find.projection(prefix + "down")};
}

LayerWeights layer_weights(Finder& find, const ModelConfig& config, int64_t layer) {
  const std::string prefix = "layers." + std::to_string(layer) + ".";
  find.take_found();
  LayerWeights weights{.input_layernorm = find(prefix + "input_layernorm"),
                       .post_attention_layernorm = find(prefix + "post_attention_layernorm"),
                       .attention = attention_weights(find, prefix + "attention."),
                       .is_moe = config.is_moe_layer(layer),
                       .mlp = mlp_weights(find, prefix + "mlp."),
                       .moe = {.router = find(prefix + "mlp.router"),
                               .expert_bias = find(prefix + "mlp.expert_bias"),
                               .gate_up = find(prefix + "mlp.experts.gate_up"),
                               .down = find(prefix + "mlp.experts.down"),
                               .shared = mlp_weights(find, prefix + "mlp.shared_experts.")},
                       .tensors = {}};
  weights.tensors = find.take_found();
  return weights;
}

}  // namespace

Weights arrange_weights(const TensorsByName& by_name, const ModelConfig& config,
                        const std::optional<LoraConfig>& lora) {
  Finder find(by_name, lora);
  Weights weights;
  weights.embed_tokens = find("embed_tokens");
  weights.norm = find("norm");
  weights.score = find("score");
  if (!config.is_reward_model) weights.head = config.tie_word_embeddings ? weights.embed_tokens : find("lm_head");
  for (int64_t layer = 0; layer < config.num_hidden_layers; ++layer) {
    weights.layers.push_back(layer_weights(find, config, layer));
  }
  if (config.num_nextn_predict_layers > 0) {
    const std::string prefix = "layers." + std::to_string(config.num_hidden_layers) + ".";
    weights.mtp = {.enorm = find(prefix + "enorm"),
                   .hnorm = find(prefix + "hnorm"),
                   .eh_proj = find(prefix + "eh_proj"),
                   .shared_head_norm = find(prefix + "shared_head_norm"),
                   .layer = layer_weights(find, config, config.num_hidden_layers)};
  }
  return weights;
}

}  // namespace aha::model
