// y = x · Wᵀ on the CPU.
#include "aha/ops/linear.h"

#include "aha/ops/tensor_check.h"
#include "ops/matrix_product.h"

namespace aha::ops {
namespace {

using torch::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

class Linear : public torch::autograd::Function<Linear> {
 public:
  static Tensor forward(AutogradContext* context, const Tensor& x_in, const Tensor& weight_in) {
    const Tensor x = x_in.contiguous(), weight = weight_in.contiguous();
    context->save_for_backward({x, weight});
    return times_transposed(x, weight);
  }

  static variable_list backward(AutogradContext* context, variable_list upstream) {
    const variable_list saved = context->get_saved_variables();
    const Tensor grad = upstream[0].contiguous();
    Tensor grad_x, grad_weight;
    if (context->needs_input_grad(0)) grad_x = times(grad, saved[1]);
    if (context->needs_input_grad(1)) grad_weight = turned_times(grad, saved[0]);
    return {grad_x, grad_weight};
  }
};

}  // namespace

Tensor linear(const Tensor& x_TK, const Tensor& weight_NK) {
  TensorCheck("linear").shape("x", x_TK, "TK").shape("weight", weight_NK, "NK");
  return Linear::apply(x_TK, weight_NK);
}

}  // namespace aha::ops
