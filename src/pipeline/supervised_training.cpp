// Next-token training as the loop sees it.
#include "pipeline/supervised_training.h"

#include <fmt/format.h>

#include <algorithm>

#include "pipeline/recipe.h"

namespace aha::pipeline {
namespace {

Metrics metrics_of(const train::SftReport& report) {
  Metrics metrics = {{"loss", report.loss},
                     {"grad_norm", report.grad_norm},
                     {"learning_rate", report.learning_rate},
                     {"mean_token_accuracy", report.mean_token_accuracy},
                     {"entropy", report.entropy},
                     {"skipped", report.skipped ? 1.0 : 0.0}};
  if (report.mtp_loss != 0) metrics["mtp_loss"] = report.mtp_loss;
  if (report.balance_loss != 0) metrics["balance_loss"] = report.balance_loss;
  const std::vector<double>& loads = report.expert_load_max;
  if (loads.empty()) return metrics;
  metrics["moe/dead_experts"] = static_cast<double>(report.num_dead_experts);
  metrics["moe/max_load"] = *std::max_element(loads.begin(), loads.end());
  for (size_t layer = 0; layer < loads.size(); ++layer) {
    metrics[fmt::format("expert_load_max/{}", layer)] = loads[layer];
  }
  return metrics;
}

}  // namespace

rollout::EngineOptions engine_options(const EngineConfig& config, const StageContext& context) {
  return {.cache_bytes = config.cache_bytes,
          .num_threads = context.num_threads,
          .max_rows = config.max_rows,
          .dtype = config.rollout_dtype,
          .exact_logprobs = config.exact_logprobs,
          .speculation = config.speculation,
          .num_draft_tokens = config.num_draft_tokens};
}

void check_engine(const EngineConfig& config, const std::string& path, ConfigErrors& errors) {
  if (!config.exact_logprobs || config.rollout_dtype != "bfloat16") return;
  errors.add(path + ".exact_logprobs",
             "cannot stand beside rollout_dtype = bfloat16: rounded sums cannot have the bits of the training forward");
}

SupervisedTraining::SupervisedTraining(Policy policy, const train::SftConfig& config, const LoopConfig& loop,
                                       const StageContext& context, const StageHead& head)
    : policy_(std::move(policy)),
      config_(config),
      loop_(loop),
      context_(context),
      trainer_(policy_.model, config, context.num_threads) {
  if (loop.eval) eval_.emplace(*loop.eval, context, "eval/" + head.name, static_cast<uint64_t>(*head.seed));
}

double SupervisedTraining::learning_rate(int64_t step) const {
  return train::learning_rate_at(config_.schedule, step, num_steps());
}

StepResult SupervisedTraining::step(int64_t step, std::stop_token) {
  const std::vector<data::TrainingSequence> batch = next_batch(step);
  last_ = trainer_.step(batch, learning_rate(step));
  skipped_.note(last_.skipped, step, context_.folder);
  StepResult result;
  result.metrics = metrics_of(last_);
  for (const data::TrainingSequence& sequence : batch) result.tokens += std::ssize(sequence.token_ids);
  return result;
}

bool SupervisedTraining::should_measure(int64_t step) const { return eval_ && loop_.measures_at(step, num_steps()); }

Metrics SupervisedTraining::measure(int64_t step, std::stop_token stop) {
  return eval_metrics(measure_with(*eval_, step, stop));
}

evaluate::Evaluation SupervisedTraining::measure_with(const HeldOutEval& eval, int64_t step, std::stop_token stop) {
  const train::AverageScope average(trainer_.optimizer(), policy_.model);
  rollout::Engine& engine = fresh_engine();
  const evaluate::Evaluation evaluation = eval.measure(engine, step, stop);
  engine.release_weights();
  return evaluation;
}

rollout::Engine& SupervisedTraining::fresh_engine() {
  if (engine_) {
    engine_->update_weights();
  } else {
    engine_ = std::make_unique<rollout::Engine>(policy_.model, context_.tokenizer, engine_options({}, context_));
  }
  return *engine_;
}

void SupervisedTraining::save(const std::filesystem::path& folder) const {
  trainer_.optimizer().save(policy_.model, folder);
}

void SupervisedTraining::load(const std::filesystem::path& folder) {
  restore_policy(policy_.model, folder, context_);
  trainer_.optimizer().load(policy_.model, folder);
}

void SupervisedTraining::finish() { trainer_.optimizer().swap_average(policy_.model); }

std::string SupervisedTraining::note() const { return fmt::format("loss {:.3f}", last_.loss); }

}  // namespace aha::pipeline
