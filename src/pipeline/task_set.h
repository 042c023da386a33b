// The tasks of a recipe as examples: made or read once, split into train, held-out and out-of-distribution.
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "aha/core/config_fields.h"
#include "aha/data/completion.h"
#include "aha/data/task.h"
#include "aha/data/tokenizer.h"

namespace aha::pipeline {

/// One entry of `tasks:`.
struct TaskConfig {
  std::string generator, path;   // exactly one of the two
  std::optional<int64_t> count;  // training prompts; default: 4096 of a generator, all of a file
  int64_t holdout = 512;
  int64_t out_of_distribution = 256;
  std::optional<int64_t> seed;
  data::TaskOptions options;

  template <class Fields>
  void visit(Fields& field) {
    field("generator", generator, "makes the prompts: last_digit_sum, plain_sum, …");
    field("path", path, "JSONL file of prompts with answers, instead of a generator");
    field("count", count, "training prompts (4096 of a generator, all of a file)", at_least(1));
    field("holdout", holdout, "held-out prompts, never trained on", at_least(0));
    field("out_of_distribution", out_of_distribution, "prompts with one more operand than in training", at_least(0));
    field("seed", seed, "of the prompts; default: the recipe's", at_least(0));
    field("options", options, "sizes of a generator's problems");
  }
};

const char* split_name(data::Split split);  // "train" | "held_out" | "ood"

class TaskSet {
 public:
  /// Every task's seed must be set. Nothing is made or read yet.
  explicit TaskSet(std::map<std::string, TaskConfig> tasks) : tasks_(std::move(tasks)) {}

  /// Examples of a split; their `task` is the recipe's name for it. @throws ConfigError, InputError
  const std::vector<data::Example>& examples(const std::string& task, data::Split split);
  /// The same as prompts, ids counting from 0. `limit` 0: all.
  data::PromptBatch prompts(const std::string& task, data::Split split, int64_t limit, const std::string& template_name,
                            const data::Tokenizer& tokenizer);
  /// Training prompts of several tasks, one after the other, ids counting through.
  data::PromptBatch training_prompts(const std::vector<std::string>& tasks, const std::string& template_name,
                                     const data::Tokenizer& tokenizer);

 private:
  std::map<std::string, TaskConfig> tasks_;
  std::map<std::pair<std::string, data::Split>, std::vector<data::Example>> made_;
};

}  // namespace aha::pipeline
