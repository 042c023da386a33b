// Prompts of `python_program` read back: what they ask is what their tests say, and what the program computes.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <numeric>
#include <set>
#include <sstream>

#include "aha/data/task.h"

namespace aha::data::python_program_test {
namespace {

constexpr Noise kNoNoise{.direct = 0, .worked = 0, .checked = 0, .recheck = 0};

std::vector<Example> all_splits() {
  std::vector<Example> examples;
  for (const Split split : {Split::kTrain, Split::kHeldOut, Split::kOutOfDistribution}) {
    for (Example& example : generate_examples(*make_task("python_program", {}), split, 200, 6)) {
      examples.push_back(std::move(example));
    }
  }
  return examples;
}

std::vector<int64_t> numbers_of(const std::string& line) {
  std::istringstream stream(line);
  std::vector<int64_t> numbers;
  for (int64_t number = 0; stream >> number;) numbers.push_back(number);
  return numbers;
}

// A word of a request, or a piece of a program.
int64_t value_of(const std::string& word, const std::vector<int64_t>& a) {
  const int64_t sum = std::accumulate(a.begin(), a.end(), int64_t{0}), size = int64_t(a.size());
  const int64_t largest = *std::max_element(a.begin(), a.end()), smallest = *std::min_element(a.begin(), a.end());
  const std::map<std::string, int64_t> values = {
      {"sum", sum},       {"max", largest},    {"min", smallest},   {"count", size},      {"first", a[0]},
      {"last", a.back()}, {"parity", sum % 2}, {"sum(a)", sum},     {"max(a)", largest},  {"min(a)", smallest},
      {"len(a)", size},   {"a[0]", a[0]},      {"a[-1]", a.back()}, {"sum(a)%2", sum % 2}};
  const auto found = values.find(word);
  return found == values.end() ? std::stoll(word) : found->second;
}

// Of "max-min+3" and of "max(a)-min(a)+3"; the minus of "a[-1]" is no operation.
int64_t value_of_all(const std::string& text, const std::vector<int64_t>& numbers) {
  int64_t total = 0, sign = 1;
  std::string piece;
  for (size_t i = 0; i <= text.size(); ++i) {
    const bool ends = i == text.size() || ((text[i] == '+' || text[i] == '-') && !piece.ends_with('['));
    if (!ends) {
      piece.push_back(text[i]);
      continue;
    }
    total += sign * value_of(piece, numbers);
    piece.clear();
    if (i < text.size()) sign = text[i] == '+' ? 1 : -1;
  }
  return total;
}

std::string between(const std::string& text, const std::string& left, const std::string& right) {
  const size_t begin = text.find(left) + left.size();
  return text.substr(begin, text.find(right, begin) - begin);
}

TEST(PythonProgramTask, TestsAreWhatThePromptAsksAndTheProgramComputes) {
  std::set<size_t> lengths;
  for (const Example& example : all_splits()) {
    const auto inputs = example.columns["inputs"].get<std::vector<std::string>>();
    const auto outputs = example.columns["outputs"].get<std::vector<std::string>>();
    ASSERT_EQ(inputs.size(), 6u);
    ASSERT_EQ(outputs.size(), 6u);
    EXPECT_GE(std::set<std::string>(outputs.begin(), outputs.end()).size(), 3u) << example.prompt;
    ASSERT_TRUE(example.answer.starts_with("\n```python\na=list(map(int,input().split()))\nprint("));
    ASSERT_TRUE(example.answer.ends_with(")\n```\n")) << example.answer;
    const std::string code = between(example.answer, "print(", ")\n```");
    const std::string request = example.prompt.substr(example.prompt.find(": ") + 2);
    for (size_t i = 0; i < inputs.size(); ++i) {
      const std::vector<int64_t> numbers = numbers_of(inputs[i]);
      lengths.insert(numbers.size());
      EXPECT_EQ(outputs[i], std::to_string(value_of_all(request, numbers)) + "\n") << example.prompt;
      EXPECT_EQ(outputs[i], std::to_string(value_of_all(code, numbers)) + "\n") << example.answer;
    }
    const auto line = [](const std::string& text) { return text.substr(0, text.size() - 1); };
    EXPECT_EQ(example.prompt, "python " + line(inputs[0]) + ">" + line(outputs[0]) + "; " + line(inputs[1]) + ">" +
                                  line(outputs[1]) + ": " + request);
  }
  EXPECT_EQ(lengths, (std::set<size_t>{2, 3, 4}));  // so that what is shown cannot be the whole of it
}

TEST(PythonProgramTask, ARequestHasOnePrompt) {
  std::map<std::string, std::string> prompts;
  for (const Example& example : all_splits()) {
    EXPECT_EQ(prompts.emplace(example.answer, example.prompt).first->second, example.prompt);
  }
  EXPECT_EQ(prompts.size(), 600u);
}

TEST(PythonProgramTask, WorkedOnTheFirstExampleShown) {
  for (const Example& example : all_splits()) {
    Random random(1, example.prompt);
    const Solution worked = make_task("python_program", {})->solve(example, Style::kWorked, kNoNoise, "", random);
    const auto input = example.columns["inputs"][0].get<std::string>();
    const auto output = example.columns["outputs"][0].get<std::string>();
    EXPECT_TRUE(worked.reasoning.starts_with("try>" + input.substr(0, input.size() - 1) + ">")) << worked.reasoning;
    EXPECT_EQ(between(worked.reasoning, "=", " so \n"), output.substr(0, output.size() - 1)) << worked.reasoning;
  }
}

}  // namespace
}  // namespace aha::data::python_program_test
