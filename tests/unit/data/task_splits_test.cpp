// What every generator promises about its splits, columns and options.
#include <gtest/gtest.h>

#include <set>

#include "aha/core/error.h"
#include "aha/data/task.h"

namespace aha::data::task_splits_test {
namespace {

TaskOptions bilingual() {
  TaskOptions options;
  options.languages = {"en", "zh"};
  return options;
}

std::string complaint(const std::function<void()>& act) {
  try {
    act();
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "nothing was thrown";
}

class TaskSplitsTest : public testing::TestWithParam<std::string> {
 protected:
  std::unique_ptr<Task> task_ = make_task(GetParam(), bilingual());
};

TEST_P(TaskSplitsTest, AreDisjointAndDistinct) {
  std::set<std::string> seen;
  size_t total = 0;
  for (const Split split : {Split::kTrain, Split::kHeldOut, Split::kOutOfDistribution}) {
    for (const Example& example : generate_examples(*task_, split, 300, 5)) {
      seen.insert(example.prompt);
      ++total;
      if (split != Split::kOutOfDistribution) {
        EXPECT_EQ(is_held_out(example.prompt), split == Split::kHeldOut) << example.prompt;
      }
    }
  }
  EXPECT_EQ(seen.size(), total);
}

TEST_P(TaskSplitsTest, AreReproducibleAndDoNotDependOnTheCount) {
  const auto few = generate_examples(*task_, Split::kTrain, 20, 5);
  const auto many = generate_examples(*task_, Split::kTrain, 60, 5);
  const auto other = generate_examples(*task_, Split::kTrain, 20, 6);
  int differing = 0;
  for (size_t i = 0; i < few.size(); ++i) {
    EXPECT_EQ(few[i].columns, many[i].columns);
    differing += few[i].prompt != other[i].prompt;
  }
  EXPECT_GT(differing, 10);
}

TEST_P(TaskSplitsTest, CarryTheirColumns) {
  std::map<std::string, int> languages;
  const auto examples = generate_examples(*task_, Split::kTrain, 300, 5);
  int64_t hardest = 0;
  for (const Example& example : examples) {
    EXPECT_EQ(example.columns["prompt"], example.prompt);
    EXPECT_EQ(example.columns["answer"], example.answer);
    EXPECT_EQ(example.columns["task"], GetParam());
    EXPECT_EQ(example.columns["difficulty"], example.difficulty);
    EXPECT_EQ(example.task, GetParam());
    EXPECT_FALSE(example.answer.empty());
    hardest = std::max(hardest, example.difficulty);
    ++languages[example.columns["language"].get<std::string>()];
  }
  EXPECT_EQ(languages.size(), 2u);
  EXPECT_NEAR(languages["zh"], 150, 35);
  for (const Example& example : generate_examples(*task_, Split::kOutOfDistribution, 50, 5)) {
    EXPECT_EQ(example.difficulty, hardest + 1);
  }
}

bool is_ascii(const std::string& text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 128; });
}

bool has_english_word(const std::string& text) {
  for (size_t i = 0; i + 1 < text.size(); ++i) {
    if (std::islower(static_cast<unsigned char>(text[i])) && std::islower(static_cast<unsigned char>(text[i + 1]))) {
      return true;
    }
  }
  return false;
}

// The reasoning, without the answer at its end where that is Python, which is in no language.
std::string words_of(const Solution& solution) {
  if (solution.answer.find("```python") == std::string::npos) return solution.reasoning;
  return solution.reasoning.substr(0, solution.reasoning.size() - solution.answer.size());
}

TEST_P(TaskSplitsTest, ReasonInTheLanguageAskedFor) {
  const Noise noise;
  for (const Style style : {Style::kWorked, Style::kChecked}) {
    for (const Example& example : generate_examples(*task_, Split::kTrain, 100, 5)) {
      Random random(1, example.prompt);
      const std::string own = words_of(task_->solve(example, style, noise, "", random));
      const bool is_chinese = example.columns["language"] == "zh";
      EXPECT_EQ(is_ascii(own), !is_chinese) << own;
      EXPECT_EQ(has_english_word(own), !is_chinese) << own;
      EXPECT_EQ(is_ascii(example.prompt), !is_chinese) << example.prompt;
      EXPECT_EQ(has_english_word(example.prompt), !is_chinese) << example.prompt;
      const std::string mixed = words_of(task_->solve(example, style, noise, "mixed", random));
      EXPECT_FALSE(is_ascii(mixed)) << mixed;
      EXPECT_TRUE(has_english_word(mixed)) << mixed;
    }
  }
}

TEST_P(TaskSplitsTest, NoiseDecidesWhetherTheAnswerIsRight) {
  constexpr Noise kNone{.direct = 0, .worked = 0, .checked = 0, .recheck = 0};
  constexpr Noise kAll{.direct = 1, .worked = 1, .checked = 1, .recheck = 1};
  constexpr Noise kFirstPass{.direct = 0, .worked = 0, .checked = 1, .recheck = 0};
  for (const Example& example : generate_examples(*task_, Split::kTrain, 500, 8)) {
    Random random(2, example.prompt);
    for (const Style style : {Style::kDirect, Style::kWorked, Style::kChecked}) {
      const Solution right = task_->solve(example, style, kNone, "", random);
      EXPECT_EQ(right.answer, example.answer) << right.reasoning;
      EXPECT_TRUE(right.reasoning.ends_with(example.answer) || style == Style::kDirect) << right.reasoning;
      const Solution wrong = task_->solve(example, style, kAll, "", random);
      EXPECT_NE(wrong.answer, example.answer) << example.prompt << "\n" << wrong.reasoning;
    }
    EXPECT_EQ(task_->solve(example, Style::kChecked, kFirstPass, "", random).answer, example.answer);
  }
}

TEST_P(TaskSplitsTest, DrillsAreEasierOrOrdinary) {
  for (uint64_t i = 0; i < 200; ++i) {
    Random random(1, "drill", {i});
    const Example drill = task_->make_drill(random);
    const int64_t easiest = GetParam() == "knights_and_knaves" ? 3 : 2;
    EXPECT_LE(drill.difficulty, easiest);
    constexpr Noise kAll{.direct = 1, .worked = 1, .checked = 1, .recheck = 1};
    EXPECT_NE(task_->solve(drill, Style::kWorked, kAll, "", random).answer, drill.answer);
    EXPECT_EQ(drill.columns.contains("drill"), GetParam() != "knights_and_knaves");
  }
}

INSTANTIATE_TEST_SUITE_P(Tasks, TaskSplitsTest, testing::ValuesIn(task_names()),
                         [](const auto& info) { return info.param; });

TEST(TaskTable, HasEveryGenerator) {
  EXPECT_EQ(task_names(), (std::vector<std::string>{"last_digit_sum", "plain_sum", "running_sum", "sort_digits",
                                                    "countdown", "linear_equation", "knights_and_knaves",
                                                    "multiple_choice", "stack_program", "python_program"}));
  EXPECT_EQ(complaint([] { make_task("countdwn", {}); }),
            "generator: there is no generator `countdwn`; did you mean `countdown`?");
  for (const std::string& name : task_names()) {
    EXPECT_NE(task_summary(name).find("; terms: "), std::string::npos) << name;
  }
}

TEST(TaskOptions, OutsideTheLimitsAreRefused) {
  TaskOptions options;
  options.max_terms = 1;
  EXPECT_EQ(complaint([&] { make_task("last_digit_sum", options); }),
            "last_digit_sum: min_terms and max_terms are 1 and 1; they must lie in 2 to 32, the smaller first");
  options = {};
  options.min_operand = 5;
  options.max_operand = 4;
  EXPECT_EQ(complaint([&] { make_task("plain_sum", options); }),
            "plain_sum: min_operand and max_operand are 5 and 4; they must lie in 0 to 99, the smaller first");
  options = {};
  options.languages = {"en", "fr"};
  EXPECT_EQ(complaint([&] { make_task("countdown", options); }),
            "countdown: language `fr` is not known; languages are en and zh");
  options.languages = {};
  EXPECT_THROW(make_task("countdown", options), ConfigError);
}

TEST(TaskOptions, OneEndMovesTheOther) {
  TaskOptions options;
  options.max_terms = 3;
  Random random(1, "test");
  EXPECT_EQ(make_task("last_digit_sum", options)->make(random, false).difficulty, 3);
  options = {};
  options.min_terms = 9;
  EXPECT_EQ(make_task("last_digit_sum", options)->make(random, false).difficulty, 9);
  EXPECT_EQ(make_task("last_digit_sum", options)->make(random, true).difficulty, 10);
}

TEST(GenerateExamples, FailsWhereThereAreTooFew) {
  TaskOptions options;
  options.min_terms = options.max_terms = 2;
  const auto task = make_task("last_digit_sum", options);  // 16 problems in all
  const std::string text = complaint([&] { generate_examples(*task, Split::kTrain, 17, 1); });
  EXPECT_TRUE(text.starts_with("last_digit_sum: has only about 1")) << text;
  EXPECT_TRUE(
      text.ends_with("distinct train problems at these sizes, but 17 are asked for; widen the sizes or ask "
                     "for fewer"))
      << text;
  // The two splits together hold every problem.
  size_t total = 0;
  for (const Split split : {Split::kTrain, Split::kHeldOut}) {
    for (int64_t count = 0;; ++count) {
      if (complaint([&] { generate_examples(*task, split, count + 1, 1); }) != "nothing was thrown") {
        total += count;
        break;
      }
    }
  }
  EXPECT_EQ(total, 16u);
}

TEST(IsHeldOut, TakesAnEighthWhateverTheAnswer) {
  const auto task = make_task("last_digit_sum", {});
  std::map<std::string, std::array<int, 2>> counts;
  for (uint64_t i = 0; i < 40'000; ++i) {
    Random random(1, "hash", {i});
    const Example example = task->make(random, false);
    ++counts[example.answer][is_held_out(example.prompt)];
  }
  for (const auto& [answer, count] : counts) {
    EXPECT_NEAR(double(count[1]) / (count[0] + count[1]), 0.125, 0.04) << answer;
  }
}

}  // namespace
}  // namespace aha::data::task_splits_test
