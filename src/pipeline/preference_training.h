// What reward_model and dpo share: steps over rows of preferences, measured on rows that are held out.
#pragma once
#include <string>
#include <utility>
#include <vector>

#include "aha/train/preference_update.h"
#include "pipeline/model_source.h"
#include "pipeline/preference_rows.h"
#include "pipeline/skipped_steps.h"
#include "pipeline/training_loop.h"

namespace aha::pipeline {

class PreferenceTraining : public Training {
 public:
  PreferenceTraining(Policy policy, int64_t num_rows, const PreferenceConfig& config,
                     const train::ScheduleConfig& schedule, const LoopConfig& loop, const StageContext& context,
                     const StageHead& head);

  int64_t num_steps() const override { return order_.num_steps(); }
  StepResult step(int64_t step, std::stop_token stop) override;
  bool should_measure(int64_t step) const override;
  /// eval_loss, eval_accuracy …: the trainer's metrics of the rows held out.
  Metrics measure(int64_t step, std::stop_token stop) override;
  std::string measured_task() const override { return {}; }
  const model::Model& model() const override { return policy_.model; }
  std::string base_model() const override { return policy_.base; }
  void finish() override { optimizer().swap_average(policy_.model); }
  void save(const std::filesystem::path& folder) const override;
  void load(const std::filesystem::path& folder) override;
  std::string note() const override;
  std::string measured_note(const Metrics& metrics) const override;

 protected:
  model::Model& policy() { return policy_.model; }
  virtual train::PreferenceReport update(const std::vector<int64_t>& rows, double learning_rate) = 0;
  virtual train::PreferenceReport judge(const std::vector<int64_t>& rows) const = 0;
  virtual int64_t tokens_of(const std::vector<int64_t>& rows) const = 0;
  virtual train::Optimizer& optimizer() const = 0;

 private:
  Policy policy_;
  RowOrder order_;
  const train::ScheduleConfig& schedule_;
  const LoopConfig& loop_;
  const StageContext& context_;
  SkippedSteps skipped_;
  double last_loss_ = 0;
};

/// With the trainer and the rows it takes. @tparam Trainer made of the policy and the further arguments
template <class Trainer, class Row>
class RowTraining final : public PreferenceTraining {
 public:
  template <class... Arguments>
  RowTraining(Policy policy, std::vector<Row> rows, const PreferenceConfig& config,
              const train::ScheduleConfig& schedule, const LoopConfig& loop, const StageContext& context,
              const StageHead& head, Arguments&&... arguments)
      : PreferenceTraining(std::move(policy), std::ssize(rows), config, schedule, loop, context, head),
        rows_(std::move(rows)),
        trainer_(PreferenceTraining::policy(), std::forward<Arguments>(arguments)..., context.num_threads) {}

 protected:
  train::PreferenceReport update(const std::vector<int64_t>& rows, double learning_rate) override {
    return trainer_.step(pick(rows), learning_rate);
  }
  train::PreferenceReport judge(const std::vector<int64_t>& rows) const override {
    return trainer_.measure(pick(rows));
  }
  int64_t tokens_of(const std::vector<int64_t>& rows) const override {
    int64_t count = 0;
    for (const int64_t row : rows) count += num_tokens(rows_[static_cast<size_t>(row)]);
    return count;
  }
  train::Optimizer& optimizer() const override { return trainer_.optimizer(); }

 private:
  std::vector<Row> pick(const std::vector<int64_t>& rows) const {
    std::vector<Row> picked;
    for (const int64_t row : rows) picked.push_back(rows_[static_cast<size_t>(row)]);
    return picked;
  }

  std::vector<Row> rows_;
  mutable Trainer trainer_;  // save() is const, its optimizer() is not
};

}  // namespace aha::pipeline
