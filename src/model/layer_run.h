// Runs the layers of one forward call and gathers what their experts report.
#pragma once
#include <ATen/core/Tensor.h>

#include <memory>
#include <vector>

#include "aha/model/model.h"
#include "model/blocks.h"

namespace aha::model {

class LayerRun {
 public:
  LayerRun(const ModelConfig& config, const ForwardOptions& options);
  /// The layer's hidden states. @param replay_TK experts to take, as ops::route; may be undefined
  at::Tensor layer(const LayerWeights& weights, const at::Tensor& x_TD, const LayerRows& rows,
                   const at::Tensor& replay_TK = {});

  /// Of the layers with experts so far: [E] int64 each; [T, K] int32 each; the sum, undefined where it is not asked
  /// for.
  const std::vector<at::Tensor>& expert_counts() const { return expert_counts_; }
  const std::vector<at::Tensor>& routes() const { return routes_; }
  const at::Tensor& balance_loss() const { return balance_loss_; }

 private:
  const std::shared_ptr<const Blocks> blocks_;  // shared with backward passes that compute layers again
  const bool recompute_;
  std::vector<at::Tensor> expert_counts_, routes_;
  at::Tensor balance_loss_;
};

}  // namespace aha::model
