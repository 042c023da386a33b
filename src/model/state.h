// What a Model owns.
#pragma once
#include <string>
#include <unordered_map>
#include <vector>

#include "aha/model/model.h"
#include "model/weights.h"

namespace aha::model {

struct Model::State {
  ModelConfig config;
  torch::Dtype dtype = torch::kFloat32;
  std::vector<NamedTensor> parameters, buffers;
  std::unordered_map<std::string, torch::Tensor> by_name;
  Weights weights;  // the same tensors
};

}  // namespace aha::model
