// From our names to Hugging Face's by the family's rows, and the cuts through fused tensors.
#include "model/hf_names.h"

#include <array>
#include <span>
#include <string>
#include <string_view>

#include "aha/core/error.h"
#include "model/family.h"

namespace aha::model {

namespace {

constexpr std::array kOutside = {
    TensorName{"embed_tokens", "model.embed_tokens.weight"},
    TensorName{"norm", "model.norm.weight"},
    TensorName{"lm_head", "lm_head.weight"},
    TensorName{"score", "score.weight"},
};

const TensorName& row_of(std::span<const TensorName> rows, std::string_view ours) {
  for (const TensorName& row : rows) {
    if (row.ours == ours) return row;
  }
  throw ShapeError("the tensor " + std::string(ours) + " has no Hugging Face name");
}

class Views {
 public:
  Views(const ModelConfig& config, const HoldsName& holds) : family_(family_of(config)), holds_(holds) {}
  std::vector<NamedTensor> take() { return std::move(views_); }

  void add(const NamedTensor& ours) {
    constexpr std::string_view kLayers = "layers.";
    const at::Tensor tensor = ours.tensor.detach();
    if (!ours.name.starts_with(kLayers)) {
      return views_.push_back({std::string(row_of(kOutside, ours.name).theirs), tensor});
    }
    const size_t rest = ours.name.find('.', kLayers.size()) + 1;
    const TensorName& row = row_of(family_.names, std::string_view(ours.name).substr(rest));
    add_pieces("model." + ours.name.substr(0, rest) + std::string(row.theirs), row.cut, tensor);
  }

 private:
  void add_pieces(const std::string& name, Cut cut, const at::Tensor& tensor) {
    if (cut == Cut::kWhole) return views_.push_back({name, tensor});
    if (cut == Cut::kHalves) return add_halves(name, tensor);
    const std::string fused = name + (cut == Cut::kExpertHalves ? "gate_up_proj" : "down_proj");
    if (holds_ && holds_(fused)) return views_.push_back({fused, tensor});
    for (int64_t e = 0; e < tensor.size(0); ++e) {
      const std::string expert = name + std::to_string(e) + ".";
      if (cut == Cut::kExpertHalves) add_halves(expert, tensor[e]);
      if (cut == Cut::kExperts) views_.push_back({expert + "down_proj.weight", tensor[e]});
    }
  }

  void add_halves(const std::string& prefix, const at::Tensor& gate_up) {
    const int64_t half = gate_up.size(0) / 2;
    views_.push_back({prefix + "gate_proj.weight", gate_up.narrow(0, 0, half)});
    views_.push_back({prefix + "up_proj.weight", gate_up.narrow(0, half, half)});
  }

  const Family& family_;
  const HoldsName& holds_;
  std::vector<NamedTensor> views_;
};

at::Tensor find_tensor(const std::vector<NamedTensor>& ours, std::string_view name) {
  for (const NamedTensor& item : ours) {
    if (item.name == name) return item.tensor.detach();
  }
  throw ShapeError("the model has no tensor " + std::string(name));
}

}  // namespace

std::vector<NamedTensor> hf_views(const std::vector<NamedTensor>& ours, const ModelConfig& config,
                                  const HoldsName& holds) {
  Views views(config, holds);
  for (const NamedTensor& item : ours) views.add(item);
  return views.take();
}

SharedTensors hf_shared(const std::vector<NamedTensor>& ours, const ModelConfig& config) {
  SharedTensors shared;
  if (config.is_reward_model) return shared;
  const at::Tensor embedding = find_tensor(ours, "embed_tokens");
  const at::Tensor head = config.tie_word_embeddings ? embedding : find_tensor(ours, "lm_head");
  if (config.tie_word_embeddings) shared.tolerated.push_back({"lm_head.weight", embedding});
  if (config.num_nextn_predict_layers > 0) {
    const std::string prefix = "model.layers." + std::to_string(config.num_hidden_layers) + ".";
    shared.saved = {{prefix + "embed_tokens.weight", embedding}, {prefix + "shared_head.head.weight", head}};
  }
  return shared;
}

}  // namespace aha::model
