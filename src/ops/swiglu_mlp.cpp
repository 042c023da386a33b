// The gated feed-forward block on the CPU, in chunks of rows; the backward pass computes the activation again.
#include "aha/ops/swiglu_mlp.h"

#include <ATen/Dispatch.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/zeros_like.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>

#include "aha/core/error.h"
#include "aha/ops/cpu_math.h"
#include "aha/ops/tensor_check.h"
#include "ops/matrix_product.h"

namespace aha::ops {
namespace {

using at::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

// Rows whose intermediate values stay in the second-level cache and in one reused workspace: fresh memory costs a
// page fault per 4 KB. Sums over tokens go on from chunk to chunk, so that no bit depends on the chunk's size.
constexpr int64_t kChunkRows = 256;

struct Chunk {
  int64_t first, count;

  // Rows of a tensor that holds all tokens.
  Tensor of(const Tensor& tensor) const {
    return count == tensor.size(0) ? tensor : tensor.slice(0, first, first + count);
  }
  // Leading rows of a workspace.
  Tensor head_of(const Tensor& workspace) const { return Chunk{0, count}.of(workspace); }
};

template <class Work>
void for_chunks(int64_t num_tokens, Work work) {
  for (int64_t first = 0; first < num_tokens; first += kChunkRows)
    work(Chunk{first, std::min(kChunkRows, num_tokens - first)});
}

// For a sum over the tokens, whose first chunk overwrites it.
Tensor room_for_sum(const Tensor& like, int64_t num_tokens) {
  return num_tokens > 0 ? at::empty_like(like) : at::zeros_like(like);
}

Tensor workspace(int64_t num_tokens, int64_t width, const Tensor& like) {
  return at::empty({std::min(kChunkRows, num_tokens), width}, like.options());
}

void activate(const Tensor& hidden_TF, const Tensor& activation_TI) {
  const int64_t width = activation_TI.size(1);
  AT_DISPATCH_FLOATING_TYPES(hidden_TF.scalar_type(), "swiglu_mlp", [&] {
    for (int64_t t = 0; t < hidden_TF.size(0); ++t) {
      const scalar_t* gate = hidden_TF.const_data_ptr<scalar_t>() + t * 2 * width;
      swiglu_row(gate, gate + width, width, activation_TI.data_ptr<scalar_t>() + t * width);
    }
  });
}

// Reads the activation's gradient from `inner_TI` and leaves the activation itself there.
void differentiate(const Tensor& hidden_TF, const Tensor& inner_TI, const Tensor& grad_hidden_TF) {
  const int64_t width = inner_TI.size(1);
  AT_DISPATCH_FLOATING_TYPES(hidden_TF.scalar_type(), "swiglu_mlp", [&] {
    for (int64_t t = 0; t < hidden_TF.size(0); ++t) {
      const scalar_t* gate = hidden_TF.const_data_ptr<scalar_t>() + t * 2 * width;
      scalar_t* grad_gate = grad_hidden_TF.data_ptr<scalar_t>() + t * 2 * width;
      scalar_t* row = inner_TI.data_ptr<scalar_t>() + t * width;
      swiglu_backward_row(gate, gate + width, row, width, grad_gate, grad_gate + width, row);
    }
  });
}

class SwigluMlp : public torch::autograd::Function<SwigluMlp> {
 public:
  static Tensor forward(AutogradContext* context, const Tensor& x_in, const Tensor& gate_up_in, const Tensor& down_in,
                        NumberType products) {
    const Tensor x = x_in.contiguous(), gate_up = gate_up_in.contiguous(), down = down_in.contiguous();
    const int64_t num_tokens = x.size(0);
    const Tensor hidden = at::empty({num_tokens, gate_up.size(0)}, x.options()), y = at::empty_like(x);
    const Tensor activations = workspace(num_tokens, down.size(1), x);
    for_chunks(num_tokens, [&](Chunk chunk) {
      const Tensor rows = chunk.of(hidden), activation = chunk.head_of(activations);
      multiply_transposed(chunk.of(x), gate_up, rows, products);
      activate(rows, activation);
      multiply_transposed(activation, down, chunk.of(y), products);
    });
    context->save_for_backward({x, gate_up, down, hidden});
    save_products(*context, products);
    return y;
  }

  static variable_list backward(AutogradContext* context, variable_list upstream) {
    const variable_list saved = context->get_saved_variables();
    const Tensor &x = saved[0], &gate_up = saved[1], &down = saved[2], &hidden = saved[3];
    const Tensor grad = upstream[0].contiguous();
    const NumberType products = saved_products(*context);
    const Tensor inners = workspace(x.size(0), down.size(1), x),
                 grad_hiddens = workspace(x.size(0), gate_up.size(0), x);
    Tensor grad_x, grad_gate_up, grad_down;
    if (context->needs_input_grad(0)) grad_x = at::empty_like(x);
    if (context->needs_input_grad(1)) grad_gate_up = room_for_sum(gate_up, x.size(0));
    if (context->needs_input_grad(2)) grad_down = room_for_sum(down, x.size(0));
    for_chunks(x.size(0), [&](Chunk chunk) {
      const Tensor rows = chunk.of(grad), inner = chunk.head_of(inners), grad_hidden = chunk.head_of(grad_hiddens);
      multiply(rows, down, inner, products);
      differentiate(chunk.of(hidden), inner, grad_hidden);
      if (grad_x.defined()) multiply(grad_hidden, gate_up, chunk.of(grad_x), products);
      const bool adds = chunk.first > 0;
      if (grad_gate_up.defined()) multiply_turned(grad_hidden, chunk.of(x), grad_gate_up, products, adds);
      if (grad_down.defined()) multiply_turned(rows, inner, grad_down, products, adds);
    });
    return {grad_x, grad_gate_up, grad_down, Tensor()};
  }
};

class Swiglu : public torch::autograd::Function<Swiglu> {
 public:
  static Tensor forward(AutogradContext* context, const Tensor& hidden_in) {
    const Tensor hidden = hidden_in.contiguous();
    const Tensor y = at::empty({hidden.size(0), hidden.size(1) / 2}, hidden.options());
    activate(hidden, y);
    context->save_for_backward({hidden});
    return y;
  }

  static variable_list backward(AutogradContext* context, variable_list upstream) {
    const Tensor hidden = context->get_saved_variables()[0], grad_hidden = at::empty_like(hidden);
    const Tensor inner = upstream[0].clone(at::MemoryFormat::Contiguous);
    differentiate(hidden, inner, grad_hidden);
    return {grad_hidden};
  }
};

}  // namespace

Tensor swiglu_mlp(const Tensor& x_TD, const Tensor& gate_up_FD, const Tensor& down_DI, NumberType products) {
  TensorCheck check("swiglu_mlp");
  check.shape("x", x_TD, "TD").shape("gate_up", gate_up_FD, "FD").shape("down", down_DI, "DI");
  check.size('F', 2 * down_DI.size(1)).products(products);
  return SwigluMlp::apply(x_TD, gate_up_FD, down_DI, products);
}

Tensor swiglu(const Tensor& hidden_TF) {
  TensorCheck("swiglu").shape("hidden", hidden_TF, "TF");
  if (hidden_TF.size(1) % 2 != 0) {
    throw ShapeError("[swiglu] hidden: F is " + std::to_string(hidden_TF.size(1)) +
                     ", but must be even: gate, then up");
  }
  return Swiglu::apply(hidden_TF);
}

}  // namespace aha::ops
