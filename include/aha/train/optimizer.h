// What changes a model's parameters: AdamW or Muon, with clipping by global norm, and an average over the steps.
#pragma once
#include <ATen/core/Tensor.h>

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "aha/core/config_fields.h"
#include "aha/model/model.h"

namespace aha::train {

struct OptimizerConfig {
  std::string optim = "adamw";
  double adam_beta1 = 0.9, adam_beta2 = 0.95, adam_epsilon = 1e-8;
  double weight_decay = 0.0;  // on tensors of two and more dimensions; norms and biases are left alone
  double max_grad_norm = 1.0;
  double muon_momentum = 0.95;
  double muon_learning_rate = 0.0;
  double ema_decay = 0.0;
  template <class Fields>
  void visit(Fields& field) {
    field("optim", optim, "adamw; or muon for the matrices inside layers and adamw for the rest",
          one_of({"adamw", "muon"}));
    field("adam_beta1", adam_beta1, "decay of the first moment", between(0, 1));
    field("adam_beta2", adam_beta2, "decay of the second moment", between(0, 1));
    field("adam_epsilon", adam_epsilon, "added to the root of the second moment", above(0));
    field("weight_decay", weight_decay, "decoupled decay of matrices", at_least(0));
    field("max_grad_norm", max_grad_norm, "gradients are scaled down to this global norm; 0 turns it off", at_least(0));
    field("muon_momentum", muon_momentum, "muon: decay of the momentum", between(0, 1));
    field("muon_learning_rate", muon_learning_rate,
          "muon: highest rate of its matrices, under the schedule of learning_rate; 0: learning_rate", at_least(0));
    field("ema_decay", ema_decay,
          "what is saved and measured is an average over the steps with this decay; 0: the last", between(0, 1));
  }
};

/// Gradients by parameter, in the order of Model::parameters().
using Gradients = std::vector<at::Tensor>;

class Optimizer {
 public:
  Optimizer(const model::Model& model, OptimizerConfig config);
  /// One update in place: AdamW (arXiv:1711.05101), or Muon's (momentum of Nesterov, five Newton–Schulz steps, scaled
  /// by 0.2·√max(rows, columns) so that AdamW's rates serve: arXiv:2502.16982); a stack of experts is a matrix each.
  /// @return the gradient's global norm before clipping. If it is not finite nothing changes (the caller counts it).
  /// The bits do not depend on num_threads.
  double step(model::Model& model, const Gradients& gradients, double learning_rate, int num_threads = 1);
  int64_t steps_done() const { return steps_done_; }
  /// With ema_decay: exchanges the model's parameters and their average; twice is none. Else does nothing.
  void swap_average(model::Model& model);
  /// Moments, average and step as optimizer.safetensors in `folder`; load checks names and shapes.
  /// @throws InputError, IoError
  void save(const model::Model& model, const std::filesystem::path& folder) const;
  void load(const model::Model& model, const std::filesystem::path& folder);

 private:
  OptimizerConfig config_;
  std::vector<at::Tensor> first_, second_, average_;
  int64_t steps_done_ = 0;
};

/// Sum of the gradients of `loss(i)`, i in [0, num_batches), on num_threads workers; added in the order of i, so that
/// the bits do not depend on the threads. loss(i) must be a scalar that depends on the model's parameters; it is called
/// once.
Gradients accumulate_gradients(const model::Model& model, int64_t num_batches, int num_threads,
                               const std::function<at::Tensor(int64_t batch)>& loss);

}  // namespace aha::train
