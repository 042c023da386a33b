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

/// The layers of one forward call; what experts report is added to `output`.
class Blocks {
 public:
  Blocks(const ModelConfig& config, const ForwardOptions& options, ForwardOutput& output);
  at::Tensor layer(const LayerWeights& weights, const at::Tensor& x_TD, const std::vector<int64_t>& offsets,
                   const RopeTensors& rope);

 private:
  at::Tensor latent_attention(const AttentionWeights& weights, const at::Tensor& x_TD,
                              const std::vector<int64_t>& offsets, const RopeTensors& rope) const;
  at::Tensor latent_queries(const AttentionWeights& weights, const at::Tensor& x_TD) const;
  at::Tensor grouped_attention(const AttentionWeights& weights, const at::Tensor& x_TD,
                               const std::vector<int64_t>& offsets, const RopeTensors& rope) const;
  at::Tensor normed_heads(const at::Tensor& x_TX, const at::Tensor& norm) const;
  at::Tensor moe(const MoeWeights& weights, const at::Tensor& x_TD, const std::vector<int64_t>& offsets);

  const ModelConfig& config_;
  const ForwardOptions& options_;
  ForwardOutput& output_;
  const ops::RouterShape router_shape_;
};

}  // namespace aha::model
