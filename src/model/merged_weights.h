// Weights with their adapters added, for whoever wants one matrix a projection: files and decoding.
#pragma once
#include <ATen/core/Tensor.h>

#include <string>
#include <unordered_map>
#include <vector>

#include "aha/model/model.h"
#include "model/lora_layout.h"

namespace aha::model {

/// One tensor at a time: no second model in memory. Holds a reference to the model.
class MergedWeights {
 public:
  explicit MergedWeights(const Model& model);
  /// W + alpha/r · B·A of a weight, detached and of its dtype; the weight itself where it has no adapter.
  /// @throws ShapeError for a name the model does not have
  at::Tensor operator()(const std::string& name) const;
  bool has_adapter(const std::string& name) const { return adapters_.contains(name); }

 private:
  const Model& model_;
  std::unordered_map<std::string, std::vector<AdapterSpec>> adapters_;  // by the weight's name
};

}  // namespace aha::model
