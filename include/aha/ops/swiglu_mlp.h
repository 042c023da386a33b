// The gated feed-forward block (arXiv:2002.05202): down · (silu(gate · x) ⊙ (up · x)).
#pragma once
#include <ATen/core/Tensor.h>

#include "aha/ops/number_type.h"

namespace aha::ops {

/// @param x_TD [T, D] · gate_up_FD [2I, D], gate rows first · down_DI [D, I] · products as in ops::linear
/// @return [T, D], differentiable in all three; saves x and gate·x, up·x. @throws ShapeError
at::Tensor swiglu_mlp(const at::Tensor& x_TD, const at::Tensor& gate_up_FD, const at::Tensor& down_DI,
                      NumberType products = NumberType::kFloat32);

/// silu(gate) ⊙ up alone, for projections that are more than one matrix (adapters).
/// @param hidden_TF [T, 2I], gate first. @return [T, I], differentiable. @throws ShapeError
at::Tensor swiglu(const at::Tensor& hidden_TF);

}  // namespace aha::ops
