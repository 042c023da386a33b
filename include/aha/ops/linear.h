// y = x · Wᵀ + b with our own product, so that a row's bits do not depend on the batch.
#pragma once
#include <ATen/core/Tensor.h>

#include "aha/ops/number_type.h"

namespace aha::ops {

/// @param x_TK [T, K] and weight_NK [N, K], float32 or float64, CPU, any strides (made contiguous); bias_N [N], or
/// undefined for none, is added to the finished product
/// @param products kBFloat16: the operands of y = x · Wᵀ, dx = dy · W and dW = dyᵀ · x are rounded to bfloat16, the
/// sums are float32; for float32
/// @return [T, N]; differentiable in all. T = 0 is fine. @throws ShapeError
at::Tensor linear(const at::Tensor& x_TK, const at::Tensor& weight_NK, const at::Tensor& bias_N = {},
                  NumberType products = NumberType::kFloat32);

}  // namespace aha::ops
