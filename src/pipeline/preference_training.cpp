// Learning from preferences as the loop sees it.
#include "pipeline/preference_training.h"

#include <fmt/format.h>

#include "pipeline/recipe.h"

namespace aha::pipeline {

PreferenceTraining::PreferenceTraining(Policy policy, int64_t num_rows, const PreferenceConfig& config,
                                       const train::ScheduleConfig& schedule, const LoopConfig& loop,
                                       const StageContext& context, const StageHead& head)
    : policy_(std::move(policy)), order_(num_rows, config, head), schedule_(schedule), loop_(loop), context_(context) {}

StepResult PreferenceTraining::step(int64_t step, std::stop_token) {
  const std::vector<int64_t> rows = order_.batch(step);
  train::PreferenceReport report = update(rows, train::learning_rate_at(schedule_, step, num_steps()));
  skipped_.note(report.skipped, step, context_.folder);
  last_loss_ = report.metrics.at("loss");
  return {.metrics = std::move(report.metrics), .completion_lines = {}, .tokens = tokens_of(rows)};
}

bool PreferenceTraining::should_measure(int64_t step) const {
  return !order_.held_out().empty() && loop_.measures_at(step, num_steps());
}

Metrics PreferenceTraining::measure(int64_t, std::stop_token) {
  const train::AverageScope average(optimizer(), policy_.model);
  Metrics metrics;
  for (const auto& [name, value] : judge(order_.held_out()).metrics) metrics["eval_" + name] = value;
  return metrics;
}

void PreferenceTraining::save(const std::filesystem::path& folder) const { optimizer().save(policy_.model, folder); }

void PreferenceTraining::load(const std::filesystem::path& folder) {
  restore_policy(policy_.model, folder, context_);
  optimizer().load(policy_.model, folder);
}

std::string PreferenceTraining::measured_note(const Metrics& metrics) const {
  return fmt::format("held-out loss {:.3f}", metrics.at("eval_loss"));
}

std::string PreferenceTraining::note() const { return fmt::format("loss {:.3f}", last_loss_); }

}  // namespace aha::pipeline
