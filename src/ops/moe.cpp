// The grouped experts of a mixture of experts, on the CPU.
#include "aha/ops/moe.h"

#include <ATen/Dispatch.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>
#include <numeric>

#include "aha/core/error.h"
#include "aha/ops/cpu_gemm.h"
#include "aha/ops/tensor_check.h"
#include "ops/matrix_product.h"

namespace aha::ops {
namespace {

using at::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

/// The T·K (token, k) pairs sorted by expert, those of one expert by token.
struct Grouping {
  std::vector<int64_t> begin;  // [E + 1] rows of each expert
  std::vector<int64_t> slot;   // row -> t·K + k
  std::vector<int64_t> row;    // t·K + k -> row
};

Grouping group_by_expert(const Tensor& expert_TK, int64_t num_experts) {
  const int32_t* expert = expert_TK.const_data_ptr<int32_t>();
  const int64_t num_slots = expert_TK.numel();
  Grouping grouping{std::vector<int64_t>(num_experts + 1), std::vector<int64_t>(num_slots),
                    std::vector<int64_t>(num_slots)};
  for (int64_t i = 0; i < num_slots; ++i) {
    if (expert[i] < 0 || expert[i] >= num_experts) {
      throw ShapeError("[experts] expert: " + std::to_string(expert[i]) +
                       " is not below E = " + std::to_string(num_experts));
    }
    ++grouping.begin[expert[i] + 1];
  }
  std::partial_sum(grouping.begin.begin(), grouping.begin.end(), grouping.begin.begin());
  std::vector<int64_t> next(grouping.begin.begin(), grouping.begin.end() - 1);
  for (int64_t i = 0; i < num_slots; ++i) {
    grouping.row[i] = next[expert[i]]++;
    grouping.slot[grouping.row[i]] = i;
  }
  return grouping;
}

/// Per-thread workspaces, grown and never shrunk.
template <class T>
T* workspace(int index, int64_t size) {
  thread_local std::vector<T> storage[4];
  std::vector<T>& values = storage[index];
  if (static_cast<int64_t>(values.size()) < size) values.resize(static_cast<size_t>(size));
  return values.data();
}

/// rows[i] = source[token of row i]
template <class T>
void gather(const Grouping& grouping, int64_t experts_per_token, const T* source, int64_t width, T* rows) {
  for (size_t i = 0; i < grouping.slot.size(); ++i) {
    std::copy_n(source + grouping.slot[i] / experts_per_token * width, width, rows + static_cast<int64_t>(i) * width);
  }
}

/// The sizes and pointers that the forward and the backward pass share. All rows are sorted by expert.
template <class T>
struct ExpertProducts {
  const Grouping& grouping;
  int64_t num_experts, width, intermediate, experts_per_token;
  const T *gate_up, *down, *weight;  // weight [T, K]
  NumberType products;

  int64_t num_rows() const { return static_cast<int64_t>(grouping.slot.size()); }

  template <class Work>
  void for_active(Work work) const {
    for (int64_t e = 0; e < num_experts; ++e) {
      if (grouping.begin[e] < grouping.begin[e + 1]) work(e, grouping.begin[e], grouping.begin[e + 1]);
    }
  }

  /// hidden [rows, 2I] = x · gate_upᵀ
  void project_up(const T* x, T* hidden) const {
    for_active([&](int64_t e, int64_t begin, int64_t end) {
      gemm(GemmArgs<T>{.a = x + begin * width,
                       .b = gate_up + e * 2 * intermediate * width,
                       .c = hidden + begin * 2 * intermediate,
                       .m = end - begin,
                       .n = 2 * intermediate,
                       .k = width,
                       .lda = width,
                       .ldb = width,
                       .ldc = 2 * intermediate,
                       .transpose_b = true},
           products);
    });
  }

  /// y [rows, D] = activation · downᵀ
  void project_down(const T* activation, T* y) const {
    for_active([&](int64_t e, int64_t begin, int64_t end) {
      gemm(GemmArgs<T>{.a = activation + begin * intermediate,
                       .b = down + e * width * intermediate,
                       .c = y + begin * width,
                       .m = end - begin,
                       .n = width,
                       .k = intermediate,
                       .lda = intermediate,
                       .ldb = intermediate,
                       .ldc = width,
                       .transpose_b = true},
           products);
    });
  }

  /// activation_gradient [rows, I] = y_gradient · down
  void project_down_back(const T* y_gradient, T* activation_gradient) const {
    for_active([&](int64_t e, int64_t begin, int64_t end) {
      gemm(GemmArgs<T>{.a = y_gradient + begin * width,
                       .b = down + e * width * intermediate,
                       .c = activation_gradient + begin * intermediate,
                       .m = end - begin,
                       .n = intermediate,
                       .k = width,
                       .lda = width,
                       .ldb = intermediate,
                       .ldc = intermediate},
           products);
    });
  }

  /// x_gradient [rows, D] = hidden_gradient · gate_up
  void project_up_back(const T* hidden_gradient, T* x_gradient) const {
    for_active([&](int64_t e, int64_t begin, int64_t end) {
      gemm(GemmArgs<T>{.a = hidden_gradient + begin * 2 * intermediate,
                       .b = gate_up + e * 2 * intermediate * width,
                       .c = x_gradient + begin * width,
                       .m = end - begin,
                       .n = width,
                       .k = 2 * intermediate,
                       .lda = 2 * intermediate,
                       .ldb = width,
                       .ldc = width},
           products);
    });
  }

  /// out [E, M, N]: per expert leftᵀ [M, rows] · right [rows, N]; zero for experts without rows.
  void outer(const T* left, int64_t m, const T* right, int64_t n, T* out) const {
    for (int64_t e = 0; e < num_experts; ++e)
      if (grouping.begin[e] == grouping.begin[e + 1]) std::fill_n(out + e * m * n, m * n, T{0});
    for_active([&](int64_t e, int64_t begin, int64_t end) {
      gemm(GemmArgs<T>{.a = left + begin * m,
                       .b = right + begin * n,
                       .c = out + e * m * n,
                       .m = m,
                       .n = n,
                       .k = end - begin,
                       .lda = m,
                       .ldb = n,
                       .ldc = n,
                       .transpose_a = true},
           products);
    });
  }
};

template <class T>
void run_experts(const ExpertProducts<T>& products, const T* x, int64_t num_tokens, T* hidden, T* out) {
  const int64_t rows = products.num_rows(), width = products.width, intermediate = products.intermediate;
  T* sorted = workspace<T>(0, rows * width);
  T* activation = workspace<T>(1, rows * intermediate);
  gather(products.grouping, products.experts_per_token, x, width, sorted);
  products.project_up(sorted, hidden);
  for (int64_t i = 0; i < rows; ++i) {
    const T* gate = hidden + i * 2 * intermediate;
    swiglu_row(gate, gate + intermediate, intermediate, activation + i * intermediate);
  }
  products.project_down(activation, sorted);
  std::fill_n(out, num_tokens * width, T{0});
  for (int64_t slot = 0; slot < rows; ++slot) {  // k rises within a token: the order of the sum
    axpy(products.weight[slot], sorted + products.grouping.row[slot] * width,
         out + slot / products.experts_per_token * width, width);
  }
}

// gate_up and down may be null: those of frozen experts are not worked out.
template <class T>
struct ExpertGradients {
  T *x, *weight, *gate_up, *down;
};

/// From activation_gradient, that of a row before its weight: hidden_gradient and the weighted activation, ready for
/// the products, and the gradient of the weight.
template <class T>
void differentiate_rows(const ExpertProducts<T>& products, const T* hidden, const T* activation_gradient,
                        T* hidden_gradient, T* activation, T* weight_gradient) {
  const int64_t intermediate = products.intermediate;
  for (int64_t i = 0; i < products.num_rows(); ++i) {
    const int64_t slot = products.grouping.slot[i];
    const T *gate = hidden + i * 2 * intermediate, *upstream = activation_gradient + i * intermediate;
    T *slope = hidden_gradient + i * 2 * intermediate, *y = activation + i * intermediate;
    swiglu_backward_row(gate, gate + intermediate, upstream, intermediate, slope, slope + intermediate, y);
    weight_gradient[slot] = dot(y, upstream, intermediate);
    const T weight = products.weight[slot];
    for (int64_t j = 0; j < 2 * intermediate; ++j) slope[j] *= weight;
    for (int64_t j = 0; j < intermediate; ++j) y[j] *= weight;
  }
}

template <class T>
void differentiate_experts(const ExpertProducts<T>& products, const T* x, const T* out_gradient, int64_t num_tokens,
                           const T* hidden, const ExpertGradients<T>& gradients) {
  const int64_t rows = products.num_rows(), width = products.width, intermediate = products.intermediate;
  T* sorted = workspace<T>(0, rows * width);
  T* activation = workspace<T>(1, rows * intermediate);
  T* activation_gradient = workspace<T>(2, rows * intermediate);
  T* hidden_gradient = workspace<T>(3, rows * 2 * intermediate);

  gather(products.grouping, products.experts_per_token, out_gradient, width, sorted);
  products.project_down_back(sorted, activation_gradient);
  differentiate_rows(products, hidden, activation_gradient, hidden_gradient, activation, gradients.weight);
  if (gradients.down) products.outer(sorted, width, activation, intermediate, gradients.down);

  if (gradients.gate_up) {
    gather(products.grouping, products.experts_per_token, x, width, sorted);
    products.outer(hidden_gradient, 2 * intermediate, sorted, width, gradients.gate_up);
  }
  products.project_up_back(hidden_gradient, sorted);
  std::fill_n(gradients.x, num_tokens * width, T{0});
  for (int64_t slot = 0; slot < rows; ++slot) {
    axpy(T{1}, sorted + products.grouping.row[slot] * width, gradients.x + slot / products.experts_per_token * width,
         width);
  }
}

template <class T>
ExpertProducts<T> make_products(const Grouping& grouping, const Tensor& weight, const Tensor& gate_up,
                                const Tensor& down, NumberType products) {
  return {grouping,
          gate_up.size(0),
          gate_up.size(2),
          down.size(2),
          weight.size(1),
          gate_up.const_data_ptr<T>(),
          down.const_data_ptr<T>(),
          weight.const_data_ptr<T>(),
          products};
}

class Experts : public torch::autograd::Function<Experts> {
 public:
  static Tensor forward(AutogradContext* context, const Tensor& x_in, const Tensor& expert_in, const Tensor& weight_in,
                        const Tensor& gate_up_in, const Tensor& down_in, NumberType products) {
    const Tensor x = x_in.contiguous(), expert = expert_in.contiguous(), weight = weight_in.contiguous();
    const Tensor gate_up = gate_up_in.contiguous(), down = down_in.contiguous();
    const Grouping grouping = group_by_expert(expert, gate_up.size(0));
    Tensor hidden = at::empty({expert.numel(), gate_up.size(1)}, x.options()), out = at::empty_like(x);
    AT_DISPATCH_FLOATING_TYPES(x.scalar_type(), "experts", [&] {
      run_experts(make_products<scalar_t>(grouping, weight, gate_up, down, products), x.const_data_ptr<scalar_t>(),
                  x.size(0), hidden.data_ptr<scalar_t>(), out.data_ptr<scalar_t>());
    });
    context->save_for_backward({x, expert, weight, gate_up, down, hidden});
    save_products(*context, products);
    return out;
  }

  static variable_list backward(AutogradContext* context, variable_list upstream) {
    const variable_list saved = context->get_saved_variables();
    const Tensor &x = saved[0], &weight = saved[2], &gate_up = saved[3], &down = saved[4];
    const Grouping grouping = group_by_expert(saved[1], gate_up.size(0));
    const Tensor out_gradient = upstream[0].contiguous();
    const NumberType products = saved_products(*context);
    Tensor x_gradient = at::empty_like(x), weight_gradient = at::empty_like(weight);
    Tensor gate_up_gradient, down_gradient;
    if (context->needs_input_grad(3)) gate_up_gradient = at::empty_like(gate_up);
    if (context->needs_input_grad(4)) down_gradient = at::empty_like(down);
    AT_DISPATCH_FLOATING_TYPES(x.scalar_type(), "experts", [&] {
      const auto values = [](const Tensor& t) { return t.defined() ? t.data_ptr<scalar_t>() : nullptr; };
      const ExpertGradients<scalar_t> gradients{values(x_gradient), values(weight_gradient), values(gate_up_gradient),
                                                values(down_gradient)};
      differentiate_experts(make_products<scalar_t>(grouping, weight, gate_up, down, products),
                            x.const_data_ptr<scalar_t>(), out_gradient.const_data_ptr<scalar_t>(), x.size(0),
                            saved[5].const_data_ptr<scalar_t>(), gradients);
    });
    return {x_gradient, Tensor(), weight_gradient, gate_up_gradient, down_gradient, Tensor()};
  }
};

}  // namespace

Tensor experts(const Tensor& x_TD, const Tensor& expert_TK, const Tensor& weight_TK, const Tensor& gate_up_EFD,
               const Tensor& down_EDI, NumberType products) {
  TensorCheck check("experts");
  check.shape("x", x_TD, "TD").integers("expert", expert_TK, "TK", at::kInt).shape("weight", weight_TK, "TK");
  check.shape("gate_up", gate_up_EFD, "EFD")
      .shape("down", down_EDI, "EDI")
      .size('F', 2 * down_EDI.size(2))
      .products(products);
  return Experts::apply(x_TD, expert_TK, weight_TK, gate_up_EFD, down_EDI, products);
}

}  // namespace aha::ops
