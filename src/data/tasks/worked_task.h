// What all generators share: sizes, languages, columns, and the three styles built from one pass over a problem.
#pragma once
#include <string>
#include <vector>

#include "aha/data/task.h"

namespace aha::data {

/// Says each word in the language of the reasoning; mixed reasoning takes turns, word by word.
class Wording {
 public:
  Wording(const std::string& language, Random& random);
  std::string operator()(const char* english, const char* chinese);

 private:
  bool is_chinese_, is_mixed_;
};

/// Sizes of problems, defaults and limits alike; all ends included.
struct Sizes {
  int64_t min_terms, max_terms, min_operand, max_operand;
};

/// One pass over a problem: its steps as text, and the answer they arrive at.
struct Pass {
  std::string text;
  std::string answer;
};

/// First and last word of a reasoning are said here; a generator makes problems and works through them.
class WorkedTask : public Task {
 public:
  std::string name() const final { return name_; }
  Solution solve(const Example& example, Style style, const Noise& noise, const std::string& reasoning_language,
                 Random& random) const final;

 protected:
  struct Opener {
    const char *english, *chinese;
  };
  /// @throws ConfigError if the options leave `limits`
  WorkedTask(std::string name, Opener opener, const TaskOptions& options, const Sizes& defaults, const Sizes& limits);

  /// Steps to an answer. With `is_wrong`, one of them is wrong, carried on, and so is the answer.
  virtual Pass work(const Example& example, bool is_wrong, Wording& wording, Random& random) const = 0;
  /// An answer near the right one.
  virtual std::string wrong_answer(const Example& example, Random& random) const = 0;

  const Sizes& sizes() const { return sizes_; }
  int64_t draw_terms(Random& random, bool out_of_distribution) const;
  int64_t draw_operand(Random& random) const { return random.between(sizes_.min_operand, sizes_.max_operand); }
  std::string draw_language(Random& random) const;

  /// An example with its columns; `own` are the generator's.
  Example make_example(std::string prompt, std::string answer, int64_t difficulty, const std::string& language,
                       nlohmann::json own) const;
  /// Marks a drill that is shorter than any problem of the splits: the corpus may show it whatever its hash.
  void mark_drill(Example& example) const;

 private:
  std::string name_;
  Opener opener_;
  Sizes sizes_;
  std::vector<std::string> languages_;
};

/// ±1 or ±2.
int64_t draw_slip(Random& random);

/// In its own language: `english` for en, `chinese` for zh.
std::string localised(const std::string& language, const char* english, const char* chinese);

/// "3+4+5" of 3, 4, 5 and "+".
std::string joined(const std::vector<int64_t>& numbers, const char* separator);

}  // namespace aha::data
