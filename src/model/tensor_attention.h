// Attention of a decode step by LibTorch's operations.
#pragma once
#include <ATen/core/Tensor.h>

#include "aha/model/decoder.h"
#include "model/tensor_rows.h"
#include "model/weights.h"

namespace aha::model {

/// What the layers of one step read, and the cache that they add to.
struct TensorStep {
  const ModelConfig& config;
  const TensorRows& rows;
  at::Tensor cache_SW;  // [all slots, width]; written in place
};

/// Sums over inputs in the weight's number type; the result in float32.
at::Tensor multiply(const at::Tensor& x_RK, const at::Tensor& weight_NK);
at::Tensor norm_rows(const at::Tensor& x, const at::Tensor& weight, double eps);

/// @return [R, D] of normed rows, whose keys and values (or latents) stand in the cache from then on
at::Tensor tensor_attention(const TensorStep& step, const AttentionWeights& weights, int64_t layer,
                            const at::Tensor& normed_RD);

}  // namespace aha::model
