// Products with a model's weights: biases, adapters, and weights held in bfloat16.
#pragma once
#include <ATen/core/Tensor.h>

#include "aha/ops/number_type.h"
#include "model/weights.h"

namespace aha::model {

/// What a model of this dtype computes in: float32 over weights held in bfloat16, else the same.
at::ScalarType compute_dtype(at::ScalarType weights);

/// A weight as an operation takes it; a bfloat16 one is widened for as long as the result lives.
at::Tensor wide(const at::Tensor& weight);

/// x · Wᵀ + b + scale · (x · Aᵀ) · Bᵀ; the sum W + scale · B·A is never formed. products as in ops::linear.
at::Tensor project(const at::Tensor& x_TK, const Projection& projection, ops::NumberType products);

/// down · (silu(gate · x) ⊙ (up · x)), each with its adapter where it has one.
at::Tensor run_mlp(const at::Tensor& x_TD, const MlpWeights& weights, ops::NumberType products);

/// Rows of the embedding table by token id.
at::Tensor embed(const at::Tensor& weight_VD, const at::Tensor& token_T);

}  // namespace aha::model
