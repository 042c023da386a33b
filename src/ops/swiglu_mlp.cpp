// The gated feed-forward block on the CPU: the activation is computed again in the backward pass.
#include "aha/ops/swiglu_mlp.h"

#include "aha/ops/cpu_math.h"
#include "aha/ops/tensor_check.h"
#include "ops/matrix_product.h"

namespace aha::ops {
namespace {

using torch::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

Tensor activate(const Tensor& hidden_TF) {
  const int64_t width = hidden_TF.size(1) / 2;
  Tensor activation = torch::empty({hidden_TF.size(0), width}, hidden_TF.options());
  AT_DISPATCH_FLOATING_TYPES(hidden_TF.scalar_type(), "swiglu_mlp", [&] {
    for (int64_t t = 0; t < hidden_TF.size(0); ++t) {
      const scalar_t* gate = hidden_TF.const_data_ptr<scalar_t>() + t * 2 * width;
      swiglu_row(gate, gate + width, width, activation.data_ptr<scalar_t>() + t * width);
    }
  });
  return activation;
}

struct ActivationGradient {
  Tensor hidden_TF, activation_TI;
};

// `grad_TI` is overwritten with the activation itself, which the gradient of `down` needs.
ActivationGradient differentiate(const Tensor& hidden_TF, const Tensor& grad_TI) {
  const int64_t width = grad_TI.size(1);
  Tensor grad_hidden = torch::empty_like(hidden_TF);
  AT_DISPATCH_FLOATING_TYPES(hidden_TF.scalar_type(), "swiglu_mlp", [&] {
    for (int64_t t = 0; t < hidden_TF.size(0); ++t) {
      const scalar_t* gate = hidden_TF.const_data_ptr<scalar_t>() + t * 2 * width;
      scalar_t* grad_gate = grad_hidden.data_ptr<scalar_t>() + t * 2 * width;
      scalar_t* row = grad_TI.data_ptr<scalar_t>() + t * width;
      swiglu_backward_row(gate, gate + width, row, width, grad_gate, grad_gate + width, row);
    }
  });
  return {grad_hidden, grad_TI};
}

class SwigluMlp : public torch::autograd::Function<SwigluMlp> {
 public:
  static Tensor forward(AutogradContext* context, const Tensor& x_in, const Tensor& gate_up_in, const Tensor& down_in) {
    const Tensor x = x_in.contiguous(), gate_up = gate_up_in.contiguous(), down = down_in.contiguous();
    const Tensor hidden = times_transposed(x, gate_up);
    context->save_for_backward({x, gate_up, down, hidden});
    return times_transposed(activate(hidden), down);
  }

  static variable_list backward(AutogradContext* context, variable_list upstream) {
    const variable_list saved = context->get_saved_variables();
    const Tensor &x = saved[0], &gate_up = saved[1], &down = saved[2], grad = upstream[0].contiguous();
    const ActivationGradient inner = differentiate(saved[3], times(grad, down));
    Tensor grad_x, grad_gate_up, grad_down;
    if (context->needs_input_grad(0)) grad_x = times(inner.hidden_TF, gate_up);
    if (context->needs_input_grad(1)) grad_gate_up = transposed_times(inner.hidden_TF, x);
    if (context->needs_input_grad(2)) grad_down = transposed_times(grad, inner.activation_TI);
    return {grad_x, grad_gate_up, grad_down};
  }
};

}  // namespace

Tensor swiglu_mlp(const Tensor& x_TD, const Tensor& gate_up_FD, const Tensor& down_DI) {
  TensorCheck check("swiglu_mlp");
  check.shape("x", x_TD, "TD").shape("gate_up", gate_up_FD, "FD").shape("down", down_DI, "DI");
  check.size('F', 2 * down_DI.size(1));
  return SwigluMlp::apply(x_TD, gate_up_FD, down_DI);
}

}  // namespace aha::ops
