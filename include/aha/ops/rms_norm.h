// Root-mean-square normalisation (arXiv:1910.07467).
#pragma once
#include <torch/types.h>

namespace aha::ops {

/// weight · (x / sqrt(mean(x²) + eps)), row by row, statistics in the tensor's dtype (float32 or float64).
/// @param x_TD [T, D] · weight_D [D]. @return [T, D], differentiable in both. @throws ShapeError
torch::Tensor rms_norm(const torch::Tensor& x_TD, const torch::Tensor& weight_D, double eps);

}  // namespace aha::ops
