// A model's weights as LibTorch's operations take them when decoding.
#pragma once
#include <ATen/core/Tensor.h>

#include "aha/model/decoder.h"
#include "model/weights.h"

namespace aha::model {

at::ScalarType scalar_type(ops::NumberType type);

/// Matrices in the number type asked for, vectors and routers in float32, adapters merged; the MTP module where it is
/// asked for. What lies on the device in its number type already is the model's own tensor.
struct TensorWeights {
  Weights places;
  int64_t embedding_bytes = 0;  // of which a step reads a few rows; 0 where it is the output head too
  int64_t expert_bytes = 0;     // of one expert in each MoE layer
  int64_t other_bytes = 0;      // what every step reads
};
/// @param options with tensor_device
TensorWeights make_tensor_weights(const Model& model, const DecodeOptions& options);

}  // namespace aha::model
