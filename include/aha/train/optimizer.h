// What changes a model's parameters: AdamW or Muon, with clipping by global norm, and an average over the steps.
#pragma once
#include <ATen/core/Tensor.h>

#include <cmath>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "aha/core/config_fields.h"
#include "aha/model/model.h"

namespace aha::train {

/// A decay of 1 would never take anything in.
inline Allowed below_one() {
  Allowed allowed = between(0, std::nextafter(1.0, 0.0));
  allowed.sentence = "at least 0 and below 1";
  return allowed;
}

struct OptimizerConfig {
  std::string optim = "adamw";
  double adam_beta1 = 0.9, adam_beta2 = 0.95, adam_epsilon = 1e-8;
  double weight_decay = 0.0;  // on tensors of two and more dimensions; norms and biases are left alone
  double max_grad_norm = 1.0;
  double muon_momentum = 0.95;
  double muon_lr_ratio = 1.0;
  double ema_decay = 0.0;
  template <class Fields>
  void visit(Fields& field) {
    field("optim", optim, "adamw; or muon for the matrices inside layers and adamw for the rest",
          one_of({"adamw", "muon"}));
    field("adam_beta1", adam_beta1, "decay of the first moment", below_one());
    field("adam_beta2", adam_beta2, "decay of the second moment", below_one());
    field("adam_epsilon", adam_epsilon, "added to the root of the second moment", above(0));
    field("weight_decay", weight_decay, "decoupled decay of matrices", at_least(0));
    field("max_grad_norm", max_grad_norm, "gradients are scaled down to this global norm; 0 turns it off", at_least(0));
    field("muon_momentum", muon_momentum, "muon: decay of the momentum", below_one());
    field("muon_lr_ratio", muon_lr_ratio, "muon: rate of its matrices as a share of the learning rate", above(0));
    field("ema_decay", ema_decay,
          "what is measured and saved at the end is an average over the steps with this decay; 0: the last weights",
          below_one());
  }
};

/// Gradients by parameter, in the order of Model::parameters().
using Gradients = std::vector<at::Tensor>;

/// AdamW (arXiv:1711.05101) for all parameters, or Muon for the matrices inside layers and AdamW for the rest.
///
/// Muon (Keller Jordan, kellerjordan.github.io/posts/muon) as Moonlight trains with it (arXiv:2502.16982): the
/// gradient's momentum, Nesterov's, is made orthogonal by five Newton-Schulz steps on the whole matrix, and scaled by
/// 0.2·√max(rows, columns), so that its updates are as large as AdamW's and one learning rate and weight decay serve
/// both. Its matrices are those of Moonlight: projections of attention, of dense, routed and shared experts, the
/// router, and eh_proj of the MTP layer; AdamW keeps the embedding, the output head, norms and biases. What our layout
/// holds as one is taken apart as the family's own files do: gate and up are two matrices, and a stack of experts one
/// (gate, up) each. Adapters are refused: made orthogonal, a factor of B·A says nothing of the product. A step costs
/// 5·s²·(2·l + s) multiply-adds a matrix of short side s and long side l, whatever the batch. State: AdamW two numbers
/// a parameter, Muon one, an average one more.
class Optimizer {
 public:
  /// @throws ConfigError "optim" for muon on a model with adapters
  Optimizer(const model::Model& model, OptimizerConfig config);
  /// One update in place. @return the gradient's global norm before clipping. If it is not finite nothing changes (the
  /// caller counts it). The bits do not depend on num_threads.
  double step(model::Model& model, const Gradients& gradients, double learning_rate, int num_threads = 1);
  int64_t steps_done() const { return steps_done_; }
  /// With ema_decay d: exchanges the model's parameters and their average; twice is none. Without: does nothing.
  /// After t steps the average is Σ d^(t-s)·w_s / Σ d^(t-s) over the steps s = 1 … t: the weights before the first
  /// step are no part of it. The experts' bias, which no gradient changes, stays as it is.
  void swap_average(model::Model& model);
  /// Moments, average and step as optimizer.safetensors in `folder`, never while the two are exchanged: a checkpoint
  /// holds the weights as they are trained beside their average. load checks names and shapes.
  /// @throws InputError, IoError
  void save(const model::Model& model, const std::filesystem::path& folder) const;
  void load(const model::Model& model, const std::filesystem::path& folder);

 private:
  OptimizerConfig config_;
  std::vector<at::Tensor> first_, second_, average_;  // undefined where the update has none
  bool is_swapped_ = false;
  int64_t steps_done_ = 0;
};

/// The model's parameters are their average while this lives: where a model is measured. A rollout engine keeps weights
/// of its own and needs update_weights() inside, and once more after.
class AverageScope {
 public:
  AverageScope(Optimizer& optimizer, model::Model& model) : optimizer_(optimizer), model_(model) {
    optimizer_.swap_average(model_);
  }
  ~AverageScope() { optimizer_.swap_average(model_); }
  AverageScope(const AverageScope&) = delete;
  AverageScope& operator=(const AverageScope&) = delete;

 private:
  Optimizer& optimizer_;
  model::Model& model_;
};

/// Sum of the gradients of `loss(i)`, i in [0, num_batches), on num_threads workers; added in the order of i, so that
/// the bits do not depend on the threads. loss(i) must be a scalar that depends on the model's parameters; it is called
/// once.
Gradients accumulate_gradients(const model::Model& model, int64_t num_batches, int num_threads,
                               const std::function<at::Tensor(int64_t batch)>& loss);

}  // namespace aha::train
