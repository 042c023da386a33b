// Weights as the decode forward reads them: packed for products, absorbed, fused where inputs are the same.
#pragma once
#include <memory>
#include <vector>

#include "aha/model/decoder.h"
#include "aha/ops/cpu_gemm.h"
#include "aha/ops/cpu_math.h"
#include "model/tensor_weights.h"

namespace aha::model {

/// Numbers that are read a row at a time, as float32.
class NumberRows {
 public:
  NumberRows() = default;
  NumberRows(const float* floats, int64_t num_rows, int64_t width, ops::NumberType type);
  void copy_row(int64_t row, float* out) const;
  int64_t bytes() const;

 private:
  int64_t width_ = 0;
  std::vector<float> floats_;
  std::vector<uint16_t> bfloat16s_;
};

/// Gate and up apart: a part of a step has the same columns of both.
struct DecodeMlp {
  ops::PackedWeight gate, up, down;
  int64_t bytes() const { return gate.bytes() + up.bytes() + down.bytes(); }
};

/// The attention of a layer. W_UK and W_UV are the halves of kv_b_proj, one of each per head.
struct DecodeAttention {
  std::vector<float> norm;
  ops::PackedWeight input;  // q_proj or q_a_proj, then kv_a_proj_with_mqa; or q_proj, k_proj, v_proj
  ops::PackedWeight output;
  // of latent attention
  std::vector<float> q_a_norm, latent_norm;
  ops::PackedWeight q_b;                // with q_lora_rank only
  std::vector<ops::PackedWeight> w_uk;  // per head: a query of nope_dim becomes one of kv_lora_rank
  std::vector<ops::PackedWeight> w_uv;  // per head: a sum of latents becomes one of v_head_dim
  ops::PackedWeight kv_b;               // with expanded latents, instead of the last two: [H·(nope + v), rank]
  // of grouped queries; empty where the model has none
  std::vector<float> input_bias, output_bias, q_norm, k_norm;
};

/// The feed-forward block of a layer.
struct DecodeFeedForward {
  std::vector<float> norm;
  bool is_moe = false;
  DecodeMlp dense;
  // MoE:
  int64_t moe_index = 0;           // among the layers that have experts
  ops::PackedWeight router;        // float32
  DecodeMlp shared;                // empty: no shared experts
  std::vector<float> expert_bias;  // empty: the gate has none
  std::vector<DecodeMlp> experts;
};

struct DecodeLayer {
  DecodeAttention attention;
  DecodeFeedForward feed_forward;
};

/// What the MTP module has besides its layer: norms, and the projection of the two halves that they make.
struct DecodeMtp {
  std::vector<float> embedding_norm, hidden_norm, head_norm;
  ops::PackedWeight eh_proj;
};

struct DecodeWeights::State {
  ModelConfig config;
  DecodeOptions options;
  NumberRows embedding;
  std::vector<float> norm;
  std::vector<DecodeLayer> layers;  // and that of the MTP module, with DecodeOptions::with_mtp
  DecodeMtp mtp;
  ops::PackedWeight head;
  ops::RouterShape router{};
  bool is_released = false;
  std::unique_ptr<TensorWeights> tensors;  // with tensor_device, and then all there is but the router
};

}  // namespace aha::model
