// How a stage measures its model while it trains: pass@1 on held-out prompts.
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "aha/core/config_fields.h"
#include "aha/data/completion.h"
#include "aha/evaluate/evaluate.h"
#include "pipeline/stage.h"

namespace aha::pipeline {

using Metrics = std::map<std::string, double>;

/// `eval:` of a training stage.
struct EvalConfig {
  std::string task;  // default: the stage's first
  int64_t num_prompts = 64, num_samples = 4;
  double temperature = 1.0;
  std::optional<int64_t> max_completion_length;  // default: the stage's, else 256
  std::string template_name;                     // default: the stage's, else plain
  std::vector<reward::RewardConfig> rewards;     // the first decides pass@1

  template <class Fields>
  void visit(Fields& field) {
    field("task", task, "whose held-out prompts; default: the stage's first task");
    field("num_prompts", num_prompts, "held-out prompts; 0: all", at_least(0));
    field("num_samples", num_samples, "completions a prompt", at_least(1));
    field("temperature", temperature, "of the samples", at_least(0));
    field("max_completion_length", max_completion_length, "default: the stage's, else 256", at_least(1));
    field("template", template_name, "default: the stage's, else plain");
    field("rewards", rewards, "what is measured; the first decides pass@1");
  }
};

/// What the stage around it supplies where the keys are left out.
struct EvalDefaults {
  std::string task, template_name = "plain";
  int64_t max_completion_length = 256;
};
void complete_eval(EvalConfig& config, const EvalDefaults& defaults, const std::string& path, ConfigErrors& errors);

/// Its task, and the models that its rewards ask. `path` is that of the block.
void add_eval_inputs(const EvalConfig& config, const std::string& path, StageInputs& inputs);

/// Refuses a template that does not exist.
void check_template(const std::string& name, const std::string& path, ConfigErrors& errors);

/// Measures one policy again and again on the same prompts, with fresh counted samples each time.
class HeldOutEval {
 public:
  /// @param purpose keys the random numbers: "eval/zero"
  HeldOutEval(const EvalConfig& config, const StageContext& context, std::string purpose, uint64_t seed);
  evaluate::Evaluation measure(rollout::Engine& engine, int64_t step, std::stop_token stop) const;

 private:
  std::string task_, purpose_;
  uint64_t seed_;
  evaluate::EvaluateConfig config_;
  data::PromptBatch prompts_;
};

/// eval_pass@1, eval_mean_length, eval_<reward> …
Metrics eval_metrics(const evaluate::Evaluation& evaluation);

}  // namespace aha::pipeline
