// Next-token training on sequences with per-token weights: pre-training, cold start, SFT and distillation.
#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "aha/data/packing.h"
#include "aha/model/model.h"
#include "aha/train/optimizer.h"
#include "aha/train/schedule.h"

namespace aha::train {

struct SftConfig {
  ScheduleConfig schedule = {};
  OptimizerConfig optimizer = {};
  int64_t tokens_per_micro_batch = 2048;  // at most; smaller batches are still cut for several workers
  bool gradient_checkpointing = false;    // layers are computed again in the backward pass: less memory, same bits
  bool bf16 = false;                      // operands of matrix products are rounded to bfloat16; weights stay float32
  double mtp_loss_weight = 0.0;           // λ of the MTP loss; needs num_nextn_predict_layers = 1
  double balance_loss_weight = 0.0;       // α of the sequence balance loss
  double bias_update_rate = 0.0;          // γ of the expert bias; pre-training 0.001, SFT 0
};

struct SftReport {
  // loss is Σ w·nll / Σ w alone; mtp_loss and balance_loss are before their weights.
  double loss = 0, grad_norm = 0, learning_rate = 0, mtp_loss = 0, balance_loss = 0;
  double mean_token_accuracy = 0, entropy = 0;  // means over the tokens that the loss falls on; entropy in nats
  int64_t num_tokens = 0;                       // that the loss falls on
  int64_t num_dead_experts = 0;                 // that no token of the batch chose, of all layers
  std::vector<double> expert_load_max = {};     // per MoE layer: largest share over mean share
  bool skipped = false;                         // non-finite loss or gradient: no update was made
};

class SftTrainer {
 public:
  SftTrainer(model::Model& model, SftConfig config, int num_threads);
  /// One update: mean of weighted token losses over the whole batch (Σ w·nll / Σ w), whatever the micro-batches.
  SftReport step(const std::vector<data::TrainingSequence>& batch, double learning_rate);
  Optimizer& optimizer() { return optimizer_; }

 private:
  model::Model& model_;
  SftConfig config_;
  Optimizer optimizer_;
  int num_threads_;
};

}  // namespace aha::train
