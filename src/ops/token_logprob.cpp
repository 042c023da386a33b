// Log-probability of each target token on the CPU, a chunk of rows at a time.
#include "aha/ops/token_logprob.h"

#include <ATen/Dispatch.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/zeros_like.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>

#include "aha/core/error.h"
#include "aha/ops/cpu_gemm.h"
#include "aha/ops/cpu_math.h"
#include "aha/ops/tensor_check.h"
#include "ops/matrix_product.h"

namespace aha::ops {
namespace {

using at::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

// Rows whose logits share the second-level cache with the head (here 1 MB), and never more than the promised 4 MB.
constexpr int64_t kChunkRows = 256;
constexpr int64_t kChunkBytes = 4 << 20;

template <class T>
struct Head {
  const T *hidden, *head;  // [T, D], [V, D]
  const int64_t* target;
  int64_t num_tokens, vocab_size, width;
  T scale;
  NumberType products;

  Head(const Tensor& hidden_TD, const Tensor& head_VD, const Tensor& target_T, double temperature, NumberType type)
      : hidden(hidden_TD.const_data_ptr<T>()),
        head(head_VD.const_data_ptr<T>()),
        target(target_T.const_data_ptr<int64_t>()),
        num_tokens(hidden_TD.size(0)),
        vocab_size(head_VD.size(0)),
        width(head_VD.size(1)),
        scale(static_cast<T>(1.0 / temperature)),
        products(type) {}

  // work(first token, number of tokens, their logits)
  template <class Work>
  void for_chunks(Work work) const {
    const int64_t row_bytes = vocab_size * static_cast<int64_t>(sizeof(T));
    const int64_t limit = std::clamp<int64_t>(kChunkBytes / std::max<int64_t>(row_bytes, 1), 1, kChunkRows);
    std::vector<T> logits(static_cast<size_t>(std::min(limit, num_tokens) * vocab_size));
    for (int64_t first = 0; first < num_tokens; first += limit) {
      const int64_t count = std::min(limit, num_tokens - first);
      gemm(GemmArgs<T>{.a = hidden + first * width,
                       .b = head,
                       .c = logits.data(),
                       .m = count,
                       .n = vocab_size,
                       .k = width,
                       .lda = width,
                       .ldb = width,
                       .ldc = vocab_size,
                       .transpose_b = true},
           products);
      work(first, count, logits.data());
    }
  }
};

template <class T>
bool is_any_above(const T* row, T limit, int64_t count) {
  int found = 0;
  for (int64_t v = 0; v < count; ++v) found |= row[v] > limit;
  return found != 0;
}

template <class T>
void score(const Head<T>& head, T* logprob, T* entropy, T* logsumexp, bool* is_best) {
  head.for_chunks([&](int64_t first, int64_t count, const T* logits) {
    for (int64_t t = first; t < first + count; ++t, logits += head.vocab_size) {
      logsumexp[t] = logsumexp_row(logits, head.scale, head.vocab_size, entropy + t);
      const T target = logits[head.target[t]];
      logprob[t] = std::min(T{0}, head.scale * target - logsumexp[t]);
      is_best[t] = !is_any_above(logits, target, head.vocab_size);
    }
  });
}

// What the forward pass found, and the gradients of its results; either of these may be null.
template <class T>
struct Upstream {
  const T *logsumexp, *entropy;
  const T *logprob_gradient, *entropy_gradient;
};

// The gradients' pointers may be null.
template <class T>
struct Gradients {
  T *hidden, *head;
};

// In place: a token's logits x become their gradient. Where s scales them and p are the probabilities, that of the
// log-probability is s · (one at the target - p), that of the entropy H is -s · p · (log p + H), log p = s·x -
// logsumexp.
template <class T>
void to_gradient(const Head<T>& head, const Upstream<T>& upstream, int64_t token, T* row, std::vector<T>& probability) {
  const int64_t vocab_size = head.vocab_size;
  const T logsumexp = upstream.logsumexp[token];
  const T factor = upstream.logprob_gradient ? head.scale * upstream.logprob_gradient[token] : T{0};
  if (upstream.entropy_gradient) {
    const T entropy_factor = head.scale * upstream.entropy_gradient[token];
    const T shift = upstream.entropy[token] - logsumexp;
    probability.assign(row, row + vocab_size);
    scaled_exp_row(probability.data(), head.scale, logsumexp, T{-1}, vocab_size);
    for (int64_t v = 0; v < vocab_size; ++v) {
      row[v] = probability[static_cast<size_t>(v)] * (factor + entropy_factor * (head.scale * row[v] + shift));
    }
  } else {
    scaled_exp_row(row, head.scale, logsumexp, -factor, vocab_size);
  }
  row[head.target[token]] += factor;
}

// The sum over tokens in the head's gradient goes on from chunk to chunk: its bits do not depend on the chunk's size.
template <class T>
void differentiate(const Head<T>& head, const Upstream<T>& upstream, const Gradients<T>& gradients) {
  const int64_t vocab_size = head.vocab_size, width = head.width;
  std::vector<T> probability;
  head.for_chunks([&](int64_t first, int64_t count, T* logits) {
    for (int64_t i = 0; i < count; ++i) {
      to_gradient(head, upstream, first + i, logits + i * vocab_size, probability);
    }
    GemmArgs<T> args{.a = logits,
                     .b = head.head,
                     .c = gradients.hidden + first * width,
                     .m = count,
                     .n = width,
                     .k = vocab_size,
                     .lda = vocab_size,
                     .ldb = width,
                     .ldc = width};
    if (gradients.hidden) gemm(args, head.products);
    args.b = head.hidden + first * width;
    args.c = gradients.head;
    args.m = vocab_size;
    args.k = count;
    args.transpose_a = args.accumulate = true;
    if (gradients.head) gemm(args, head.products);
  });
}

class TokenLogprobFunction : public torch::autograd::Function<TokenLogprobFunction> {
 public:
  static variable_list forward(AutogradContext* context, const Tensor& hidden_in, const Tensor& head_in,
                               const Tensor& target_in, double temperature, NumberType products) {
    const Tensor hidden = hidden_in.contiguous(), head = head_in.contiguous(), target = target_in.contiguous();
    Tensor logprob = at::empty({hidden.size(0)}, hidden.options());
    Tensor entropy = at::empty_like(logprob), logsumexp = at::empty_like(logprob);
    Tensor is_best = at::empty({hidden.size(0)}, hidden.options().dtype(at::kBool));
    AT_DISPATCH_FLOATING_TYPES(hidden.scalar_type(), "token_logprob", [&] {
      score(Head<scalar_t>(hidden, head, target, temperature, products), logprob.data_ptr<scalar_t>(),
            entropy.data_ptr<scalar_t>(), logsumexp.data_ptr<scalar_t>(), is_best.data_ptr<bool>());
    });
    context->set_materialize_grads(false);
    context->save_for_backward({hidden, head, target, logsumexp, entropy});
    context->saved_data["temperature"] = temperature;
    save_products(*context, products);
    context->mark_non_differentiable({is_best});
    return {logprob, entropy, is_best};
  }

  static variable_list backward(AutogradContext* context, variable_list upstream) {
    if (!upstream[0].defined() && !upstream[1].defined()) return {Tensor(), Tensor(), Tensor(), Tensor(), Tensor()};
    for (Tensor& gradient : upstream) gradient = gradient.defined() ? gradient.contiguous() : gradient;
    const variable_list saved = context->get_saved_variables();
    const Tensor &hidden = saved[0], &head = saved[1];
    const NumberType products = saved_products(*context);
    Tensor grad_hidden, grad_head;
    if (context->needs_input_grad(0)) grad_hidden = at::empty_like(hidden);
    if (context->needs_input_grad(1)) grad_head = at::zeros_like(head);
    AT_DISPATCH_FLOATING_TYPES(hidden.scalar_type(), "token_logprob", [&] {
      const auto values = [](const Tensor& t) { return t.defined() ? t.data_ptr<scalar_t>() : nullptr; };
      differentiate<scalar_t>({hidden, head, saved[2], context->saved_data["temperature"].toDouble(), products},
                              {values(saved[3]), values(saved[4]), values(upstream[0]), values(upstream[1])},
                              {values(grad_hidden), values(grad_head)});
    });
    return {grad_hidden, grad_head, Tensor(), Tensor(), Tensor()};
  }
};

}  // namespace

TokenLogprob token_logprob(const Tensor& hidden_TD, const Tensor& head_VD, const Tensor& target_T, double temperature,
                           NumberType products) {
  TensorCheck check("token_logprob");
  check.shape("hidden", hidden_TD, "TD").shape("head", head_VD, "VD").products(products);
  check.integers("target", target_T, "T", at::kLong).indices("target", target_T, head_VD.size(0));
  if (!(temperature > 0))
    throw ShapeError("[token_logprob] temperature: is " + std::to_string(temperature) + ", but must be above 0");
  const variable_list out = TokenLogprobFunction::apply(hidden_TD, head_VD, target_T, temperature, products);
  return {out[0], out[1], out[2]};
}

}  // namespace aha::ops
