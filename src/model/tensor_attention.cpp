// Absorbed latent attention and grouped queries over gathered slots of the cache.
//
// Letters: as tensor_rows.h; H heads, G key-value heads, D of a head, L latents, W width of a slot.
#include "model/tensor_attention.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/bmm.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/rms_norm.h>
#include <ATen/ops/stack.h>

#include <limits>

namespace aha::model {

namespace {

using at::Tensor;

constexpr double kUnseen = -std::numeric_limits<double>::infinity();

/// What a slot holds: the keys of all key-value heads, and from value_begin on their values.
struct SlotShape {
  int64_t num_kv_heads, key_width, value_begin, value_width;
  double scale;
};

/// RoPE of heads [R, any number, 2F].
Tensor turn(const Tensor& x, const TensorStep& step) {
  const Tensor cosine = step.rows.cosine_RF.unsqueeze(1), sine = step.rows.sine_RF.unsqueeze(1);
  if (step.config.rope_interleave) {
    const Tensor pairs = x.unflatten(-1, {-1, 2});
    const Tensor a = pairs.select(-1, 0), b = pairs.select(-1, 1);
    return at::stack({a * cosine - b * sine, a * sine + b * cosine}, -1).flatten(-2);
  }
  const std::vector<Tensor> halves = x.chunk(2, -1);
  return at::cat({halves[0] * cosine - halves[1] * sine, halves[0] * sine + halves[1] * cosine}, -1);
}

void append(const TensorStep& step, int64_t layer, const Tensor& slot_RW) {
  Tensor cache = step.cache_SW;
  cache.index_copy_(0, step.rows.slot_R + layer * kPageTokens, slot_RW.to(cache.scalar_type()));
}

/// Of one block, in float32.
Tensor attend_block(const TensorStep& step, const SlotShape& shape, int64_t layer, const TensorBlock& block,
                    const Tensor& query_RHD) {
  const int64_t num_sequences = block.num_sequences, num_tokens = block.slot_ST.size(1);
  const Tensor index = (block.slot_ST + layer * kPageTokens).flatten();
  const Tensor slot_STW = step.cache_SW.index_select(0, index).to(at::kFloat).view({num_sequences, num_tokens, -1});
  const auto heads = [&](int64_t begin, int64_t width) {
    return slot_STW.narrow(2, begin, shape.num_kv_heads * width)
        .unflatten(2, {shape.num_kv_heads, width})
        .transpose(1, 2);
  };
  const Tensor key_SGTD = heads(0, shape.key_width), value_SGTD = heads(shape.value_begin, shape.value_width);
  // The queries of all rows that read one key-value head go together: [S, G, N·H/G, D].
  const Tensor query = query_RHD.view({num_sequences, block.rows_each, shape.num_kv_heads, -1, shape.key_width})
                           .transpose(1, 2)
                           .flatten(2, 3);
  const Tensor hidden = block.is_visible_SNT.logical_not().view({num_sequences, 1, block.rows_each, 1, num_tokens});
  const Tensor score = (at::matmul(query, key_SGTD.transpose(2, 3)) * shape.scale)
                           .unflatten(2, {block.rows_each, -1})
                           .masked_fill(hidden, kUnseen)
                           .softmax(-1)
                           .flatten(2, 3);
  return at::matmul(score, value_SGTD)
      .unflatten(2, {block.rows_each, -1})
      .transpose(1, 2)
      .reshape({block.num_rows(), -1, shape.value_width});
}

/// [R, H, value_width]
Tensor attend(const TensorStep& step, const SlotShape& shape, int64_t layer, const Tensor& query_RHD) {
  std::vector<Tensor> parts;
  for (const TensorBlock& block : step.rows.blocks) {
    parts.push_back(attend_block(step, shape, layer, block, query_RHD.narrow(0, block.first_row, block.num_rows())));
  }
  return at::cat(parts);
}

/// x[:, h] · weight[h] for each head: [R, H, K] by [H, K, N] gives [R, H, N].
Tensor multiply_heads(const Tensor& x_RHK, const Tensor& weight_HKN) {
  return at::bmm(x_RHK.transpose(0, 1).to(weight_HKN.scalar_type()), weight_HKN).to(at::kFloat).transpose(0, 1);
}

Tensor latent_queries(const TensorStep& step, const AttentionWeights& weights, const Tensor& normed_RD) {
  const ModelConfig& config = step.config;
  if (!config.q_lora_rank) return multiply(normed_RD, weights.q_proj.weight);
  const Tensor latent = multiply(normed_RD, weights.q_a_proj.weight);
  return multiply(norm_rows(latent, weights.q_a_layernorm, config.latent_norm_eps), weights.q_b_proj.weight);
}

Tensor latent_attention(const TensorStep& step, const AttentionWeights& weights, int64_t layer,
                        const Tensor& normed_RD) {
  const ModelConfig& config = step.config;
  const int64_t rank = config.kv_lora_rank, rope = config.qk_rope_head_dim, nope = config.qk_nope_head_dim;
  const Tensor made = multiply(normed_RD, weights.kv_a_proj_with_mqa.weight);
  const Tensor latent = norm_rows(made.narrow(1, 0, rank), weights.kv_a_layernorm, config.latent_norm_eps);
  append(step, layer, at::cat({latent, turn(made.narrow(1, rank, rope).unsqueeze(1), step).squeeze(1)}, 1));

  const Tensor kv_b = weights.kv_b_proj.weight.view({config.num_attention_heads, nope + config.v_head_dim, rank});
  const Tensor q_RHD =
      latent_queries(step, weights, normed_RD).view({-1, config.num_attention_heads, config.qk_head_dim()});
  const Tensor absorbed = multiply_heads(q_RHD.narrow(2, 0, nope), kv_b.narrow(1, 0, nope));
  const Tensor query = at::cat({absorbed, turn(q_RHD.narrow(2, nope, rope), step)}, 2);
  // To absorbed queries the latents are the keys and the values of one head that all others share.
  const SlotShape shape{.num_kv_heads = 1,
                        .key_width = rank + rope,
                        .value_begin = 0,
                        .value_width = rank,
                        .scale = config.softmax_scale()};
  const Tensor latent_RHL = attend(step, shape, layer, query);
  const Tensor mixed = multiply_heads(latent_RHL, kv_b.narrow(1, nope, config.v_head_dim).transpose(1, 2));
  return multiply(mixed.flatten(1), weights.o_proj.weight);
}

Tensor multiply_biased(const Tensor& x_RK, const Projection& projection) {
  const Tensor product = multiply(x_RK, projection.weight);
  return projection.bias.defined() ? product + projection.bias : product;
}

Tensor grouped_attention(const TensorStep& step, const AttentionWeights& weights, int64_t layer,
                         const Tensor& normed_RD) {
  const ModelConfig& config = step.config;
  const int64_t width = config.head_dim, kv_heads = config.num_key_value_heads;
  const auto turned = [&](const Projection& projection, const Tensor& norm) {
    const Tensor heads = multiply_biased(normed_RD, projection).unflatten(1, {-1, width});
    return turn(norm.defined() ? norm_rows(heads, norm, config.rms_norm_eps) : heads, step);
  };
  append(step, layer,
         at::cat({turned(weights.k_proj, weights.k_norm).flatten(1), multiply_biased(normed_RD, weights.v_proj)}, 1));
  const SlotShape shape{.num_kv_heads = kv_heads,
                        .key_width = width,
                        .value_begin = kv_heads * width,
                        .value_width = width,
                        .scale = config.softmax_scale()};
  const Tensor mixed = attend(step, shape, layer, turned(weights.q_proj, weights.q_norm));
  return multiply_biased(mixed.flatten(1), weights.o_proj);
}

}  // namespace

Tensor multiply(const Tensor& x_RK, const Tensor& weight_NK) {
  return at::linear(x_RK.to(weight_NK.scalar_type()), weight_NK).to(at::kFloat);
}

Tensor norm_rows(const Tensor& x, const Tensor& weight, double eps) {
  return at::rms_norm(x, weight.sizes(), weight, eps);
}

Tensor tensor_attention(const TensorStep& step, const AttentionWeights& weights, int64_t layer,
                        const Tensor& normed_RD) {
  return step.config.attention == AttentionKind::kLatent ? latent_attention(step, weights, layer, normed_RD)
                                                         : grouped_attention(step, weights, layer, normed_RD);
}

}  // namespace aha::model
