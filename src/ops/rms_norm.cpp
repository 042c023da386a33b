// Root-mean-square normalisation on the CPU.
#include "aha/ops/rms_norm.h"

#include <ATen/Dispatch.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/zeros_like.h>
#include <torch/csrc/autograd/custom_function.h>

#include "aha/ops/cpu_math.h"
#include "aha/ops/tensor_check.h"
#include "ops/cpu/rows.h"

namespace aha::ops {
namespace {

using at::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

class RmsNorm : public torch::autograd::Function<RmsNorm> {
 public:
  static Tensor forward(AutogradContext* context, const Tensor& x_in, const Tensor& weight_in, double eps) {
    const Tensor x = x_in.contiguous(), weight = weight_in.contiguous();
    const int64_t width = x.size(1);
    Tensor y = at::empty_like(x), inverse = at::empty({x.size(0)}, x.options());
    AT_DISPATCH_FLOATING_TYPES(x.scalar_type(), "rms_norm", [&] {
      for (int64_t t = 0; t < x.size(0); ++t) {
        inverse.data_ptr<scalar_t>()[t] =
            rms_norm_row(x.const_data_ptr<scalar_t>() + t * width, weight.const_data_ptr<scalar_t>(),
                         static_cast<scalar_t>(eps), width, y.data_ptr<scalar_t>() + t * width);
      }
    });
    context->save_for_backward({x, weight, inverse});
    return y;
  }

  // Both gradients come from one pass; a frozen weight is rare and its sum cheap.
  static variable_list backward(AutogradContext* context, variable_list upstream) {
    const variable_list saved = context->get_saved_variables();
    const Tensor &x = saved[0], &weight = saved[1], &inverse = saved[2], grad = upstream[0].contiguous();
    const int64_t width = x.size(1);
    Tensor grad_x = at::empty_like(x), grad_weight = at::zeros_like(weight);
    AT_DISPATCH_FLOATING_TYPES(x.scalar_type(), "rms_norm", [&] {
      for (int64_t t = 0; t < x.size(0); ++t) {
        rows<scalar_t>().rms_norm_backward(x.const_data_ptr<scalar_t>() + t * width, weight.const_data_ptr<scalar_t>(),
                                           grad.const_data_ptr<scalar_t>() + t * width,
                                           inverse.const_data_ptr<scalar_t>()[t], width,
                                           grad_x.data_ptr<scalar_t>() + t * width, grad_weight.data_ptr<scalar_t>());
      }
    });
    return {context->needs_input_grad(0) ? grad_x : Tensor(), context->needs_input_grad(1) ? grad_weight : Tensor(),
            Tensor()};
  }
};

}  // namespace

Tensor rms_norm(const Tensor& x_TD, const Tensor& weight_D, double eps) {
  TensorCheck("rms_norm").shape("x", x_TD, "TD").shape("weight", weight_D, "D");
  return RmsNorm::apply(x_TD, weight_D, eps);
}

}  // namespace aha::ops
