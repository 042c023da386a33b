// ops::gemm on whole tensors: contiguous matrices of one dtype, float32 or float64.
#pragma once
#include <ATen/core/Tensor.h>

namespace aha::ops {

// c = a · b, c = a · bᵀ, and c += aᵀ · b, whose sums go on from the old value.
void multiply(const at::Tensor& a_MK, const at::Tensor& b_KN, const at::Tensor& c_MN);
void multiply_transposed(const at::Tensor& a_MK, const at::Tensor& b_NK, const at::Tensor& c_MN);
void add_turned_product(const at::Tensor& a_KM, const at::Tensor& b_KN, const at::Tensor& c_MN);

// The same into a new tensor.
at::Tensor times(const at::Tensor& a_MK, const at::Tensor& b_KN);
at::Tensor times_transposed(const at::Tensor& a_MK, const at::Tensor& b_NK);
at::Tensor turned_times(const at::Tensor& a_KM, const at::Tensor& b_KN);

}  // namespace aha::ops
