// Multi-head latent attention over packed sequences, training form (arXiv:2412.19437 eqs 1-11, heads expanded).
#pragma once
#include <ATen/core/Tensor.h>

#include <vector>

namespace aha::ops {

struct MlaShape {
  int64_t num_heads, nope_dim, rope_dim, v_dim;
  double scale;  // of the scores
};

/// Causal attention inside each sequence; queries and keys get RoPE here (interleaved pairs, position = place in its
/// sequence).
///
/// @param q_TX      [T, H·(nope + rope)] per head nope then rope, not rotated
/// @param kv_TX     [T, H·(nope + v)] per head key then value
/// @param k_rope_TR [T, rope] the one rope key that all heads share, not rotated
/// @param cosine_PR, sine_PR [P, rope/2] of positions 0 … P-1, P >= longest sequence with its prefix; same dtype
/// @param offsets   [S + 1] rising, 0 … T
/// @param prefix    [S] or empty: the number of an earlier sequence that has none itself, or -1. A sequence sees all of
/// its prefix before its own tokens, and its places count on from it: its rows have the bits they would have in one
/// sequence with the prefix. The gradients of a prefix sum what goes on from it, in that order
/// @return [T, H·v]; differentiable in the first three. The backward pass computes the probabilities again: no [T, T]
/// tensor (workspace: a block of 32 queries by what it sees). @throws ShapeError
at::Tensor mla_attention(const at::Tensor& q_TX, const at::Tensor& kv_TX, const at::Tensor& k_rope_TR,
                         const at::Tensor& cosine_PR, const at::Tensor& sine_PR, const std::vector<int64_t>& offsets,
                         const MlaShape& shape, const std::vector<int64_t>& prefix = {});

}  // namespace aha::ops
