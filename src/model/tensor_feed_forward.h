// Feed-forward blocks of a decode step by LibTorch's operations.
#pragma once
#include <ATen/core/Tensor.h>

#include "aha/ops/cpu_math.h"
#include "model/weights.h"

namespace aha::model {

/// The experts of some rows, best first.
struct TensorChoice {
  at::Tensor expert_RK;  // int64
  at::Tensor weight_RK;
};
/// The gate as ops::route_row, but for numbers that are none. @param bias_E may be undefined
TensorChoice choose_experts(const at::Tensor& logits_RE, const at::Tensor& bias_E, const ops::RouterShape& shape);

/// [R, D] of normed rows.
at::Tensor tensor_mlp(const at::Tensor& normed_RD, const MlpWeights& weights);

/// [R, D] of normed rows: shared and routed experts. Waits for the device, once.
/// @param host_expert_RK out: the choice, on the CPU
at::Tensor tensor_experts(const at::Tensor& normed_RD, const MoeWeights& weights, const ops::RouterShape& shape,
                          at::Tensor& host_expert_RK);

}  // namespace aha::model
