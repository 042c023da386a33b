// Reads a Hugging Face folder into a model.
#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty.h>

#include <algorithm>
#include <map>

#include "aha/core/error.h"
#include "aha/model/model.h"
#include "model/device.h"
#include "model/field_reader.h"
#include "model/findings.h"
#include "model/fp8_blocks.h"
#include "model/hf_names.h"
#include "model/json_file.h"
#include "model/layout.h"
#include "model/state.h"
#include "model/weight_files.h"

namespace aha::model {

namespace {

constexpr int64_t kMaxJsonBytes = 1'000'000;
constexpr const char* kScaleEnding = "_scale_inv";

// Names of an MTP module's tensors begin so.
std::string mtp_prefix(const ModelConfig& config) {
  return "model.layers." + std::to_string(config.num_hidden_layers) + ".";
}

// What files carry and a model without use for it passes over: tables that follow from the config, tensors without
// elements (transformers writes shared experts of width 0), and an MTP module where the config has none.
bool is_ignored(const std::string& name, const SafetensorsEntry& entry, const ModelConfig& config) {
  if (name.ends_with(".rotary_emb.inv_freq") || entry.begin == entry.end) return true;
  return config.num_nextn_predict_layers == 0 && name.starts_with(mtp_prefix(config));
}

/// Names and shapes without memory: a config is believed only when the weights bear it out.
std::vector<NamedTensor> expected_tensors(const ModelConfig& config) {
  const auto options = at::TensorOptions().device(at::kMeta);
  std::vector<NamedTensor> ours;
  for (const auto& specs : {parameter_layout(config), buffer_layout(config)}) {
    for (const TensorSpec& spec : specs) ours.push_back({spec.name, at::empty(spec.shape, options)});
  }
  return ours;
}

/// Holds every tensor of the files against what the config asks for.
class TensorCheck {
 public:
  TensorCheck(const WeightFiles& files, const ModelConfig& config)
      : files_(files), config_(config), findings_(mtp_prefix(config)) {}

  void run() {
    const std::vector<NamedTensor> ours = expected_tensors(config_);
    const SharedTensors shared = hf_shared(ours, config_);
    const HoldsName holds = [this](const std::string& name) { return files_.holds(name); };
    for (const NamedTensor& view : hf_views(ours, config_, holds)) {
      known_.emplace(view.name, view.tensor);
      if (!files_.holds(view.name)) findings_.add_missing(view.name);
    }
    for (const NamedTensor& item : shared.saved) known_.emplace(item.name, item.tensor);
    for (const NamedTensor& item : shared.tolerated) known_.emplace(item.name, item.tensor);
    for (const auto& [name, where] : files_.tensors()) check(name, *where.entry);
    findings_.throw_if_any(files_.place());
  }

 private:
  void check(const std::string& name, const SafetensorsEntry& entry) {
    const auto found = known_.find(name);
    if (found != known_.end()) {
      if (found->second.sizes() != at::IntArrayRef(entry.shape)) {
        return findings_.add_misshaped(name, entry.shape, found->second.sizes());
      }
      return check_dtype(name, entry);
    }
    if (!is_ignored(name, entry, config_) && !is_scale(name)) findings_.add_unexpected(name);
  }

  void check_dtype(const std::string& name, const SafetensorsEntry& entry) {
    if (is_plain_float(entry)) return;
    const std::vector<int64_t> shape = fp8_scale_shape(entry.shape);
    if (entry.dtype != "F8_E4M3" || shape.empty()) return findings_.add_unreadable(name, entry.dtype);
    const std::string scale = fp8_scale_name(name);
    if (!files_.holds(scale)) return findings_.add_missing(scale);
    const SafetensorsEntry& found = *files_.tensors().at(scale).entry;
    if (found.shape != shape) return findings_.add_misshaped(scale, found.shape, shape);
    if (!is_plain_float(found)) findings_.add_unreadable(scale, found.dtype);
  }

  /// Of an FP8 weight that the model has; beside any other tensor a scale is unexpected.
  bool is_scale(const std::string& name) const {
    if (!name.ends_with(kScaleEnding)) return false;
    const std::string weight = name.substr(0, name.size() - std::string_view(kScaleEnding).size());
    return known_.contains(weight) && files_.holds(weight) && !is_plain_float(*files_.tensors().at(weight).entry);
  }

  const WeightFiles& files_;
  const ModelConfig& config_;
  Findings findings_;
  std::map<std::string, at::Tensor> known_;
};

void check_shared(const WeightFiles& files, const std::vector<NamedTensor>& shared) {
  for (const NamedTensor& item : shared) {
    if (!files.holds(item.name) || files.equals(item.name, item.tensor)) continue;
    throw InputError(files.tensors().at(item.name).file->path().string() + ": " + item.name,
                     "differs from the tensor it is a copy of; this model shares the two");
  }
}

/// Where sampling ends is often said in generation_config.json alone.
void add_end_tokens(const std::filesystem::path& path, ModelConfig& config) {
  if (!std::filesystem::exists(path)) return;
  const nlohmann::json object = read_json_file(path, kMaxJsonBytes);
  if (!object.is_object()) throw InputError(path.string(), "must be a JSON object; repair or remove the file");
  std::vector<int64_t>& known = config.eos_token_ids;
  for (const int64_t id : FieldReader(object, path.string()).ids("eos_token_id", config.vocab_size - 1)) {
    if (std::find(known.begin(), known.end(), id) == known.end()) known.push_back(id);
  }
}

/// transformers 5 states an MTP module for every DeepSeek-V3 and saves none; from others its absence is a loss.
void drop_unsaved_mtp(const std::filesystem::path& path, const WeightFiles& files, ModelConfig& config) {
  if (config.num_nextn_predict_layers == 0) return;
  const nlohmann::json object = read_json_file(path, kMaxJsonBytes);
  const auto version = object.find("transformers_version");
  const bool is_version_5 =
      version != object.end() && version->is_string() && version->get<std::string>().starts_with("5.");
  const std::string prefix = mtp_prefix(config);
  const auto first = files.tensors().lower_bound(prefix);
  const bool is_absent = first == files.tensors().end() || !first->first.starts_with(prefix);
  if (is_version_5 && is_absent) config.num_nextn_predict_layers = 0;
}

at::ScalarType parse_dtype(const std::string& name) {
  if (name == "float32") return at::kFloat;
  if (name == "float64") return at::kDouble;
  if (name == "bfloat16") return at::kBFloat16;
  throw ConfigError("dtype", "is " + quote_untrusted(name) + ", but must be float32, float64 or bfloat16");
}

}  // namespace

Model load(const std::filesystem::path& folder, const LoadOptions& options) {
  const at::Device device = find_device(options.device);
  const at::ScalarType dtype = parse_dtype(options.dtype);
  if (!std::filesystem::exists(folder / "config.json")) {
    throw InputError(folder.string(), "has no config.json; a model folder holds config.json and model.safetensors");
  }
  const WeightFiles files(folder);
  ModelConfig config = load_model_config(folder / "config.json");
  add_end_tokens(folder / "generation_config.json", config);
  drop_unsaved_mtp(folder / "config.json", files, config);
  TensorCheck(files, config).run();

  const at::NoGradGuard no_grad;
  Model model = Model::make_empty(config, dtype);
  std::vector<NamedTensor> ours = model.weights();
  ours.insert(ours.end(), model.buffers().begin(), model.buffers().end());
  const HoldsName holds = [&files](const std::string& name) { return files.holds(name); };
  for (const NamedTensor& view : hf_views(ours, config, holds)) files.read_into(view.name, view.tensor);
  const SharedTensors shared = hf_shared(ours, config);
  check_shared(files, shared.saved);
  check_shared(files, shared.tolerated);
  if (!device.is_cpu()) {
    for (auto* tensors : {&model.state_->weights, &model.state_->buffers}) {
      for (NamedTensor& item : *tensors) item.tensor = item.tensor.detach().to(device);
    }
    model.state_->arrange();
  }
  return model;
}

}  // namespace aha::model
