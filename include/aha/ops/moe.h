// The mixture of experts: which experts a token takes, and what they compute.
#pragma once
#include <ATen/core/Tensor.h>

#include "aha/ops/cpu_math.h"
#include "aha/ops/number_type.h"

namespace aha::ops {

struct Routing {
  at::Tensor expert_TK;  // int32, best first, or in the order of the record that is replayed
  at::Tensor weight_TK;  // differentiable in the logits, through the chosen scores and their normalisation alone
  at::Tensor score_TE;   // of all experts; differentiable: the balance loss reads it
  at::Tensor count_E;    // int64, tokens per expert
};

/// The gate, row by row as ops::route_row; or the experts of a record, weighed by the scores as they are now (routing
/// replay: arXiv:2510.11370, arXiv:2512.01374).
/// @param logits_TE [T, E] · bias_E [E] float32, for the choice only, or undefined
/// @param replay_TK [T, K] int32, experts to take; a row that begins with -1 chooses by the gate. Undefined: all do.
/// @throws ShapeError, also for an expert that is none or stands twice in its row
Routing route(const at::Tensor& logits_TE, const at::Tensor& bias_E, const RouterShape& shape,
              const at::Tensor& replay_TK = {});

/// Σ_k weight[t,k] · expert[t,k](x[t]), each expert a SwiGLU; tokens sorted by expert, one product per active expert;
/// the k contributions of a token are added in order k = 0 … K-1.
/// @param gate_up_EFD [E, 2I, D], gate rows first · down_EDI [E, D, I] · products as in ops::linear
/// @return [T, D]; differentiable in x_TD, weight_TK, gate_up_EFD, down_EDI. Experts without tokens get zero gradients.
/// @throws ShapeError
at::Tensor experts(const at::Tensor& x_TD, const at::Tensor& expert_TK, const at::Tensor& weight_TK,
                   const at::Tensor& gate_up_EFD, const at::Tensor& down_EDI,
                   NumberType products = NumberType::kFloat32);

/// Sequence-wise balance loss (arXiv:2412.19437 eqs 17-20) averaged over sequences, without alpha: Σ_i f_i P_i with f
/// from the actual choice (constant) and P from the normalised scores. @return scalar, differentiable in score_TE
at::Tensor balance_loss(const at::Tensor& score_TE, const at::Tensor& expert_TK, const std::vector<int64_t>& offsets);

}  // namespace aha::ops
