// The router of a mixture of experts and its balance loss, on the CPU.
#include <ATen/Dispatch.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>
#include <optional>

#include "aha/core/error.h"
#include "aha/ops/moe.h"
#include "aha/ops/tensor_check.h"
#include "ops/route_row.h"

namespace aha::ops {
namespace {

using at::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

bool chooses_itself(const int32_t* replay) { return !replay || replay[0] == -1; }

class Route : public torch::autograd::Function<Route> {
 public:
  static variable_list forward(AutogradContext* context, const Tensor& logits_in, const std::optional<Tensor>& bias_in,
                               const std::optional<Tensor>& replay, const RouterShape& shape) {
    const Tensor logits = logits_in.contiguous(), bias = bias_in ? bias_in->contiguous() : Tensor();
    const float* bias_row = bias.defined() ? bias.const_data_ptr<float>() : nullptr;
    const int32_t* record = replay ? replay->const_data_ptr<int32_t>() : nullptr;
    const int64_t num_tokens = logits.size(0), num_experts = shape.num_experts, k = shape.experts_per_token;
    Tensor expert = at::empty({num_tokens, k}, at::kInt), count = at::zeros({num_experts}, at::kLong);
    Tensor weight = at::empty({num_tokens, k}, logits.options()), score = at::empty_like(logits);
    AT_DISPATCH_FLOATING_TYPES(logits.scalar_type(), "route", [&] {
      for (int64_t t = 0; t < num_tokens; ++t) {
        const scalar_t* row = logits.const_data_ptr<scalar_t>() + t * num_experts;
        const int32_t* taken = record ? record + t * k : nullptr;
        int32_t* e = expert.data_ptr<int32_t>() + t * k;
        scalar_t *w = weight.data_ptr<scalar_t>() + t * k, *s = score.data_ptr<scalar_t>() + t * num_experts;
        if (chooses_itself(taken)) {
          route_row(shape, row, bias_row, e, w, s);
        } else {
          std::copy_n(taken, k, e);
          score_row(shape, row, s);
          weigh_row(shape, s, e, w);
        }
      }
    });
    for (int64_t i = 0; i < expert.numel(); ++i) ++count.data_ptr<int64_t>()[expert.const_data_ptr<int32_t>()[i]];
    context->mark_non_differentiable({expert, count});
    context->set_materialize_grads(false);
    context->save_for_backward({expert, score});
    context->saved_data["normalize"] = shape.normalize;
    context->saved_data["scaling"] = shape.scaling;
    context->saved_data["softmax"] = shape.score == RouterScore::kSoftmax;
    return {expert, weight, score, count};
  }

  static variable_list backward(AutogradContext* context, variable_list upstream) {
    const variable_list saved = context->get_saved_variables();
    const Tensor &expert = saved[0], &score = saved[1];
    Tensor gradient = upstream[2].defined() ? upstream[2].clone(at::MemoryFormat::Contiguous) : at::zeros_like(score);
    const Tensor weight_gradient = upstream[1].defined() ? upstream[1].contiguous() : Tensor();
    const bool normalize = context->saved_data["normalize"].toBool();
    const bool is_softmax = context->saved_data["softmax"].toBool();
    const double scaling = context->saved_data["scaling"].toDouble();
    AT_DISPATCH_FLOATING_TYPES(gradient.scalar_type(), "route", [&] {
      const int64_t k = expert.size(1), num_experts = score.size(1);
      for (int64_t t = 0; t < gradient.size(0); ++t) {
        scalar_t* slope = gradient.data_ptr<scalar_t>() + t * num_experts;
        const scalar_t* s = score.const_data_ptr<scalar_t>() + t * num_experts;
        if (weight_gradient.defined()) {
          add_choice_gradient({expert.const_data_ptr<int32_t>() + t * k, k, normalize}, static_cast<scalar_t>(scaling),
                              s, weight_gradient.const_data_ptr<scalar_t>() + t * k, slope);
        }
        to_logits(is_softmax, s, num_experts, slope);
      }
    });
    return {gradient, Tensor(), Tensor(), Tensor()};
  }

 private:
  struct Choice {
    const int32_t* expert;
    int64_t k;
    bool normalize;
  };

  /// Adds the gradient of one token's weights to that of its scores: through the chosen scores and their sum.
  template <class T>
  static void add_choice_gradient(const Choice& choice, T scaling, const T* score, const T* weight_gradient,
                                  T* score_gradient) {
    T sum = 1, mean = 0;
    if (choice.normalize) {
      sum = static_cast<T>(1e-20);
      for (int64_t j = 0; j < choice.k; ++j) sum += score[choice.expert[j]];
      for (int64_t j = 0; j < choice.k; ++j) mean += weight_gradient[j] * (score[choice.expert[j]] / sum);
    }
    for (int64_t j = 0; j < choice.k; ++j) {
      score_gradient[choice.expert[j]] += scaling / sum * (weight_gradient[j] - mean);
    }
  }

  /// In place: the gradient of one token's scores becomes that of its logits.
  template <class T>
  static void to_logits(bool is_softmax, const T* score, int64_t num_experts, T* slope) {
    if (is_softmax) {
      const T mean = dot(score, slope, num_experts);
      for (int64_t e = 0; e < num_experts; ++e) slope[e] = score[e] * (slope[e] - mean);
    } else {
      for (int64_t e = 0; e < num_experts; ++e) slope[e] *= score[e] * (1 - score[e]);
    }
  }
};

/// Per token and expert E · count / (K · length² · S) of the token's sequence: what multiplies the normalised score.
Tensor balance_coefficients(const Tensor& expert_TK, const std::vector<int64_t>& offsets, int64_t num_experts) {
  const int64_t num_tokens = expert_TK.size(0), k = expert_TK.size(1);
  Tensor coefficient_TE = at::empty({num_tokens, num_experts}, at::kDouble);
  const int32_t* expert = expert_TK.const_data_ptr<int32_t>();
  double* out = coefficient_TE.data_ptr<double>();
  std::vector<double> count(num_experts);
  double num_sequences = 0;  // empty ones have no loss to average
  for (size_t i = 0; i + 1 < offsets.size(); ++i) num_sequences += offsets[i] < offsets[i + 1] ? 1 : 0;
  for (size_t i = 0; i + 1 < offsets.size(); ++i) {
    const double length = static_cast<double>(offsets[i + 1] - offsets[i]);
    std::fill(count.begin(), count.end(), 0.0);
    for (int64_t slot = offsets[i] * k; slot < offsets[i + 1] * k; ++slot) ++count[expert[slot]];
    const double unit = static_cast<double>(num_experts) / (static_cast<double>(k) * length * length * num_sequences);
    for (int64_t t = offsets[i]; t < offsets[i + 1]; ++t) {
      for (int64_t e = 0; e < num_experts; ++e) out[t * num_experts + e] = unit * count[e];
    }
  }
  return coefficient_TE;
}

void check_replay(const Tensor& replay_TK, int64_t num_experts) {
  const int64_t k = replay_TK.size(1);
  const int32_t* row = replay_TK.const_data_ptr<int32_t>();
  for (int64_t t = 0; t < replay_TK.size(0); ++t, row += k) {
    const auto refuse = [&](int32_t expert, const std::string& what) {
      throw ShapeError("[route] replay: token " + std::to_string(t) + " takes expert " + std::to_string(expert) + what);
    };
    if (chooses_itself(row)) continue;
    for (const int32_t* expert = row; expert < row + k; ++expert) {
      if (*expert < 0 || *expert >= num_experts) {
        refuse(*expert, ", but must take those in [0, " + std::to_string(num_experts) + ")");
      }
      if (std::find(row, expert, *expert) != expert) refuse(*expert, " twice");
    }
  }
}

}  // namespace

Routing route(const Tensor& logits_TE, const Tensor& bias_E, const RouterShape& shape, const Tensor& replay_TK) {
  TensorCheck check("route");
  check.size('E', shape.num_experts).shape("logits", logits_TE, "TE");
  std::optional<Tensor> bias;
  if (bias_E.defined()) {
    check.integers("bias", bias_E, "E", at::kFloat);
    bias = bias_E;
  }
  AHA_CHECK(shape.num_groups >= 1 && shape.num_experts % shape.num_groups == 0, "groups must divide the experts");
  AHA_CHECK(shape.topk_groups >= 1 && shape.topk_groups <= shape.num_groups, "topk_groups is out of range");
  AHA_CHECK(shape.experts_per_token >= 1 &&
                shape.experts_per_token <= shape.num_experts / shape.num_groups * shape.topk_groups,
            "the chosen groups hold too few experts");
  std::optional<Tensor> replay;
  if (replay_TK.defined()) {
    check.size('K', shape.experts_per_token).integers("replay", replay_TK, "TK", at::kInt);
    replay = replay_TK.contiguous();
    check_replay(*replay, shape.num_experts);
  }
  const variable_list out = Route::apply(logits_TE, bias, replay, shape);
  return {out[0], out[1], out[2], out[3]};
}

Tensor balance_loss(const Tensor& score_TE, const Tensor& expert_TK, const std::vector<int64_t>& offsets) {
  TensorCheck("balance_loss").shape("score", score_TE, "TE").integers("expert", expert_TK, "TK", at::kInt);
  AHA_CHECK(!offsets.empty() && offsets.front() == 0 && offsets.back() == score_TE.size(0),
            "offsets must run from 0 to T");
  AHA_CHECK(std::is_sorted(offsets.begin(), offsets.end()), "offsets must not fall");
  const Tensor coefficient_TE = balance_coefficients(expert_TK.contiguous(), offsets, score_TE.size(1));
  const Tensor normalized_TE = score_TE / score_TE.sum(1, /*keepdim=*/true);
  return (normalized_TE * coefficient_TE.to(score_TE.scalar_type())).sum();
}

}  // namespace aha::ops
