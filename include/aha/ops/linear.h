// y = x · Wᵀ with our own product, so that a row's bits do not depend on the batch.
#pragma once
#include <torch/types.h>

namespace aha::ops {

/// @param x_TK [T, K] and weight_NK [N, K], float32 or float64, CPU, any strides (made contiguous)
/// @return [T, N]; differentiable in both. T = 0 is fine. @throws ShapeError
torch::Tensor linear(const torch::Tensor& x_TK, const torch::Tensor& weight_NK);

}  // namespace aha::ops
