// Rows of a table by token id, on the CPU.
#include "aha/ops/embedding.h"

#include <ATen/Dispatch.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/zeros.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>

#include "aha/ops/cpu_math.h"
#include "aha/ops/tensor_check.h"

namespace aha::ops {
namespace {

using at::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

class Embedding : public torch::autograd::Function<Embedding> {
 public:
  static Tensor forward(AutogradContext* context, const Tensor& weight_in, const Tensor& token_in) {
    const Tensor weight = weight_in.contiguous(), token = token_in.contiguous();
    const int64_t width = weight.size(1), *ids = token.const_data_ptr<int64_t>();
    Tensor rows = at::empty({token.size(0), width}, weight.options());
    AT_DISPATCH_FLOATING_TYPES(weight.scalar_type(), "embedding", [&] {
      const scalar_t* table = weight.const_data_ptr<scalar_t>();
      scalar_t* row = rows.data_ptr<scalar_t>();
      for (int64_t t = 0; t < token.size(0); ++t) std::copy_n(table + ids[t] * width, width, row + t * width);
    });
    context->save_for_backward({token});
    context->saved_data["vocab_size"] = weight.size(0);
    return rows;
  }

  static variable_list backward(AutogradContext* context, variable_list upstream) {
    const Tensor token = context->get_saved_variables()[0], grad = upstream[0].contiguous();
    const int64_t width = grad.size(1), *ids = token.const_data_ptr<int64_t>();
    Tensor grad_weight = at::zeros({context->saved_data["vocab_size"].toInt(), width}, grad.options());
    AT_DISPATCH_FLOATING_TYPES(grad.scalar_type(), "embedding", [&] {
      const scalar_t* row = grad.const_data_ptr<scalar_t>();
      scalar_t* table = grad_weight.data_ptr<scalar_t>();
      for (int64_t t = 0; t < token.size(0); ++t) axpy(scalar_t{1}, row + t * width, table + ids[t] * width, width);
    });
    return {grad_weight, Tensor()};
  }
};

}  // namespace

Tensor embedding(const Tensor& weight_VD, const Tensor& token_T) {
  TensorCheck check("embedding");
  check.shape("weight", weight_VD, "VD").integers("token", token_T, "T", at::kLong);
  check.indices("token", token_T, weight_VD.size(0));
  return Embedding::apply(weight_VD, token_T);
}

}  // namespace aha::ops
