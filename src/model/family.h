// What a family of models is: which fields its config.json has, and what its tensors are called in files.
#pragma once
#include <array>
#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <span>
#include <string_view>

#include "aha/model/config.h"
#include "model/field_reader.h"

namespace aha::model {

/// How one of our tensors lies in a file.
enum class Cut {
  kWhole,         // under the name itself
  kHalves,        // gate_proj.weight and up_proj.weight behind the name
  kExpertHalves,  // {e}.gate_proj.weight and {e}.up_proj.weight behind the name, or all in gate_up_proj
  kExperts,       // {e}.down_proj.weight behind the name, or all in down_proj
};

struct TensorName {
  std::string_view ours, theirs;  // behind "layers.{l}." and "model.layers.{l}."
  Cut cut = Cut::kWhole;
};

struct Family {
  std::string_view model_type, class_name;  // class_name: of transformers, before ForCausalLM
  /// Reads attention and experts; sizes that all families have are in the config already. @throws InputError
  void (*read)(const FieldReader& field, ModelConfig& config);
  /// The same fields, as transformers reads them.
  void (*write)(const ModelConfig& config, nlohmann::ordered_json& out);
  /// Of a layer's tensors; a row of which the layout has no tensor means nothing.
  std::span<const TensorName> names;
};

/// Null for a model_type that no family has.
const Family* find_family(std::string_view model_type);
/// The config's family. @throws ConfigError for a config that names none
const Family& family_of(const ModelConfig& config);

/// One list of several.
template <size_t... kSizes>
constexpr auto join_names(const std::array<TensorName, kSizes>&... lists) {
  std::array<TensorName, (kSizes + ...)> all{};
  size_t count = 0;
  const auto append = [&](const auto& list) {
    for (const TensorName& name : list) all[count++] = name;
  };
  (append(lists), ...);
  return all;
}

}  // namespace aha::model
