// Makes or reads a task's examples and splits files by a hash of the prompt.
#include "pipeline/task_set.h"

#include <algorithm>
#include <set>

#include "aha/core/error.h"
#include "aha/core/random.h"
#include "aha/data/jsonl.h"
#include "aha/data/template.h"

namespace aha::pipeline {
namespace {

constexpr int64_t kDefaultCount = 4096;

std::string prompt_key(const data::Example& example) {
  std::string key = example.prompt;
  for (const data::Message& message : example.messages) key += "\n" + message.role + ": " + message.content;
  return key;
}

int64_t count_of(const TaskConfig& config, data::Split split) {
  if (split == data::Split::kHeldOut) return config.holdout;
  if (split == data::Split::kOutOfDistribution) return config.out_of_distribution;
  return config.count.value_or(kDefaultCount);
}

std::vector<data::Example> from_generator(const std::string& name, const TaskConfig& config, data::Split split) {
  const auto task = data::make_task(config.generator, config.options);
  const uint64_t seed = static_cast<uint64_t>(config.seed.value_or(0));
  try {
    return data::generate_examples(*task, split, count_of(config, split), seed);
  } catch (const ConfigError& error) {  // it knows the generator, but not the recipe's key
    throw ConfigError("tasks." + name, error.what());
  }
}

// The rows whose prompts hash lowest are held out, so that neither their order nor added rows move many of them.
std::set<std::string> held_out_keys(const std::vector<data::Example>& rows, int64_t holdout) {
  std::set<std::pair<uint64_t, std::string>> ranked;
  for (const data::Example& row : rows) {
    std::string key = prompt_key(row);
    const uint64_t rank = hash_name(key);
    ranked.emplace(rank, std::move(key));
  }
  std::set<std::string> keys;
  for (auto entry = ranked.begin(); entry != ranked.end() && std::ssize(keys) < holdout; ++entry) {
    keys.insert(entry->second);
  }
  return keys;
}

std::vector<data::Example> from_file(const TaskConfig& config, data::Split split) {
  if (split == data::Split::kOutOfDistribution) {
    throw ConfigError("split: " + config.path + " has no out-of-distribution prompts; only generators have");
  }
  std::vector<data::Example> rows = data::load_examples(config.path);
  const std::set<std::string> held_out = held_out_keys(rows, config.holdout);
  std::vector<data::Example> kept;
  for (data::Example& row : rows) {
    const bool is_held_out = held_out.contains(prompt_key(row));
    if (is_held_out == (split == data::Split::kHeldOut)) kept.push_back(std::move(row));
  }
  if (split == data::Split::kTrain && config.count && std::ssize(kept) > *config.count) kept.resize(*config.count);
  if (kept.empty()) {
    throw InputError(config.path,
                     std::string("no row is left for the split `") + split_name(split) + "`; lower holdout");
  }
  return kept;
}

void append_prompts(data::PromptBatch& batch, const std::vector<data::Example>& examples, int64_t limit,
                    const std::string& template_name, const data::Tokenizer& tokenizer) {
  const int64_t available = std::ssize(examples);
  const int64_t count = limit > 0 ? std::min(limit, available) : available;
  for (int64_t i = 0; i < count; ++i) {
    batch.push_back(data::make_prompt(examples[i], std::ssize(batch), template_name, tokenizer));
  }
}

}  // namespace

const char* split_name(data::Split split) {
  if (split == data::Split::kTrain) return "train";
  return split == data::Split::kHeldOut ? "held_out" : "ood";
}

const std::vector<data::Example>& TaskSet::examples(const std::string& task, data::Split split) {
  const auto found = made_.find({task, split});
  if (found != made_.end()) return found->second;
  const TaskConfig& config = tasks_.at(task);
  if (split == data::Split::kHeldOut && config.holdout == 0) {
    throw ConfigError("tasks." + task + ".holdout", "is 0, but a stage evaluates on held-out prompts; give it some");
  }
  std::vector<data::Example> examples =
      config.path.empty() ? from_generator(task, config, split) : from_file(config, split);
  for (data::Example& example : examples) example.task = task;
  return made_.emplace(std::pair{task, split}, std::move(examples)).first->second;
}

data::PromptBatch TaskSet::prompts(const std::string& task, data::Split split, int64_t limit,
                                   const std::string& template_name, const data::Tokenizer& tokenizer) {
  data::PromptBatch batch;
  append_prompts(batch, examples(task, split), limit, template_name, tokenizer);
  return batch;
}

data::PromptBatch TaskSet::training_prompts(const std::vector<std::string>& tasks, const std::string& template_name,
                                            const data::Tokenizer& tokenizer) {
  data::PromptBatch batch;
  for (const std::string& task : tasks) {
    append_prompts(batch, examples(task, data::Split::kTrain), 0, template_name, tokenizer);
  }
  return batch;
}

}  // namespace aha::pipeline
