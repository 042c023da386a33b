// Moves a model's weights to the device they are decoded on, those that are not there.
#include "model/tensor_weights.h"

#include <ATen/core/grad_mode.h>

#include "model/merged_weights.h"

namespace aha::model {

namespace {

bool is_of_mtp(const std::string& name, const ModelConfig& config) {
  return name.starts_with("layers." + std::to_string(config.num_hidden_layers) + ".");
}

void count(const NamedTensor& weight, const ModelConfig& config, TensorWeights& out) {
  const int64_t bytes = static_cast<int64_t>(weight.tensor.nbytes());
  if (weight.name.find(".experts.") != std::string::npos) {
    out.expert_bytes += bytes / config.n_routed_experts;
  } else if (weight.name == "embed_tokens" && !config.tie_word_embeddings) {
    out.embedding_bytes = bytes;
  } else {
    out.other_bytes += bytes;
  }
}

}  // namespace

at::ScalarType scalar_type(ops::NumberType type) {
  return type == ops::NumberType::kBFloat16 ? at::kBFloat16 : at::kFloat;
}

TensorWeights make_tensor_weights(const Model& model, const DecodeOptions& options) {
  const at::NoGradGuard no_grad;
  const ModelConfig& config = model.config();
  const MergedWeights merged(model);
  TensorWeights out;
  TensorsByName by_name;
  const auto add = [&](const std::string& name, const at::Tensor& tensor) {
    if (is_of_mtp(name, config) && !options.with_mtp) return;
    const bool is_float = tensor.dim() == 1 || name.ends_with(".router");
    const at::ScalarType type = is_float ? at::kFloat : scalar_type(options.type);
    const NamedTensor weight{name, tensor.detach().to(*options.tensor_device, type)};
    count(weight, config, out);
    by_name.emplace(weight.name, weight.tensor);
  };
  for (const NamedTensor& item : model.weights()) add(item.name, merged(item.name));
  for (const NamedTensor& item : model.buffers()) add(item.name, item.tensor);
  out.places = arrange_weights(by_name, config, std::nullopt);
  return out;
}

}  // namespace aha::model
