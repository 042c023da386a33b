// One transformer layer over packed sequences (arXiv:2412.19437 §2; arXiv:2305.13245).
#include "model/blocks.h"

#include <ATen/Dispatch.h>
#include <ATen/TensorOperators.h>
#include <ATen/ops/bincount.h>
#include <ATen/ops/empty.h>

#include <algorithm>

#include "aha/ops/gqa_attention.h"
#include "aha/ops/linear.h"
#include "aha/ops/mla_attention.h"
#include "aha/ops/moe.h"
#include "aha/ops/rms_norm.h"
#include "model/projection.h"
#include "model/rope_table.h"
#include "model/router_shape.h"

namespace aha::model {
namespace {

using at::Tensor;

template <class T>
Tensor table_tensor(const std::vector<T>& values, int64_t width, at::ScalarType dtype) {
  Tensor table = at::empty({std::ssize(values) / width, width}, dtype);
  std::copy(values.begin(), values.end(), table.data_ptr<T>());
  return table;
}

/// Tokens per expert: those of a sequence that several others go on from once for each of these.
Tensor counts_of_all(const ops::Routing& routing, const LayerRows& rows) {
  std::vector<int64_t> num_readers(rows.offsets.size());
  for (const int64_t prefix : rows.prefix) {
    if (prefix >= 0) ++num_readers[static_cast<size_t>(prefix)];
  }
  Tensor count_E = routing.count_E;
  for (size_t i = 0; i + 1 < rows.offsets.size(); ++i) {
    if (num_readers[i] < 2) continue;
    const Tensor expert_TK = routing.expert_TK.slice(0, rows.offsets[i], rows.offsets[i + 1]);
    count_E = count_E + at::bincount(expert_TK.flatten(), {}, count_E.numel()) * (num_readers[i] - 1);
  }
  return count_E;
}

}  // namespace

RopeTensors make_rope_tensors(const ModelConfig& config, int64_t num_positions, at::ScalarType dtype) {
  RopeTensors tensors;
  AT_DISPATCH_FLOATING_TYPES(dtype, "make_rope_tensors", [&] {
    const RopeTable<scalar_t> table = make_rope_table<scalar_t>(config, num_positions);
    tensors = {table_tensor(table.cosine, table.half_width, dtype), table_tensor(table.sine, table.half_width, dtype)};
  });
  return tensors;
}

Blocks::Blocks(const ModelConfig& config, const ForwardOptions& options)
    : config_(config),
      with_balance_loss_(options.with_balance_loss),
      products_(options.products),
      router_shape_(router_shape(config)) {}

LayerOutput Blocks::layer(const LayerWeights& weights, const Tensor& x_TD, const LayerRows& rows,
                          const Tensor& replay_TK) const {
  const Tensor normed_TD = ops::rms_norm(x_TD, wide(weights.input_layernorm), config_.rms_norm_eps);
  const Tensor attended_TD = config_.attention == AttentionKind::kLatent
                                 ? latent_attention(weights.attention, normed_TD, rows)
                                 : grouped_attention(weights.attention, normed_TD, rows);
  const Tensor middle_TD = x_TD + attended_TD;
  const Tensor mlp_in_TD = ops::rms_norm(middle_TD, wide(weights.post_attention_layernorm), config_.rms_norm_eps);
  if (!weights.is_moe) return {.hidden_TD = middle_TD + run_mlp(mlp_in_TD, weights.mlp, products_)};
  LayerOutput output = moe(weights.moe, mlp_in_TD, rows, replay_TK);
  output.hidden_TD = middle_TD + output.hidden_TD;
  return output;
}

Tensor Blocks::latent_attention(const AttentionWeights& weights, const Tensor& x_TD, const LayerRows& rows) const {
  const ops::MlaShape shape{config_.num_attention_heads, config_.qk_nope_head_dim, config_.qk_rope_head_dim,
                            config_.v_head_dim, config_.softmax_scale()};
  const Tensor latent_rope = project(x_TD, weights.kv_a_proj_with_mqa, products_);
  const auto parts = latent_rope.split_with_sizes({config_.kv_lora_rank, config_.qk_rope_head_dim}, 1);
  const Tensor latent = ops::rms_norm(parts[0], wide(weights.kv_a_layernorm), config_.latent_norm_eps);
  const Tensor kv_TX = project(latent, weights.kv_b_proj, products_);
  const Tensor out = ops::mla_attention(latent_queries(weights, x_TD), kv_TX, parts[1], rows.rope.cosine_PR,
                                        rows.rope.sine_PR, rows.offsets, shape, rows.prefix);
  return project(out, weights.o_proj, products_);
}

Tensor Blocks::latent_queries(const AttentionWeights& weights, const Tensor& x_TD) const {
  if (!config_.q_lora_rank) return project(x_TD, weights.q_proj, products_);
  const Tensor latent = project(x_TD, weights.q_a_proj, products_);
  return project(ops::rms_norm(latent, wide(weights.q_a_layernorm), config_.latent_norm_eps), weights.q_b_proj,
                 products_);
}

Tensor Blocks::grouped_attention(const AttentionWeights& weights, const Tensor& x_TD, const LayerRows& rows) const {
  const ops::GqaShape shape{config_.num_attention_heads, config_.num_key_value_heads, config_.head_dim,
                            config_.softmax_scale(), config_.rope_interleave};
  const Tensor q_TX = normed_heads(project(x_TD, weights.q_proj, products_), weights.q_norm);
  const Tensor k_TY = normed_heads(project(x_TD, weights.k_proj, products_), weights.k_norm);
  const Tensor v_TY = project(x_TD, weights.v_proj, products_);
  const Tensor out =
      ops::gqa_attention(q_TX, k_TY, v_TY, rows.rope.cosine_PR, rows.rope.sine_PR, rows.offsets, shape, rows.prefix);
  return project(out, weights.o_proj, products_);
}

/// Each head's slice normed by itself; as it is in models without such norms.
Tensor Blocks::normed_heads(const Tensor& x_TX, const Tensor& norm) const {
  if (!norm.defined()) return x_TX;
  const int64_t num_rows = x_TX.numel() / config_.head_dim;
  const Tensor normed = ops::rms_norm(x_TX.reshape({num_rows, config_.head_dim}), wide(norm), config_.rms_norm_eps);
  return normed.reshape(x_TX.sizes());
}

LayerOutput Blocks::moe(const MoeWeights& weights, const Tensor& x_TD, const LayerRows& rows,
                        const Tensor& replay_TK) const {
  const ops::Routing routing =
      ops::route(ops::linear(x_TD, wide(weights.router)), weights.expert_bias, router_shape_, replay_TK);
  LayerOutput output{.count_E = counts_of_all(routing, rows), .expert_TK = routing.expert_TK};
  if (with_balance_loss_) output.balance_loss = ops::balance_loss(routing.score_TE, routing.expert_TK, rows.offsets);
  output.hidden_TD =
      ops::experts(x_TD, routing.expert_TK, routing.weight_TK, wide(weights.gate_up), wide(weights.down), products_);
  if (weights.shared.gate_up.defined()) output.hidden_TD = output.hidden_TD + run_mlp(x_TD, weights.shared, products_);
  return output;
}

}  // namespace aha::model
