// The table of generators, and their splits.
#include "aha/data/task.h"

#include <unordered_set>

#include "aha/core/config_fields.h"
#include "aha/core/error.h"
#include "data/tasks/generators.h"

namespace aha::data {
namespace {

struct Generator {
  const char* name;
  std::unique_ptr<Task> (*make)(const TaskOptions&);
  const char* summary;
};

constexpr Generator kGenerators[] = {
    {"last_digit_sum", make_last_digit_sum, "last digit of a sum; terms: numbers added (5-6), operands: these (1-4)"},
    {"plain_sum", make_plain_sum, "a sum of small numbers; terms: numbers added (5-6), operands: these (1-4)"},
    {"running_sum", make_running_sum, "a sum of larger numbers; terms: numbers added (3-5), operands: these (10-99)"},
    {"sort_digits", make_sort_digits, "digits in ascending order; terms: digits (5-7), operands: these (1-9)"},
    {"countdown", make_countdown, "a target from given numbers by + and -; terms: numbers (3), operands: these (1-10)"},
    {"linear_equation", make_linear_equation,
     "solve ax+b=c; terms: summands on the left (2), operands: coefficients and constants (1-9)"},
    {"knights_and_knaves", make_knights_and_knaves, "who lies; terms: people (2-3), operands: none"},
    {"multiple_choice", make_multiple_choice,
     "facts and products, answered by a letter; terms: choices (4), operands: factors (2-9)"},
    {"stack_program", make_stack_program,
     "a formula as a program of a stack machine; terms: operations (2-5), operands: constants (1-9)"},
    {"python_program", make_python_program,
     "a few lines of Python over a list; terms: quantities and constants (2-3), operands: the numbers (1-9)"},
};

const Generator& find_generator(const std::string& name) {
  for (const Generator& generator : kGenerators) {
    if (name == generator.name) return generator;
  }
  const std::string hint = did_you_mean(name, task_names());
  throw ConfigError("generator",
                    "there is no generator `" + name + "`; " + (hint.empty() ? "`aha data --help` lists them" : hint));
}

constexpr uint64_t kHeldOutShare = 8;  // one prompt in …

const char* split_name(Split split) {
  if (split == Split::kTrain) return "train";
  return split == Split::kHeldOut ? "held-out" : "out-of-distribution";
}

bool belongs(const std::string& prompt, Split split) {
  return split == Split::kOutOfDistribution || is_held_out(prompt) == (split == Split::kHeldOut);
}

[[noreturn]] void fail_too_few(const Task& task, Split split, size_t found, int64_t count) {
  throw ConfigError(task.name(), "has only about " + std::to_string(found) + " distinct " + split_name(split) +
                                     " problems at these sizes, but " + std::to_string(count) +
                                     " are asked for; widen the sizes or ask for fewer");
}

}  // namespace

Example Task::make_drill(Random& random) const { return make(random, /*out_of_distribution=*/false); }

std::unique_ptr<Task> make_task(const std::string& name, const TaskOptions& options) {
  return find_generator(name).make(options);
}

std::string task_summary(const std::string& name) { return find_generator(name).summary; }

std::vector<std::string> task_names() {
  std::vector<std::string> names;
  for (const Generator& generator : kGenerators) names.push_back(generator.name);
  return names;
}

bool is_held_out(const std::string& prompt) {
  // The low bits of FNV-1a depend on the low bits of the characters alone, hence also on the answer; they are mixed.
  uint64_t hash = hash_name(prompt);
  hash = (hash ^ (hash >> 33)) * 0xff51afd7ed558ccdULL;
  hash = (hash ^ (hash >> 33)) * 0xc4ceb9fe1a85ec53ULL;
  return (hash ^ (hash >> 33)) % kHeldOutShare == 0;
}

std::vector<Example> generate_examples(const Task& task, Split split, int64_t count, uint64_t seed) {
  const std::string purpose = "task/" + task.name() + "/" + split_name(split);
  std::vector<Example> examples;
  std::unordered_set<std::string> seen;
  uint64_t draws_without_new = 0;
  for (uint64_t draw = 0; int64_t(examples.size()) < count; ++draw) {
    Random random(seed, purpose, {draw});
    Example example = task.make(random, split == Split::kOutOfDistribution);
    if (belongs(example.prompt, split) && seen.insert(example.prompt).second) {
      examples.push_back(std::move(example));
      draws_without_new = 0;
    } else if (++draws_without_new > 32 * kHeldOutShare * (seen.size() + 64)) {
      // Were one problem of uniformly drawn ones left, missing it so long would have a chance below e^-32.
      fail_too_few(task, split, seen.size(), count);
    }
  }
  return examples;
}

}  // namespace aha::data
