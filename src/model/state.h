// What a Model owns.
#pragma once
#include <optional>
#include <vector>

#include "aha/model/model.h"
#include "model/weights.h"

namespace aha::model {

struct Model::State {
  ModelConfig config;
  at::ScalarType dtype = at::kFloat;
  std::vector<NamedTensor> weights, adapters, buffers;
  std::optional<LoraConfig> lora;
  // The same tensors, arranged.
  std::vector<NamedTensor> parameters;
  Weights places;

  /// Makes the above from the lists, and lets what is trained require gradients; call it after a change of the lists.
  void arrange();
};

}  // namespace aha::model
