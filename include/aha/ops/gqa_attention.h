// Grouped-query attention over packed sequences, training form (arXiv:2305.13245).
#pragma once
#include <ATen/core/Tensor.h>

#include <vector>

namespace aha::ops {

struct GqaShape {
  int64_t num_heads, num_kv_heads, head_dim;
  double scale;             // of the scores
  bool interleave = false;  // RoPE's pairs: (2i, 2i+1), or (i, i + head_dim/2)
};

/// Causal attention inside each sequence; head h reads keys and values of head h / (H / h_kv). Queries and keys get
/// RoPE over the whole head here (position = place in its sequence).
///
/// @param q_TX      [T, H·d], not rotated
/// @param k_TY, v_TY [T, h_kv·d], not rotated
/// @param cosine_PR, sine_PR [P, d/2] of positions 0 … P-1, P >= longest sequence with its prefix; same dtype
/// @param offsets   [S + 1] rising, 0 … T
/// @param prefix    [S] or empty: the number of an earlier sequence that has none itself, or -1. A sequence sees all of
/// its prefix before its own tokens, and its places count on from it: its rows have the bits they would have in one
/// sequence with the prefix. The gradients of a prefix sum what goes on from it, in that order
/// @return [T, H·d]; differentiable in the first three. The backward pass computes the probabilities again: no [T, T]
/// tensor (workspace: a block of 32 queries by what it sees). @throws ShapeError
at::Tensor gqa_attention(const at::Tensor& q_TX, const at::Tensor& k_TY, const at::Tensor& v_TY,
                         const at::Tensor& cosine_PR, const at::Tensor& sine_PR, const std::vector<int64_t>& offsets,
                         const GqaShape& shape, const std::vector<int64_t>& prefix = {});

}  // namespace aha::ops
