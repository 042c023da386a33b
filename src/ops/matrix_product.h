// ops::gemm on whole tensors: contiguous matrices of one dtype, float32 or float64.
#pragma once
#include <ATen/core/Tensor.h>
#include <torch/csrc/autograd/custom_function.h>

#include "aha/ops/number_type.h"

namespace aha::ops {

// c = a · b, c = a · bᵀ, and c (+)= aᵀ · b, whose sums with `adds` go on from the old value.
void multiply(const at::Tensor& a_MK, const at::Tensor& b_KN, const at::Tensor& c_MN, NumberType products);
void multiply_transposed(const at::Tensor& a_MK, const at::Tensor& b_NK, const at::Tensor& c_MN, NumberType products);
void multiply_turned(const at::Tensor& a_KM, const at::Tensor& b_KN, const at::Tensor& c_MN, NumberType products,
                     bool adds);

// The same into a new tensor.
at::Tensor times(const at::Tensor& a_MK, const at::Tensor& b_KN, NumberType products);
at::Tensor times_transposed(const at::Tensor& a_MK, const at::Tensor& b_NK, NumberType products);
at::Tensor turned_times(const at::Tensor& a_KM, const at::Tensor& b_KN, NumberType products);

// From a forward pass to its backward pass.
void save_products(torch::autograd::AutogradContext& context, NumberType products);
NumberType saved_products(torch::autograd::AutogradContext& context);

}  // namespace aha::ops
