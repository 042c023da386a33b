// Root-mean-square normalisation (arXiv:1910.07467).
#pragma once
#include <ATen/core/Tensor.h>

namespace aha::ops {

/// weight · (x / sqrt(mean(x²) + eps)), row by row, statistics in the tensor's dtype (float32 or float64).
/// @param x_TD [T, D] · weight_D [D]. @return [T, D], differentiable in both. @throws ShapeError
at::Tensor rms_norm(const at::Tensor& x_TD, const at::Tensor& weight_D, double eps);

}  // namespace aha::ops
