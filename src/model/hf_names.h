// Which Hugging Face tensors our own layout consists of.
#pragma once
#include <vector>

#include "aha/model/model.h"

namespace aha::model {

/// Every tensor of a DeepseekV3ForCausalLM file, under its name there, as a contiguous view into ours: reading a view
/// saves it, writing a view loads it. Gate and up halves and single experts are slices of ours.
/// @param ours parameters and buffers, named as in aha/model/model.h
std::vector<NamedTensor> hf_views(const std::vector<NamedTensor>& ours);

/// What a file may hold twice though ours is one tensor: embedding and head beside an MTP module, a tied head.
struct SharedTensors {
  std::vector<NamedTensor> saved;      // copies that files of this kind carry
  std::vector<NamedTensor> tolerated;  // copies that some files carry
};
SharedTensors hf_shared(const std::vector<NamedTensor>& ours, const ModelConfig& config);

}  // namespace aha::model
