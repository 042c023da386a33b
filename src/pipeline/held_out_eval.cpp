// Held-out prompts of a task, evaluated under the stage's own random numbers.
#include "pipeline/held_out_eval.h"

#include <algorithm>

#include "pipeline/reward_reference.h"
#include "pipeline/reward_services.h"

namespace aha::pipeline {

void check_template(const std::string& name, const std::string& path, ConfigErrors& errors) {
  const std::vector<std::string> known = {"plain", "r1_zero", "chat"};
  if (std::find(known.begin(), known.end(), name) != known.end()) return;
  const std::string hint = did_you_mean(name, known);
  errors.add(path, "must be plain, r1_zero or chat, not `" + name + "`" + (hint.empty() ? "" : "; " + hint));
}

void complete_eval(EvalConfig& config, const EvalDefaults& defaults, const std::string& path, ConfigErrors& errors) {
  if (config.task.empty()) config.task = defaults.task;
  if (config.task.empty()) errors.add(path + ".task", "is missing: name the task whose held-out prompts are asked");
  if (config.template_name.empty()) config.template_name = defaults.template_name;
  if (!config.max_completion_length) config.max_completion_length = defaults.max_completion_length;
  check_template(config.template_name, path + ".template", errors);
  if (config.rewards.empty()) errors.add(path + ".rewards", "is empty; the first reward decides pass@1");
  check_rewards(config.rewards, path + ".rewards", errors);
}

void add_eval_inputs(const EvalConfig& config, const std::string& path, StageInputs& inputs) {
  inputs.tasks.push_back({path + ".task", config.task, data::Split::kHeldOut});
  add_reward_inputs(config.rewards, path + ".rewards", inputs);
}

HeldOutEval::HeldOutEval(const EvalConfig& config, const StageContext& context, std::string purpose, uint64_t seed)
    : task_(config.task), purpose_(std::move(purpose)), seed_(seed) {
  config_.num_samples = config.num_samples;
  config_.k = config.num_samples;
  config_.sampling.temperature = config.temperature;
  config_.sampling.max_completion_length = config.max_completion_length.value_or(256);
  config_.rewards = config.rewards;
  config_.services = context.services;
  prompts_ = context.tasks.prompts(config.task, data::Split::kHeldOut, config.num_prompts, config.template_name,
                                   *context.tokenizer);
}

evaluate::Evaluation HeldOutEval::measure(rollout::Engine& engine, int64_t step, std::stop_token stop) const {
  const rollout::SampleKey key{.seed = seed_, .stage = purpose_, .step = static_cast<uint64_t>(step)};
  return evaluate::evaluate(engine, task_, prompts_, config_, key, stop);
}

Metrics eval_metrics(const evaluate::Evaluation& evaluation) {
  Metrics metrics = {{"eval_pass@1", evaluation.pass_at_1},
                     {"eval_pass@k", evaluation.pass_at_k},
                     {"eval_mean_length", evaluation.mean_length},
                     {"eval_clipped_ratio", evaluation.clipped_ratio}};
  for (const auto& [name, mean] : evaluation.reward_means) metrics["eval_" + name] = mean;
  return metrics;
}

}  // namespace aha::pipeline
