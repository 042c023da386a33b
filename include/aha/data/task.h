// Tasks that make their own prompts: each with an exact answer, a worked solution, and disjoint splits.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "aha/core/config_fields.h"
#include "aha/core/random.h"
#include "aha/data/example.h"

namespace aha::data {

enum class Split { kTrain, kHeldOut, kOutOfDistribution };

/// How a solution is written in the pre-training corpus.
enum class Style { kDirect, kWorked, kChecked };

/// What is wrong in a noisy solution.
struct Noise {
  double direct = 0.10;   // share of direct answers that are wrong
  double worked = 0.25;   // share of worked solutions with one wrong step, carried on
  double checked = 0.25;  // the same in the first pass of a checked solution
  double recheck = 0.10;  // the same in the check and in the redo
  template <class Fields>
  void visit(Fields& field) {
    field("direct", direct, "share of direct answers that are wrong", between(0, 1));
    field("worked", worked, "share of worked solutions with a wrong step", between(0, 1));
    field("checked", checked, "share of checked solutions wrong in the first pass", between(0, 1));
    field("recheck", recheck, "share of checks and redos that are wrong", between(0, 1));
  }
};

/// Reasoning text (what stands inside <think>…</think>; empty for direct) and the answer it arrives at.
struct Solution {
  std::string reasoning;
  std::string answer;
};

/// Sizes of a generator's problems; what a key means is said by each generator (`aha data TASK --help`).
struct TaskOptions {
  int64_t min_terms = 0, max_terms = 0;         // operands, digits, people …; 0 = the generator's default
  int64_t min_operand = -1, max_operand = -1;   // -1 = the generator's default
  std::vector<std::string> languages = {"en"};  // en, zh: drawn evenly; the prompt's words tell which
  template <class Fields>
  void visit(Fields& field) {
    field("min_terms", min_terms, "fewest operands, digits or people (0: the generator's default)", at_least(0));
    field("max_terms", max_terms, "most operands, digits or people (0: the generator's default)", at_least(0));
    field("min_operand", min_operand, "smallest operand (-1: the generator's default)", at_least(-1));
    field("max_operand", max_operand, "largest operand (-1: the generator's default)", at_least(-1));
    field("languages", languages, "languages of the prompts: en, zh");
  }
};

/// One kind of problem. `columns` of its examples carry prompt, answer, task, difficulty, language.
class Task {
 public:
  virtual ~Task() = default;
  virtual std::string name() const = 0;
  /// A problem of any split; out-of-distribution ones have one more operand, digit or person.
  virtual Example make(Random& random, bool out_of_distribution) const = 0;
  /// A solution in a style; wrong where the noise says so. Language: the example's, or `reasoning_language`
  /// ("en", "zh", "mixed") where a corpus wants another.
  virtual Solution solve(const Example& example, Style style, const Noise& noise, const std::string& reasoning_language,
                         Random& random) const = 0;
  /// Short problems (one step) that teach the facts; the corpus mixes them in. Default: make().
  virtual Example make_drill(Random& random) const;
};

/// @throws ConfigError for an unknown name, with "did you mean"
std::unique_ptr<Task> make_task(const std::string& name, const TaskOptions& options);
/// Names of all generators: last_digit_sum plain_sum running_sum sort_digits countdown linear_equation
/// knights_and_knaves multiple_choice stack_program python_program.
std::vector<std::string> task_names();
/// What a generator asks, and what terms and operands are to it, in one line. @throws ConfigError as make_task
std::string task_summary(const std::string& name);

/// True if a prompt belongs to the held-out split: hash of its text modulo 8 is 0. Disjoint from training by
/// construction.
bool is_held_out(const std::string& prompt);

/// `count` distinct examples of a split, the same for the same seed, whatever the count of another split.
/// @throws ConfigError if the generator has fewer distinct problems than `count`
std::vector<Example> generate_examples(const Task& task, Split split, int64_t count, uint64_t seed);

}  // namespace aha::data
