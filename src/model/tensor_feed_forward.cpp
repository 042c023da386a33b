// Dense blocks, and experts one after the other, each on the rows that chose it.
#include "model/tensor_feed_forward.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/ones_like.h>
#include <ATen/ops/silu.h>
#include <ATen/ops/softmax.h>
#include <ATen/ops/sort.h>
#include <ATen/ops/topk.h>

#include <algorithm>
#include <limits>
#include <vector>

#include "model/tensor_attention.h"

namespace aha::model {

namespace {

using at::Tensor;

constexpr double kClosed = -std::numeric_limits<double>::infinity();

/// Indices of the largest, best first; ties go to the lowest, which topk does not promise.
Tensor best(const Tensor& value_RX, int64_t count) {
  return std::get<1>(at::sort(value_RX, /*stable=*/true, /*dim=*/1, /*descending=*/true)).narrow(1, 0, count);
}

/// Experts of other groups than the best cannot be chosen.
Tensor close_groups(const Tensor& choice_RE, const ops::RouterShape& shape) {
  const Tensor grouped = choice_RE.unflatten(1, {shape.num_groups, -1});
  const int64_t num_ranked = shape.group_rank == ops::GroupRank::kTwoBest ? std::min<int64_t>(2, grouped.size(2)) : 1;
  const Tensor rank_RG = std::get<0>(at::topk(grouped, num_ranked, 2)).sum(2);
  const Tensor is_closed_RG =
      at::ones_like(rank_RG, at::kBool).scatter(1, best(rank_RG, shape.topk_groups), at::Scalar(false));
  return grouped.masked_fill(is_closed_RG.unsqueeze(2), kClosed).flatten(1);
}

Tensor run_expert(const Tensor& x, const Tensor& gate_up, const Tensor& down) {
  const std::vector<Tensor> halves = multiply(x, gate_up).chunk(2, 1);
  return multiply(at::silu(halves[0]) * halves[1], down);
}

/// How many rows chose each expert.
std::vector<int64_t> count_rows(const Tensor& host_expert_RK, int64_t num_experts) {
  std::vector<int64_t> counts(num_experts, 0);
  const int64_t* expert = host_expert_RK.const_data_ptr<int64_t>();
  for (int64_t i = 0; i < host_expert_RK.numel(); ++i) ++counts[expert[i]];
  return counts;
}

}  // namespace

TensorChoice choose_experts(const Tensor& logits_RE, const Tensor& bias_E, const ops::RouterShape& shape) {
  const Tensor score_RE = shape.score == ops::RouterScore::kSoftmax ? logits_RE.softmax(1) : logits_RE.sigmoid();
  Tensor choice_RE = bias_E.defined() ? score_RE + bias_E : score_RE;
  if (shape.num_groups > 1) choice_RE = close_groups(choice_RE, shape);
  const Tensor expert_RK = best(choice_RE, shape.experts_per_token).contiguous();
  Tensor weight_RK = score_RE.gather(1, expert_RK);
  if (shape.normalize) weight_RK = weight_RK / (weight_RK.sum(1, /*keepdim=*/true) + 1e-20);
  return {expert_RK, weight_RK * shape.scaling};
}

Tensor tensor_mlp(const Tensor& normed_RD, const MlpWeights& weights) {
  return run_expert(normed_RD, weights.gate_up, weights.down.weight);
}

Tensor tensor_experts(const Tensor& normed_RD, const MoeWeights& weights, const ops::RouterShape& shape,
                      Tensor& host_expert_RK) {
  const int64_t num_rows = normed_RD.size(0), top_k = shape.experts_per_token;
  const TensorChoice choice = choose_experts(multiply(normed_RD, weights.router), weights.expert_bias, shape);
  host_expert_RK = choice.expert_RK.to(at::kCPU);
  const Tensor place =
      std::get<1>(at::sort(choice.expert_RK.flatten(), /*stable=*/true, /*dim=*/0, /*descending=*/false));
  const Tensor row = place.div(top_k, "floor");
  Tensor out = at::empty({num_rows * top_k, normed_RD.size(1)}, normed_RD.options());
  int64_t begin = 0, expert = 0;
  for (const int64_t count : count_rows(host_expert_RK, shape.num_experts)) {
    if (count > 0) {
      const Tensor x = normed_RD.index_select(0, row.narrow(0, begin, count));
      out.index_copy_(0, place.narrow(0, begin, count), run_expert(x, weights.gate_up[expert], weights.down[expert]));
    }
    begin += count;
    ++expert;
  }
  const Tensor sum_RD = (out.view({num_rows, top_k, -1}) * choice.weight_RK.unsqueeze(2)).sum(1);
  return weights.shared.gate_up.defined() ? sum_RD + tensor_mlp(normed_RD, weights.shared) : sum_RD;
}

}  // namespace aha::model
