// The table from our names to Hugging Face's, and the cuts through fused tensors.
#include "model/hf_names.h"

#include <array>
#include <string>
#include <string_view>

#include "aha/core/error.h"

namespace aha::model {

namespace {

enum class Cut { kWhole, kHalves, kExperts, kExpertHalves };

struct NameRow {
  std::string_view ours;
  std::string_view theirs;  // of halves: what stands before gate_proj or up_proj; of experts: {e}. follows
  Cut cut = Cut::kWhole;
};

constexpr std::array kOutside = {
    NameRow{"embed_tokens", "model.embed_tokens.weight"},
    NameRow{"norm", "model.norm.weight"},
    NameRow{"lm_head", "lm_head.weight"},
};

constexpr std::array kInLayer = {
    NameRow{"input_layernorm", "input_layernorm.weight"},
    NameRow{"post_attention_layernorm", "post_attention_layernorm.weight"},
    NameRow{"attention.q_proj", "self_attn.q_proj.weight"},
    NameRow{"attention.q_a_proj", "self_attn.q_a_proj.weight"},
    NameRow{"attention.q_a_layernorm", "self_attn.q_a_layernorm.weight"},
    NameRow{"attention.q_b_proj", "self_attn.q_b_proj.weight"},
    NameRow{"attention.kv_a_proj_with_mqa", "self_attn.kv_a_proj_with_mqa.weight"},
    NameRow{"attention.kv_a_layernorm", "self_attn.kv_a_layernorm.weight"},
    NameRow{"attention.kv_b_proj", "self_attn.kv_b_proj.weight"},
    NameRow{"attention.o_proj", "self_attn.o_proj.weight"},
    NameRow{"mlp.gate_up", "mlp.", Cut::kHalves},
    NameRow{"mlp.down", "mlp.down_proj.weight"},
    NameRow{"mlp.router", "mlp.gate.weight"},
    NameRow{"mlp.expert_bias", "mlp.gate.e_score_correction_bias"},
    NameRow{"mlp.experts.gate_up", "mlp.experts.", Cut::kExpertHalves},
    NameRow{"mlp.experts.down", "mlp.experts.", Cut::kExperts},
    NameRow{"mlp.shared_experts.gate_up", "mlp.shared_experts.", Cut::kHalves},
    NameRow{"mlp.shared_experts.down", "mlp.shared_experts.down_proj.weight"},
    NameRow{"enorm", "enorm.weight"},
    NameRow{"hnorm", "hnorm.weight"},
    NameRow{"eh_proj", "eh_proj.weight"},
    NameRow{"shared_head_norm", "shared_head.norm.weight"},
};

template <size_t kRows>
const NameRow& row_of(const std::array<NameRow, kRows>& rows, std::string_view ours) {
  for (const NameRow& row : rows) {
    if (row.ours == ours) return row;
  }
  throw ShapeError("the tensor " + std::string(ours) + " has no Hugging Face name");
}

void add_halves(const std::string& prefix, const torch::Tensor& gate_up, std::vector<NamedTensor>& out) {
  const int64_t half = gate_up.size(0) / 2;
  out.push_back({prefix + "gate_proj.weight", gate_up.narrow(0, 0, half)});
  out.push_back({prefix + "up_proj.weight", gate_up.narrow(0, half, half)});
}

void add_pieces(const std::string& name, Cut cut, const torch::Tensor& tensor, std::vector<NamedTensor>& out) {
  if (cut == Cut::kWhole) return out.push_back({name, tensor});
  if (cut == Cut::kHalves) return add_halves(name, tensor, out);
  for (int64_t e = 0; e < tensor.size(0); ++e) {
    const std::string expert = name + std::to_string(e) + ".";
    if (cut == Cut::kExpertHalves) add_halves(expert, tensor[e], out);
    if (cut == Cut::kExperts) out.push_back({expert + "down_proj.weight", tensor[e]});
  }
}

void add_views(const NamedTensor& ours, std::vector<NamedTensor>& out) {
  constexpr std::string_view kLayers = "layers.";
  const torch::Tensor tensor = ours.tensor.detach();
  if (!ours.name.starts_with(kLayers)) {
    const NameRow& row = row_of(kOutside, ours.name);
    return add_pieces(std::string(row.theirs), row.cut, tensor, out);
  }
  const size_t rest = ours.name.find('.', kLayers.size()) + 1;
  const NameRow& row = row_of(kInLayer, std::string_view(ours.name).substr(rest));
  add_pieces("model." + ours.name.substr(0, rest) + std::string(row.theirs), row.cut, tensor, out);
}

torch::Tensor find_tensor(const std::vector<NamedTensor>& ours, std::string_view name) {
  for (const NamedTensor& item : ours) {
    if (item.name == name) return item.tensor.detach();
  }
  throw ShapeError("the model has no tensor " + std::string(name));
}

}  // namespace

std::vector<NamedTensor> hf_views(const std::vector<NamedTensor>& ours) {
  std::vector<NamedTensor> views;
  for (const NamedTensor& item : ours) add_views(item, views);
  return views;
}

SharedTensors hf_shared(const std::vector<NamedTensor>& ours, const ModelConfig& config) {
  SharedTensors shared;
  const torch::Tensor embedding = find_tensor(ours, "embed_tokens");
  const torch::Tensor head = config.tie_word_embeddings ? embedding : find_tensor(ours, "lm_head");
  if (config.tie_word_embeddings) shared.tolerated.push_back({"lm_head.weight", embedding});
  if (config.num_nextn_predict_layers > 0) {
    const std::string prefix = "model.layers." + std::to_string(config.num_hidden_layers) + ".";
    shared.saved = {{prefix + "embed_tokens.weight", embedding}, {prefix + "shared_head.head.weight", head}};
  }
  return shared;
}

}  // namespace aha::model
