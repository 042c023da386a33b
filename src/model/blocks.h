// One transformer layer over packed sequences: pre-norm attention, latent or grouped, then an MLP or experts.
#pragma once
#include <ATen/core/Tensor.h>

#include <vector>

#include "aha/model/model.h"
#include "aha/ops/cpu_math.h"
#include "model/weights.h"

namespace aha::model {

/// Angles of the positions from the sequences' first on, [P, rope_dim / 2].
struct RopeTensors {
  at::Tensor cosine_PR, sine_PR;
};
RopeTensors make_rope_tensors(const ModelConfig& config, int64_t num_positions, at::ScalarType dtype);

/// The sequences whose tokens are a layer's rows.
struct LayerRows {
  std::vector<int64_t> offsets;
  RopeTensors rope;
  std::vector<int64_t> prefix = {};  // as PackedTokens::prefix
};

/// What a layer gives; all but the hidden states come from experts alone, and are undefined without them.
struct LayerOutput {
  at::Tensor hidden_TD = {};
  at::Tensor balance_loss = {};  // where it is asked for
  at::Tensor count_E = {};       // int64, as ForwardOutput::expert_counts
  at::Tensor expert_TK = {};     // int32, the experts taken
};

/// The layers of one forward call.
class Blocks {
 public:
  Blocks(const ModelConfig& config, const ForwardOptions& options);
  /// @param replay_TK experts to take, as ops::route; may be undefined
  LayerOutput layer(const LayerWeights& weights, const at::Tensor& x_TD, const LayerRows& rows,
                    const at::Tensor& replay_TK) const;

 private:
  at::Tensor latent_attention(const AttentionWeights& weights, const at::Tensor& x_TD, const LayerRows& rows) const;
  at::Tensor latent_queries(const AttentionWeights& weights, const at::Tensor& x_TD) const;
  at::Tensor grouped_attention(const AttentionWeights& weights, const at::Tensor& x_TD, const LayerRows& rows) const;
  at::Tensor normed_heads(const at::Tensor& x_TX, const at::Tensor& norm) const;
  LayerOutput moe(const MoeWeights& weights, const at::Tensor& x_TD, const LayerRows& rows,
                  const at::Tensor& replay_TK) const;

  const ModelConfig config_;  // its own: a backward pass may outlive the model's place
  const bool with_balance_loss_;
  const ops::NumberType products_;
  const ops::RouterShape router_shape_;
};

}  // namespace aha::model
