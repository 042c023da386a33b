// Runs a piece of a network again in the backward pass instead of keeping what it made (arXiv:1604.06174).
#pragma once
#include <ATen/core/Tensor.h>

#include <functional>
#include <vector>

namespace aha::ops {

using Segment = std::function<std::vector<at::Tensor>(const at::Tensor& x)>;

/// segment(x), of which x alone is kept; the gradients have the bits of those without recomputation. Integer results
/// carry no gradient.
/// @param segment must give the same results again; called once now and once in each backward pass, on the thread of
///   either. What it refers to must live as long as the graph.
/// @param parameters leaves that the segment reads and that may want gradients; of others it gives none
/// Once differentiable.
std::vector<at::Tensor> recompute(const Segment& segment, const at::Tensor& x,
                                  const std::vector<at::Tensor>& parameters);

/// In the backward pass of a segment, on its thread: gradients of parameters found here go on to the pass around it,
/// where they are found once more.
bool is_inside_recomputed_segment();

}  // namespace aha::ops
