// Saves a model as a Hugging Face folder.
#include <fmt/format.h>

#include <map>
#include <nlohmann/json.hpp>

#include "aha/core/error.h"
#include "aha/core/file.h"
#include "aha/model/model.h"
#include "model/hf_names.h"
#include "model/merged_weights.h"
#include "model/shards.h"

namespace aha::model {

namespace {

nlohmann::ordered_json generation_config_json(const ModelConfig& config) {
  nlohmann::ordered_json json = {{"_from_model_config", true}};
  if (config.bos_token_id >= 0) json["bos_token_id"] = config.bos_token_id;
  if (config.eos_token_ids.size() == 1) json["eos_token_id"] = config.eos_token_ids.front();
  if (config.eos_token_ids.size() > 1) json["eos_token_id"] = config.eos_token_ids;
  if (config.pad_token_id >= 0) json["pad_token_id"] = config.pad_token_id;
  return json;
}

at::ScalarType file_dtype(const std::string& name, at::ScalarType own) {
  if (name.empty()) return own == at::kDouble ? at::kFloat : own;
  if (name == "float32") return at::kFloat;
  if (name == "bfloat16") return at::kBFloat16;
  if (name == "float16") return at::kHalf;
  throw ConfigError("dtype", "is \"" + name + "\", but must be float32, bfloat16 or float16");
}

const char* dtype_name(at::ScalarType dtype) {
  return dtype == at::kFloat ? "float32" : dtype == at::kBFloat16 ? "bfloat16" : "float16";
}

/// A view's values; where adapters stand beside the weight, the same cut through both merged.
std::function<at::Tensor()> values_of(const NamedTensor& weight, const at::Tensor& view, const MergedWeights& merged) {
  if (!merged.has_adapter(weight.name)) return [view] { return view; };
  const int64_t offset = view.storage_offset() - weight.tensor.storage_offset();
  return [&merged, view, offset, name = weight.name] {
    return merged(name).as_strided(view.sizes(), view.strides(), offset);
  };
}

std::vector<FileTensor> file_tensors(const Model& model, const MergedWeights& merged, at::ScalarType dtype) {
  std::vector<FileTensor> tensors;
  const auto add = [&](const std::string& name, const at::Tensor& view, at::ScalarType stored, auto values) {
    tensors.push_back({name, view.sizes().vec(), stored, std::move(values)});
  };
  for (const NamedTensor& weight : model.weights()) {
    for (const NamedTensor& view : hf_views({weight}, model.config())) {
      add(view.name, view.tensor, dtype, values_of(weight, view.tensor, merged));
    }
  }
  // A gate's bias decides between experts by small differences: it stays float32, as its makers keep it.
  for (const NamedTensor& view : hf_views(model.buffers(), model.config())) {
    add(view.name, view.tensor, at::kFloat, [tensor = view.tensor] { return tensor; });
  }
  for (const NamedTensor& copy : hf_shared(model.weights(), model.config()).saved) {
    add(copy.name, copy.tensor, dtype, [tensor = copy.tensor] { return tensor; });
  }
  return tensors;
}

}  // namespace

void Model::save(const std::filesystem::path& folder, const SaveOptions& options) const {
  const at::ScalarType stored = file_dtype(options.dtype, dtype());
  if (options.max_shard_bytes < 1) throw ConfigError("max_shard_bytes", "must be at least 1");
  const MergedWeights merged(*this);
  write_shards(folder, file_tensors(*this, merged, stored), options.max_shard_bytes);
  if (!config().is_reward_model) {
    write_file_atomic(folder / "generation_config.json", generation_config_json(config()).dump(2) + "\n");
  }
  write_file_atomic(folder / "config.json", model_config_json(config(), dtype_name(stored)).dump(2) + "\n");
}

}  // namespace aha::model
