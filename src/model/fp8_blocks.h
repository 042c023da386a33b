// DeepSeek's FP8 weights: one scale a block of 128 rows and 128 columns.
#pragma once
#include <ATen/core/Tensor.h>

#include <vector>

#include "aha/model/safetensors.h"

namespace aha::model {

/// Name of the scales beside a weight.
std::string fp8_scale_name(const std::string& weight);
/// [..., ⌈rows / 128⌉, ⌈columns / 128⌉] for a weight [..., rows, columns]; empty for a weight that is no matrix.
std::vector<int64_t> fp8_scale_shape(const std::vector<int64_t>& weight);
/// out = weight · scale of its block, worked out in float32.
/// @param scale float32 of fp8_scale_shape
void read_fp8_into(const SafetensorsFile& file, const SafetensorsEntry& weight, const at::Tensor& scale,
                   at::Tensor out);

}  // namespace aha::model
