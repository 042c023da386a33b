// `data:` of stages that learn from preferences: files of rows become pairs or labelled sequences, some are held out.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "aha/core/config_fields.h"
#include "aha/data/preference.h"
#include "pipeline/stage.h"

namespace aha::pipeline {

/// {path: pairs.jsonl}
struct PreferenceFile {
  std::string path;
  int64_t max_examples = 0;

  template <class Fields>
  void visit(Fields& field) {
    field("path", path, "JSONL file of prompt, chosen and rejected; of prompt, completion and label", required());
    field("max_examples", max_examples, "uses this many rows only; 0: all", at_least(0));
  }
};

/// Keys that reward_model and dpo share.
struct PreferenceConfig {
  std::vector<PreferenceFile> data;
  std::string template_name = "plain";
  double holdout = 0.1;
  int64_t max_length = 0;
  int64_t batch_size = 16;
  int64_t epochs = 1;
  int64_t max_steps = 0;

  template <class Fields>
  void visit(Fields& field) {
    field("data", data, "files of preferences");
    field("template", template_name, "how a row's prompt is asked: plain, r1_zero, chat");
    field("holdout", holdout, "rows that are measured on and not learned from: a share below 1, or how many",
          at_least(0));
    field("max_length", max_length, "rows with a longer sequence are left out; 0: the model's context", at_least(0));
    field("batch_size", batch_size, "rows of a step", at_least(1));
    field("epochs", epochs, "passes over the data", at_least(1));
    field("max_steps", max_steps, "stops after this many steps; 0: after the epochs", at_least(0));
  }
};
void check_preference_config(const PreferenceConfig& config, const std::string& path, ConfigErrors& errors);
void add_preference_inputs(const PreferenceConfig& config, const std::string& path, StageInputs& inputs);
/// Batch arithmetic in words. @param row "pairs", "completions"
std::vector<std::string> preference_plan(const PreferenceConfig& config, const std::string& row);

/// @param context_length tokens of the model's context: no sequence is longer
/// @throws InputError naming file and line of a bad row, or where no row is left
std::vector<data::PreferencePair> load_pairs(const PreferenceConfig& config, const data::Tokenizer& tokenizer,
                                             int64_t context_length);
std::vector<data::LabelledSequence> load_labelled(const PreferenceConfig& config, const data::Tokenizer& tokenizer,
                                                  int64_t context_length);

/// Which rows are held out, and which are learned from at each step: counted, so that nothing of it needs saving.
class RowOrder {
 public:
  /// @throws ConfigError where the holdout leaves nothing to learn from
  RowOrder(int64_t num_rows, const PreferenceConfig& config, const StageHead& head);
  int64_t num_steps() const;
  std::vector<int64_t> batch(int64_t step) const;
  const std::vector<int64_t>& held_out() const { return held_out_; }

 private:
  int64_t steps_per_epoch() const;

  const PreferenceConfig& config_;
  uint64_t seed_;
  std::string purpose_;
  std::vector<int64_t> learned_, held_out_;
};

}  // namespace aha::pipeline
