// Runs the layers of one forward call and gathers what their experts report.
#include "model/layer_run.h"

#include <ATen/TensorOperators.h>

#include "aha/ops/recompute.h"

namespace aha::model {
namespace {

using at::Tensor;

std::vector<Tensor> trained(const std::vector<Tensor>& tensors) {
  std::vector<Tensor> chosen;
  for (const Tensor& tensor : tensors) {
    if (tensor.requires_grad()) chosen.push_back(tensor);
  }
  return chosen;
}

/// Keeps the layer's input alone; the backward pass makes the rest again.
LayerOutput recomputed_layer(std::shared_ptr<const Blocks> blocks, const LayerWeights& weights, const Tensor& x_TD,
                             const LayerRows& rows, const Tensor& replay_TK) {
  const bool is_moe = weights.is_moe;
  const std::vector<Tensor> out = ops::recompute(
      [blocks = std::move(blocks), weights, rows, replay_TK](const Tensor& x) -> std::vector<Tensor> {
        LayerOutput layer = blocks->layer(weights, x, rows, replay_TK);
        if (!weights.is_moe) return {layer.hidden_TD};
        if (!layer.balance_loss.defined()) return {layer.hidden_TD, layer.count_E, layer.expert_TK};
        return {layer.hidden_TD, layer.count_E, layer.expert_TK, layer.balance_loss};
      },
      x_TD, trained(weights.tensors));
  if (!is_moe) return {.hidden_TD = out[0]};
  return {out[0], out.size() > 3 ? out[3] : Tensor(), out[1], out[2]};
}

}  // namespace

LayerRun::LayerRun(const ModelConfig& config, const ForwardOptions& options)
    : blocks_(std::make_shared<const Blocks>(config, options)), recompute_(options.recompute) {}

Tensor LayerRun::layer(const LayerWeights& weights, const Tensor& x_TD, const LayerRows& rows,
                       const Tensor& replay_TK) {
  LayerOutput output = recompute_ ? recomputed_layer(blocks_, weights, x_TD, rows, replay_TK)
                                  : blocks_->layer(weights, x_TD, rows, replay_TK);
  if (weights.is_moe) {
    expert_counts_.push_back(output.count_E);
    routes_.push_back(output.expert_TK);
  }
  if (output.balance_loss.defined()) {
    balance_loss_ = balance_loss_.defined() ? balance_loss_ + output.balance_loss : output.balance_loss;
  }
  return output.hidden_TD;
}

}  // namespace aha::model
