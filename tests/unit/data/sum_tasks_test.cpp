// Sums: documents worked by hand, exact answers, and the shares of noise.
#include <gtest/gtest.h>

#include <set>

#include "aha/core/error.h"
#include "aha/data/task.h"

namespace aha::data::sum_tasks_test {
namespace {

constexpr Noise kNoNoise{.direct = 0, .worked = 0, .checked = 0, .recheck = 0};

TaskOptions options_of(std::vector<std::string> languages) {
  TaskOptions options;
  options.languages = std::move(languages);
  return options;
}

Example sum_of(const Task& task, std::vector<int64_t> operands, std::string answer, std::string language) {
  Example example;
  example.answer = std::move(answer);
  example.columns = {{"operands", operands}, {"language", language}};
  return example;
}

TEST(ReductionSum, WorkedByHand) {
  const auto task = make_task("last_digit_sum", {});
  Random random(1, "test");
  const Example example = sum_of(*task, {3, 3, 2, 4, 1, 4}, "7", "en");
  const auto solve = [&](Style style, const char* language) {
    return task->solve(example, style, kNoNoise, language, random).reasoning;
  };
  EXPECT_EQ(solve(Style::kDirect, ""), "");
  EXPECT_EQ(solve(Style::kWorked, ""), "add>6+2+4+1+4>8+4+1+4>2+1+4>3+4>7 so 7");
  EXPECT_EQ(solve(Style::kWorked, "zh"), "加>6+2+4+1+4>8+4+1+4>2+1+4>3+4>7 得7");
  EXPECT_EQ(solve(Style::kChecked, "en"),
            "add>6+2+4+1+4>8+4+1+4>2+1+4>3+4>7 check>6+2+4+1+4>8+4+1+4>2+1+4>3+4>7 ok so 7");
  EXPECT_EQ(solve(Style::kChecked, "zh"), "加>6+2+4+1+4>8+4+1+4>2+1+4>3+4>7 验>6+2+4+1+4>8+4+1+4>2+1+4>3+4>7 对 得7");
}

TEST(ReductionSum, MixedReasoningHasOneWordOfEachLanguage) {
  const auto task = make_task("plain_sum", {});
  const Example example = sum_of(*task, {4, 4, 4}, "12", "zh");
  std::set<std::string> seen;
  for (uint64_t i = 0; i < 20; ++i) {
    Random random(1, "test", {i});
    seen.insert(task->solve(example, Style::kWorked, kNoNoise, "mixed", random).reasoning);
  }
  EXPECT_EQ(seen, (std::set<std::string>{"add>8+4>12 得12", "加>8+4>12 so 12"}));
}

TEST(ReductionSum, AWrongFirstPassIsRedone) {
  const auto task = make_task("plain_sum", {});
  const Example example = sum_of(*task, {1, 2}, "3", "en");
  Random random(1, "test");
  const Noise noise{.direct = 0, .worked = 0, .checked = 1, .recheck = 0};
  const Solution solution = task->solve(example, Style::kChecked, noise, "", random);
  EXPECT_EQ(solution.answer, "3");
  const std::set<std::string> possible = {"add>1 check>3 wait>3 so 3", "add>2 check>3 wait>3 so 3",
                                          "add>4 check>3 wait>3 so 3", "add>5 check>3 wait>3 so 3"};
  EXPECT_TRUE(possible.contains(solution.reasoning)) << solution.reasoning;
}

// The answer of a prompt, recomputed from its text alone.
int64_t sum_of_prompt(const std::string& prompt) {
  int64_t total = 0, number = 0;
  for (const char c : prompt.substr(prompt.find(' ') + 1)) {
    if (c == '+') {
      total += number;
      number = 0;
    } else {
      number = number * 10 + (c - '0');
    }
  }
  return total + number;
}

TEST(ReductionSum, AnswersAreExact) {
  for (const std::string name : {"last_digit_sum", "plain_sum"}) {
    const auto task = make_task(name, options_of({"en", "zh"}));
    for (const Example& example : generate_examples(*task, Split::kTrain, 600, 3)) {
      const int64_t total = sum_of_prompt(example.prompt);
      EXPECT_EQ(example.answer, std::to_string(name == "plain_sum" ? total : total % 10)) << example.prompt;
      const bool is_chinese = example.columns["language"] == "zh";
      const std::string word = name == "plain_sum" ? (is_chinese ? "和" : "sum") : (is_chinese ? "余" : "mod");
      EXPECT_TRUE(example.prompt.starts_with(word + " ")) << example.prompt;
      Random random(1, "test");
      EXPECT_EQ(task->solve(example, Style::kChecked, kNoNoise, "", random).answer, example.answer);
    }
  }
}

TEST(ReductionSum, DrillsCoverEveryStepOfALongerSum) {
  const auto task = make_task("last_digit_sum", {});
  std::set<std::string> prompts;
  for (uint64_t i = 0; i < 2000; ++i) {
    Random random(5, "drill", {i});
    const Example drill = task->make_drill(random);
    EXPECT_EQ(drill.answer, std::to_string(sum_of_prompt(drill.prompt) % 10));
    EXPECT_EQ(drill.columns["drill"], true);
    prompts.insert(drill.prompt);
  }
  EXPECT_EQ(prompts.size(), 40u);  // ten running totals times four operands
}

TEST(ReductionSum, NoiseHasItsShare) {
  const auto task = make_task("last_digit_sum", {});
  const Noise noise{.direct = 0.10, .worked = 0.25, .checked = 0.25, .recheck = 0.10};
  constexpr int kCount = 4000;
  std::map<Style, int> wrong, redone;
  for (const Style style : {Style::kDirect, Style::kWorked, Style::kChecked}) {
    for (uint64_t i = 0; i < kCount; ++i) {
      Random random(7, "noise", {i});
      const Example example = task->make(random, false);
      const Solution solution = task->solve(example, style, noise, "", random);
      wrong[style] += solution.answer != example.answer;
      redone[style] += solution.reasoning.find(" wait") != std::string::npos;
    }
  }
  // Four standard deviations around the expected counts.
  EXPECT_NEAR(wrong[Style::kDirect], 400, 76);
  EXPECT_NEAR(wrong[Style::kWorked], 1000, 110);
  // A redo follows unless both passes are right, or both wrong alike (which is rare): 1 - 0.75 * 0.9 = 0.325, less
  // that.
  EXPECT_GT(redone[Style::kChecked], 1300 - 119 - 100);
  EXPECT_LT(redone[Style::kChecked], 1300 + 119);
}

TEST(ReductionSum, AWrongStepIsCarriedOn) {
  const auto task = make_task("last_digit_sum", {});
  const Example example = sum_of(*task, {1, 1, 1}, "3", "en");
  const Noise noise{.direct = 1, .worked = 1, .checked = 1, .recheck = 1};
  std::set<std::string> worked, direct;
  for (uint64_t i = 0; i < 200; ++i) {
    Random random(1, "test", {i});
    worked.insert(task->solve(example, Style::kWorked, noise, "", random).reasoning);
    direct.insert(task->solve(example, Style::kDirect, noise, "", random).answer);
  }
  EXPECT_EQ(worked, (std::set<std::string>{"add>0+1>1 so 1", "add>1+1>2 so 2", "add>3+1>4 so 4", "add>4+1>5 so 5",
                                           "add>2+1>1 so 1", "add>2+1>2 so 2", "add>2+1>4 so 4", "add>2+1>5 so 5"}));
  EXPECT_EQ(direct, (std::set<std::string>{"1", "2", "4", "5"}));
}

}  // namespace
}  // namespace aha::data::sum_tasks_test
