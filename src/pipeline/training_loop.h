// Drives a training stage: step, measure, write metrics, save, stop, resume. Knows nothing of losses.
#pragma once
#include <cstdint>
#include <nlohmann/json.hpp>
#include <stop_token>
#include <string>

#include "aha/core/config_fields.h"
#include "aha/model/model.h"
#include "pipeline/held_out_eval.h"
#include "pipeline/stage.h"

namespace aha::pipeline {

/// Keys that all training stages share.
struct LoopConfig {
  int64_t save_steps = 200;
  int64_t logging_steps = 1;
  int64_t eval_steps = 0;
  std::optional<EvalConfig> eval;

  /// Without `eval`: for stages that measure in a way of their own.
  template <class Fields>
  void visit_steps(Fields& field) {
    field("save_steps", save_steps, "steps between checkpoints; 0: only when stopped", at_least(0));
    field("logging_steps", logging_steps, "steps between lines of metrics.jsonl", at_least(1));
    field("eval_steps", eval_steps, "steps between evaluations; 0: before and after training only", at_least(0));
  }
  template <class Fields>
  void visit(Fields& field) {
    visit_steps(field);
    field("eval", eval, "how the model is measured on held-out prompts; absent: not at all");
  }
  /// Whether eval_steps asks for a measurement after `step` of `num_steps` updates.
  bool measures_at(int64_t step, int64_t num_steps) const {
    return (eval_steps > 0 && step % eval_steps == 0) || step == 0 || step == num_steps;
  }
};

struct StepResult {
  Metrics metrics;
  std::string completion_lines;  // for completions.jsonl; may be empty
  int64_t tokens = 0;            // trained on
};

/// What a stage trains: one object per run of the stage.
class Training {
 public:
  virtual ~Training() = default;
  /// Known from the start or found on the way; the loop asks before each step.
  virtual int64_t num_steps() const = 0;
  /// One update. @throws StoppedError only while nothing has changed
  virtual StepResult step(int64_t step, std::stop_token stop) = 0;
  virtual bool should_measure(int64_t step) const = 0;
  /// Measures the model after `step` updates. @throws StoppedError while nothing has changed
  virtual Metrics measure(int64_t step, std::stop_token stop) = 0;

  /// What the progress line says of a measurement.
  virtual std::string measured_note(const Metrics& metrics) const;
  /// The task of `measure`; empty if nothing is measured.
  virtual std::string measured_task() const = 0;

  virtual const model::Model& model() const = 0;
  /// The folder that the model's weights came from; empty where they were made.
  virtual std::string base_model() const = 0;
  /// Makes model() what the stage leaves behind: called once, after the last step and measurement.
  virtual void finish() {}
  /// Everything but the model and the cursor: optimizer, reference.
  virtual void save(const std::filesystem::path& folder) const = 0;
  /// The whole state back, the model included.
  virtual void load(const std::filesystem::path& folder) = 0;
  /// Whether step() gives lines for completions.jsonl.
  virtual bool has_completions() const { return false; }
  virtual nlohmann::json cursor() const { return nlohmann::json::object(); }
  virtual void set_cursor(const nlohmann::json&) {}
  /// What the progress line says of the last step: "reward 0.61  length 22".
  virtual std::string note() const { return {}; }
};

/// Trains to the end from the newest checkpoint, then writes model/, adapter/ where adapters were trained, and
/// result.json.
/// @throws StoppedError after saving a checkpoint
void run_training(Training& training, const LoopConfig& config, const StageContext& context, const std::string& title);

}  // namespace aha::pipeline
