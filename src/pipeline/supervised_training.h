// What pretrain and sft share: a model, a next-token trainer, held-out evaluation. They differ in batches and steps.
#pragma once
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "aha/model/model.h"
#include "aha/rollout/engine.h"
#include "aha/train/sft_trainer.h"
#include "pipeline/model_source.h"
#include "pipeline/skipped_steps.h"
#include "pipeline/training_loop.h"

namespace aha::pipeline {

/// Keys of the trainer that have no list of their own below.
template <class Fields>
void visit_sft(train::SftConfig& config, Fields& field) {
  config.schedule.visit(field);
  config.optimizer.visit(field);
  field("tokens_per_micro_batch", config.tokens_per_micro_batch, "tokens one worker takes at a time", at_least(1));
  field("gradient_checkpointing", config.gradient_checkpointing,
        "computes layers again in the backward pass: less memory, the same bits");
  field("bf16", config.bf16, "rounds the operands of matrix products to bfloat16; weights stay float32");
  field("mtp_loss_weight", config.mtp_loss_weight, "weight of the multi-token-prediction loss", at_least(0));
  field("balance_loss_weight", config.balance_loss_weight, "weight of the sequence balance loss", at_least(0));
  field("bias_update_rate", config.bias_update_rate, "step of the expert bias that balances the load", at_least(0));
}

/// Keys of the rollout engine inside a stage.
struct EngineConfig {
  int64_t cache_bytes = int64_t{256} << 20;
  int64_t max_rows = 256;
  std::string rollout_dtype = "auto";
  bool exact_logprobs = false;
  std::string speculation = "none";
  int64_t num_draft_tokens = 4;

  template <class Fields>
  void visit(Fields& field) {
    field("cache_bytes", cache_bytes, "memory of the rollout's key-value cache", at_least(1 << 20));
    field("max_rows", max_rows, "tokens a worker decodes together", at_least(1));
    field("rollout_dtype", rollout_dtype, "of weights, products and cache while sampling; auto: the model's",
          one_of({"auto", "float32", "bfloat16"}));
    field("exact_logprobs", exact_logprobs,
          "log-probs of drawn tokens have the trainer's bits; costs cache memory where attention is latent");
    field("speculation", speculation, "where drafts come from, which change the speed and no token",
          one_of({"none", "ngram", "mtp"}));
    field("num_draft_tokens", num_draft_tokens, "most drafts a step, by ngram", at_least(1));
  }
};
rollout::EngineOptions engine_options(const EngineConfig& config, const StageContext& context);
/// Keys that cannot stand beside each other. `path` is the stage's.
void check_engine(const EngineConfig& config, const std::string& path, ConfigErrors& errors);

class SupervisedTraining : public Training {
 public:
  SupervisedTraining(Policy policy, const train::SftConfig& config, const LoopConfig& loop, const StageContext& context,
                     const StageHead& head);

  StepResult step(int64_t step, std::stop_token stop) override;
  bool should_measure(int64_t step) const override;
  Metrics measure(int64_t step, std::stop_token stop) override;
  std::string measured_task() const override { return loop_.eval ? loop_.eval->task : std::string(); }
  const model::Model& model() const override { return policy_.model; }
  std::string base_model() const override { return policy_.base; }
  void save(const std::filesystem::path& folder) const override;
  void load(const std::filesystem::path& folder) override;
  void finish() override;
  std::string note() const override;

 protected:
  virtual std::vector<data::TrainingSequence> next_batch(int64_t step) = 0;
  /// Of the weights that the stage would leave now: with ema_decay, their average.
  evaluate::Evaluation measure_with(const HeldOutEval& eval, int64_t step, std::stop_token stop);
  double learning_rate(int64_t step) const;

 private:
  rollout::Engine& fresh_engine();

  Policy policy_;
  train::SftConfig config_;
  const LoopConfig& loop_;
  const StageContext& context_;
  mutable train::SftTrainer trainer_;  // save() is const, its optimizer() is not
  std::unique_ptr<rollout::Engine> engine_;
  std::optional<HeldOutEval> eval_;
  train::SftReport last_;
  SkippedSteps skipped_;
};

}  // namespace aha::pipeline
