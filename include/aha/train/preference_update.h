// What reward models and DPO share: updates from losses of units (pairs, or single completions) that are computed
// together in micro-batches.
#pragma once
#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "aha/core/config_fields.h"
#include "aha/model/model.h"
#include "aha/train/optimizer.h"
#include "aha/train/schedule.h"

namespace aha::train {

struct PreferenceUpdateConfig {
  ScheduleConfig schedule = {};
  OptimizerConfig optimizer = {};
  int64_t tokens_per_micro_batch = 2048;  // at most; a longer unit stands alone
  bool gradient_checkpointing = false;    // layers are computed again in the backward pass: less memory, same bits
  bool bf16 = false;                      // operands of matrix products are rounded to bfloat16; weights stay float32

  template <class Fields>
  void visit(Fields& field) {
    schedule.visit(field);
    optimizer.visit(field);
    field("tokens_per_micro_batch", tokens_per_micro_batch, "tokens one worker takes at a time", at_least(1));
    field("gradient_checkpointing", gradient_checkpointing, "computes layers again in the backward pass: less memory");
    field("bf16", bf16, "rounds the operands of matrix products to bfloat16; weights stay float32");
  }
};

struct PreferenceReport {
  std::map<std::string, double> metrics;  // by TRL's names, "loss" among them; of a step "grad_norm" too
  bool skipped = false;                   // non-finite loss or gradient: no update was made
};

class PreferenceUpdate {
 public:
  /// Losses [n] of the units of these numbers, each from its own tokens alone. Called by several threads.
  using Losses = std::function<at::Tensor(const std::vector<int64_t>& units)>;

  PreferenceUpdate(model::Model& model, PreferenceUpdateConfig config, int num_threads);
  /// One optimizer step on the mean over all units, whatever the micro-batches. @param lengths tokens of each unit
  PreferenceReport step(const std::vector<int64_t>& lengths, const Losses& losses, double learning_rate);
  /// The mean alone; nothing changes.
  PreferenceReport measure(const std::vector<int64_t>& lengths, const Losses& losses) const;

  const model::Model& model() const { return model_; }
  model::ForwardOptions forward_options() const;
  Optimizer& optimizer() { return optimizer_; }

 private:
  model::Model& model_;
  PreferenceUpdateConfig config_;
  Optimizer optimizer_;
  int num_threads_;
};

}  // namespace aha::train
