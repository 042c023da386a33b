// y = x · Wᵀ + b on the CPU.
#include "aha/ops/linear.h"

#include <ATen/Dispatch.h>
#include <ATen/ops/zeros.h>
#include <torch/csrc/autograd/custom_function.h>

#include <optional>

#include "aha/ops/cpu_math.h"
#include "aha/ops/tensor_check.h"
#include "ops/matrix_product.h"

namespace aha::ops {
namespace {

using at::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

// y[t] += bias for every row. Added to the finished sums, as decoding does.
void add_bias(const Tensor& bias_N, const Tensor& y_TN) {
  const int64_t width = y_TN.size(1);
  AT_DISPATCH_FLOATING_TYPES(y_TN.scalar_type(), "linear", [&] {
    for (int64_t t = 0; t < y_TN.size(0); ++t) {
      axpy(scalar_t{1}, bias_N.const_data_ptr<scalar_t>(), y_TN.data_ptr<scalar_t>() + t * width, width);
    }
  });
}

// The sum of the rows, from the first on.
Tensor sum_of_rows(const Tensor& grad_TN) {
  const int64_t width = grad_TN.size(1);
  const Tensor sum_N = at::zeros({width}, grad_TN.options());
  AT_DISPATCH_FLOATING_TYPES(grad_TN.scalar_type(), "linear", [&] {
    for (int64_t t = 0; t < grad_TN.size(0); ++t) {
      axpy(scalar_t{1}, grad_TN.const_data_ptr<scalar_t>() + t * width, sum_N.data_ptr<scalar_t>(), width);
    }
  });
  return sum_N;
}

class Linear : public torch::autograd::Function<Linear> {
 public:
  static Tensor forward(AutogradContext* context, const Tensor& x_in, const Tensor& weight_in,
                        const std::optional<Tensor>& bias_in, NumberType products) {
    const Tensor x = x_in.contiguous(), weight = weight_in.contiguous();
    context->save_for_backward({x, weight});
    save_products(*context, products);
    const Tensor y = times_transposed(x, weight, products);
    context->saved_data["has_bias"] = bias_in.has_value();
    if (bias_in) add_bias(bias_in->contiguous(), y);
    return y;
  }

  static variable_list backward(AutogradContext* context, variable_list upstream) {
    const variable_list saved = context->get_saved_variables();
    const Tensor grad = upstream[0].contiguous();
    const NumberType products = saved_products(*context);
    Tensor grad_x, grad_weight, grad_bias;
    if (context->needs_input_grad(0)) grad_x = times(grad, saved[1], products);
    if (context->needs_input_grad(1)) grad_weight = turned_times(grad, saved[0], products);
    const bool has_bias = context->saved_data["has_bias"].toBool();
    if (has_bias && context->needs_input_grad(2)) grad_bias = sum_of_rows(grad);
    return {grad_x, grad_weight, grad_bias, Tensor()};
  }
};

}  // namespace

Tensor linear(const Tensor& x_TK, const Tensor& weight_NK, const Tensor& bias_N, NumberType products) {
  TensorCheck check("linear");
  check.shape("x", x_TK, "TK").shape("weight", weight_NK, "NK").products(products);
  std::optional<Tensor> bias;
  if (bias_N.defined()) {
    check.shape("bias", bias_N, "N");
    bias = bias_N;
  }
  return Linear::apply(x_TK, weight_NK, bias, products);
}

}  // namespace aha::ops
