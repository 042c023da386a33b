// Rows of a table by token id.
#pragma once
#include <ATen/core/Tensor.h>

namespace aha::ops {

/// @param weight_VD [V, D] · token_T [T] int64, each in [0, V). @return [T, D], differentiable in weight_VD; its
/// gradient sums in token order (the same bits every run). @throws ShapeError, also for an id out of range
at::Tensor embedding(const at::Tensor& weight_VD, const at::Tensor& token_T);

}  // namespace aha::ops
