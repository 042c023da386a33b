// Prompts of `stack_program` read back: what they ask is what their tests say.
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "aha/data/task.h"

namespace aha::data::stack_program_test {
namespace {

constexpr Noise kNoNoise{.direct = 0, .worked = 0, .checked = 0, .recheck = 0};

std::vector<Example> all_splits() {
  std::vector<Example> examples;
  for (const Split split : {Split::kTrain, Split::kHeldOut, Split::kOutOfDistribution}) {
    for (Example& example : generate_examples(*make_task("stack_program", {}), split, 200, 6)) {
      examples.push_back(std::move(example));
    }
  }
  return examples;
}

// The value of "A+B*2", taken from the left.
int64_t value_of(const std::string& formula, int64_t a, int64_t b) {
  const auto operand = [&](char text) { return text == 'A' ? a : text == 'B' ? b : int64_t(text - '0'); };
  int64_t total = operand(formula.at(0));
  for (size_t i = 1; i < formula.size(); i += 2) {
    const int64_t x = operand(formula.at(i + 1));
    if (formula[i] == '+') total += x;
    if (formula[i] == '-') total -= x;
    if (formula[i] == '*') total *= x;
    if (formula[i] == '^') total = std::max(total, x);
    if (formula[i] == '_') total = std::min(total, x);
  }
  return total;
}

TEST(StackProgramTask, TestsAreWhatThePromptAsks) {
  for (const Example& example : all_splits()) {
    ASSERT_TRUE(example.prompt.starts_with("stack ")) << example.prompt;
    const auto inputs = example.columns["inputs"].get<std::vector<std::vector<int64_t>>>();
    const auto outputs = example.columns["outputs"].get<std::vector<int64_t>>();
    ASSERT_EQ(inputs.size(), 12u);
    ASSERT_EQ(outputs.size(), 12u);
    std::set<std::vector<int64_t>> different(inputs.begin(), inputs.end());
    EXPECT_EQ(different.size(), 12u);
    EXPECT_GE(std::set<int64_t>(outputs.begin(), outputs.end()).size(), 5u) << example.prompt;
    const std::string formula = example.prompt.substr(example.prompt.find(": ") + 2);
    std::string shown = "stack";
    for (size_t i = 0; i < inputs.size(); ++i) {
      EXPECT_EQ(outputs[i], value_of(formula, inputs[i].at(0), inputs[i].at(1))) << example.prompt;
      EXPECT_LE(std::abs(outputs[i]), 999);
      if (i < 4) {
        shown += " " + std::to_string(inputs[i][0]) + std::to_string(inputs[i][1]) + ">" + std::to_string(outputs[i]);
      }
    }
    EXPECT_EQ(example.prompt, shown + ": " + formula);
    EXPECT_EQ(example.answer.size(), 1 + 2 * size_t(example.difficulty));
  }
}

// Were a formula's tests drawn anew, the same formula could be asked in training and held out.
TEST(StackProgramTask, AFormulaHasOnePrompt) {
  std::map<std::string, std::string> prompts;
  for (const Example& example : all_splits()) {
    EXPECT_EQ(prompts.emplace(example.answer, example.prompt).first->second, example.prompt);
  }
  EXPECT_EQ(prompts.size(), 600u);
}

TEST(StackProgramTask, WorkedByHand) {
  Example example;
  example.answer = "AB+2*";
  example.difficulty = 2;
  example.columns = {{"language", "en"}, {"inputs", {{1, 2}, {3, 4}}}, {"outputs", {6, 14}}};
  Random random(1, "test");
  const auto task = make_task("stack_program", {});
  EXPECT_EQ(task->solve(example, Style::kWorked, kNoNoise, "", random).reasoning, "push>A+B*2>AB+*2>AB+2* so AB+2*");
  EXPECT_EQ(task->solve(example, Style::kWorked, kNoNoise, "zh", random).reasoning, "压>A+B*2>AB+*2>AB+2* 得AB+2*");
  EXPECT_EQ(task->solve(example, Style::kChecked, kNoNoise, "", random).reasoning,
            "push>A+B*2>AB+*2>AB+2* check>A+B*2>AB+*2>AB+2* ok so AB+2*");
}

TEST(StackProgramTask, SaysTheSameInChinese) {
  TaskOptions chinese;
  chinese.languages = {"zh"};
  const auto there = generate_examples(*make_task("stack_program", chinese), Split::kOutOfDistribution, 100, 3);
  const auto here = generate_examples(*make_task("stack_program", {}), Split::kOutOfDistribution, 100, 3);
  for (size_t i = 0; i < here.size(); ++i) {
    EXPECT_EQ("stack" + there[i].prompt.substr(std::string("栈").size()), here[i].prompt);
    EXPECT_EQ(there[i].answer, here[i].answer);
  }
}

}  // namespace
}  // namespace aha::data::stack_program_test
