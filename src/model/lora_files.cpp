// Adapters as PEFT writes and reads them: adapter_config.json and adapter_model.safetensors.
#include <ATen/core/grad_mode.h>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>

#include "aha/core/error.h"
#include "aha/core/file.h"
#include "aha/core/log.h"
#include "aha/model/model.h"
#include "aha/model/safetensors.h"
#include "model/field_reader.h"
#include "model/json_file.h"
#include "model/lora_layout.h"
#include "model/state.h"

namespace aha::model {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;

constexpr int64_t kMaxConfigBytes = 16 << 20;
constexpr size_t kMaxNamesListed = 20;

// Fields that say nothing about what the adapters compute, or that are read one by one.
constexpr std::array<std::string_view, 17> kReadOrPassedOver = {"peft_type",
                                                                "task_type",
                                                                "r",
                                                                "lora_alpha",
                                                                "bias",
                                                                "target_modules",
                                                                "lora_dropout",
                                                                "auto_mapping",
                                                                "init_lora_weights",
                                                                "inference_mode",
                                                                "megatron_core",
                                                                "base_model_name_or_path",
                                                                "revision",
                                                                "peft_version",
                                                                "qalora_group_size",
                                                                "loftq_config",
                                                                "ensure_weight_tying"};

// Initialisations that leave the base weights as they are; the others' adapters belong to a changed base.
constexpr std::array<std::string_view, 3> kPlainInitialisations = {"gaussian", "orthogonal", "eva"};

bool is_inert(const json& value) {
  if (value.is_boolean()) return !value.get<bool>();
  return value.is_null() || ((value.is_structured() || value.is_string()) && value.empty());
}

// What would silently be other adapters: rank patterns, DoRA, modules trained whole, and whatever PEFT has next.
void refuse_other_adapters(const FieldReader& field, const json& object) {
  field.expect("peft_type", "LORA");
  field.expect("task_type", "CAUSAL_LM");
  field.expect("bias", "none");
  if (const json* start = field.find("init_lora_weights"); start && !start->is_boolean()) {
    const std::string name = field.string_or("init_lora_weights", "");
    if (std::find(kPlainInitialisations.begin(), kPlainInitialisations.end(), name) == kPlainInitialisations.end()) {
      field.fail("init_lora_weights",
                 "is " + quote_untrusted(name) +
                     ", which changes the base weights too; convert the "
                     "adapters with PEFT's save_pretrained(path_initial_model_for_weight_conversion=…)");
    }
  }
  for (const auto& [name, value] : object.items()) {
    const bool is_known =
        std::find(kReadOrPassedOver.begin(), kReadOrPassedOver.end(), name) != kReadOrPassedOver.end();
    if (is_known || is_inert(value)) continue;
    throw InputError(field.place() + ": " + quote_untrusted(name),
                     "is " + show_untrusted(value) + "; only plain LoRA of projections is read");
  }
}

std::vector<std::string> read_targets(const FieldReader& field) {
  const json* targets = field.find("target_modules");
  if (targets && targets->is_string()) {
    const std::string name = targets->get<std::string>();
    if (name != kAllLinear) field.fail("target_modules", "is a pattern; a list of names, or all-linear, is read");
    return {name};
  }
  if (!targets || !targets->is_array() || targets->size() > kMaxListed) {
    field.fail("target_modules", "must be a list of projections' names");
  }
  std::vector<std::string> names;
  for (const json& target : *targets) {
    if (!target.is_string()) field.fail("target_modules", "holds " + show_untrusted(target) + ", which is no name");
    names.push_back(target.get<std::string>());
  }
  return names;
}

LoraConfig read_lora_config(const std::filesystem::path& path, const ModelConfig& model) {
  const json object = read_json_file(path, kMaxConfigBytes);
  if (!object.is_object()) throw InputError(path.string(), "must be a JSON object with the fields of adapters");
  const FieldReader field(object, path.string());
  refuse_other_adapters(field, object);
  LoraConfig lora;
  lora.r = field.size("r", 1, kMaxLoraRank);
  lora.alpha = field.number("lora_alpha");
  if (!(lora.alpha > 0)) field.fail("lora_alpha", "must be above 0");
  lora.target_modules = read_targets(field);
  if (const auto fault = target_fault(model, lora)) field.fail("target_modules", *fault);
  return lora;
}

ordered_json lora_config_json(const LoraConfig& lora, const ModelConfig& model, const std::string& base_model) {
  const bool is_whole = lora.alpha == std::floor(lora.alpha) && lora.alpha < 1e15;
  const bool is_listed =
      std::find(lora.target_modules.begin(), lora.target_modules.end(), kAllLinear) == lora.target_modules.end();
  return {{"alpha_pattern", ordered_json::object()},
          {"auto_mapping", nullptr},
          {"base_model_name_or_path", base_model.empty() ? ordered_json() : ordered_json(base_model)},
          {"bias", "none"},
          {"fan_in_fan_out", false},
          {"inference_mode", true},
          {"init_lora_weights", true},
          {"layers_pattern", nullptr},
          {"layers_to_transform", nullptr},
          {"lora_alpha", is_whole ? ordered_json(static_cast<int64_t>(lora.alpha)) : ordered_json(lora.alpha)},
          {"lora_dropout", 0.0},
          {"modules_to_save", nullptr},
          {"peft_type", "LORA"},
          {"r", lora.r},
          {"rank_pattern", ordered_json::object()},
          {"revision", nullptr},
          {"target_modules", is_listed ? lora.target_modules : projections_of(adapter_layout(model, lora))},
          {"task_type", "CAUSAL_LM"},
          {"use_dora", false},
          {"use_rslora", false}};
}

// PEFT on transformers 5 takes these three names for the routed experts whatever stands before them, does not find
// adapters of those, and goes on with nothing but a warning of its own.
void warn_of_experts(const ModelConfig& model, const LoraConfig& lora) {
  const std::vector<AdapterSpec> layout = adapter_layout(model, lora);
  const auto is_in_mlp = [](const AdapterSpec& spec) { return spec.module.find(".mlp.") != std::string::npos; };
  if (model.n_routed_experts == 0 || std::none_of(layout.begin(), layout.end(), is_in_mlp)) return;
  log::warning(
      "adapters of gate_proj, up_proj and down_proj in a model with experts load here, but PEFT on transformers 5 "
      "takes "
      "them for the routed experts'; for other programs adapt attention alone, or save the merged model");
}

struct FileTensor {
  std::string ours, theirs;
  std::vector<int64_t> shape;
};

/// In the order of the file.
std::vector<FileTensor> file_tensors(const ModelConfig& model, const LoraConfig& lora) {
  std::vector<FileTensor> tensors;
  for (const AdapterSpec& spec : adapter_layout(model, lora)) {
    const std::string module = "base_model.model." + spec.module;
    tensors.push_back({spec.a(), module + ".lora_A.weight", {lora.r, spec.in}});
    tensors.push_back({spec.b(), module + ".lora_B.weight", {spec.out, lora.r}});
  }
  return tensors;
}

std::string listed(const std::string& what, const std::vector<std::string>& names) {
  const size_t shown = std::min(names.size(), kMaxNamesListed);
  const std::string text = fmt::format("{}: {}", what, fmt::join(names.begin(), names.begin() + shown, ", "));
  return shown == names.size() ? text : fmt::format("{} and {} more", text, names.size() - shown);
}

using Entries = std::map<std::string, const SafetensorsEntry*>;

/// All that is wrong with the set of tensors, said at once.
void check_tensors(const std::string& place, const Entries& entries, const std::vector<FileTensor>& expected) {
  std::vector<std::string> missing, unexpected, misshaped;
  Entries others = entries;
  for (const FileTensor& tensor : expected) {
    const auto found = entries.find(tensor.theirs);
    others.erase(tensor.theirs);
    if (found == entries.end()) {
      missing.push_back(tensor.theirs);
    } else if (found->second->shape != tensor.shape) {
      misshaped.push_back(fmt::format("{} is [{}], not [{}]", tensor.theirs, fmt::join(found->second->shape, ", "),
                                      fmt::join(tensor.shape, ", ")));
    }
  }
  for (const auto& [name, entry] : others) unexpected.push_back(quote_untrusted(name));
  std::vector<std::string> parts;
  if (!missing.empty()) parts.push_back(listed("missing", missing));
  if (!unexpected.empty()) parts.push_back(listed("unexpected", unexpected));
  if (!misshaped.empty()) parts.push_back(listed("mis-shaped", misshaped));
  if (parts.empty()) return;
  throw InputError(place, fmt::format("tensors do not fit adapter_config.json and the model; {}; use the model these "
                                      "adapters were trained on",
                                      fmt::join(parts, "; ")));
}

}  // namespace

void Model::save_lora(const std::filesystem::path& folder, const std::string& base_model) const {
  AHA_CHECK(state_->lora, "the model has no adapters to save");
  warn_of_experts(state_->config, *state_->lora);
  std::vector<NamedTensor> tensors;
  for (const FileTensor& tensor : file_tensors(state_->config, *state_->lora)) {
    tensors.push_back({tensor.theirs, parameter(tensor.ours).detach()});
  }
  const ordered_json config = lora_config_json(*state_->lora, state_->config, base_model);
  write_safetensors(folder / "adapter_model.safetensors", tensors);
  write_file_atomic(folder / "adapter_config.json", config.dump(2) + "\n");
}

void Model::load_lora(const std::filesystem::path& folder) {
  AHA_CHECK(!state_->lora, "the model has adapters already; merge them first");
  for (const char* name : {"adapter_config.json", "adapter_model.safetensors"}) {
    if (std::filesystem::exists(folder / name)) continue;
    throw InputError(folder.string(), fmt::format("has no {}; a folder of adapters holds adapter_config.json and "
                                                  "adapter_model.safetensors",
                                                  name));
  }
  const LoraConfig lora = read_lora_config(folder / "adapter_config.json", state_->config);
  const SafetensorsFile file(folder / "adapter_model.safetensors");
  Entries entries;
  for (const SafetensorsEntry& entry : file.entries()) entries.emplace(entry.name, &entry);
  const std::vector<FileTensor> expected = file_tensors(state_->config, lora);
  check_tensors(file.path().string(), entries, expected);

  const at::NoGradGuard no_grad;
  std::vector<NamedTensor> adapters;
  for (const FileTensor& tensor : expected) {
    adapters.push_back({tensor.ours, file.read(*entries.at(tensor.theirs), state_->dtype)});
  }
  state_->adapters = std::move(adapters);
  state_->lora = lora;
  state_->arrange();
}

}  // namespace aha::model
