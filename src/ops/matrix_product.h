// ops::gemm on whole tensors: contiguous matrices of one dtype, float32 or float64.
#pragma once
#include <torch/types.h>

namespace aha::ops {

// c = a · b, c = a · bᵀ, and c += aᵀ · b, whose sums go on from the old value.
void multiply(const torch::Tensor& a_MK, const torch::Tensor& b_KN, const torch::Tensor& c_MN);
void multiply_transposed(const torch::Tensor& a_MK, const torch::Tensor& b_NK, const torch::Tensor& c_MN);
void add_turned_product(const torch::Tensor& a_KM, const torch::Tensor& b_KN, const torch::Tensor& c_MN);

// The same into a new tensor.
torch::Tensor times(const torch::Tensor& a_MK, const torch::Tensor& b_KN);
torch::Tensor times_transposed(const torch::Tensor& a_MK, const torch::Tensor& b_NK);
torch::Tensor turned_times(const torch::Tensor& a_KM, const torch::Tensor& b_KN);

}  // namespace aha::ops
