// Log-probability of each target token under the output head, without a [tokens, vocabulary] tensor.
#pragma once
#include <ATen/core/Tensor.h>

#include "aha/ops/number_type.h"

namespace aha::ops {

struct TokenLogprob {
  at::Tensor logprob_T;  // nats, <= 0
  at::Tensor entropy_T;  // nats, of softmax(logits / temperature)
  at::Tensor is_best_T;  // bool: no token is likelier than the target
};

/// log_softmax(hidden · headᵀ / temperature)[target], in chunks of rows; the backward pass computes the logits again.
/// @param hidden_TD [T, D] · head_VD [V, D] · target_T [T] int64 in [0, V) · temperature > 0 · products as
/// in ops::linear: of the logits and of both gradients
/// @return [T] each; the first two are differentiable in hidden_TD and head_VD. Workspace: one chunk of logits (<= 4
/// MB, or one row) and one row more a thread.
/// @throws ShapeError
TokenLogprob token_logprob(const at::Tensor& hidden_TD, const at::Tensor& head_VD, const at::Tensor& target_T,
                           double temperature = 1.0, NumberType products = NumberType::kFloat32);

}  // namespace aha::ops
