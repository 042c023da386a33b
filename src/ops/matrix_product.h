// ops::gemm on whole tensors: contiguous matrices of one dtype, float32 or float64.
#pragma once
#include <torch/torch.h>

namespace aha::ops {

torch::Tensor times(const torch::Tensor& a_MK, const torch::Tensor& b_KN);             // a · b
torch::Tensor times_transposed(const torch::Tensor& a_MK, const torch::Tensor& b_NK);  // a · bᵀ
torch::Tensor transposed_times(const torch::Tensor& a_KM, const torch::Tensor& b_KN);  // aᵀ · b

}  // namespace aha::ops
