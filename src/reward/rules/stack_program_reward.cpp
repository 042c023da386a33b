// The program runs in this process: its language can do nothing but reckon with a few integers.
#include "reward/rules/stack_program_reward.h"

#include <limits>

#include "reward/extract.h"
#include "reward/rules/stack_machine.h"

namespace aha::reward {
namespace {

constexpr size_t kMaxStackInputs = 8;
constexpr size_t kShownProgramBytes = 2048;

struct StackTest {
  std::vector<int64_t> inputs;
  int64_t output;
};

std::optional<int64_t> stack_integer(const nlohmann::json& value) {
  if (!value.is_number_integer()) return std::nullopt;
  constexpr uint64_t kLargest = std::numeric_limits<int64_t>::max();
  if (value.is_number_unsigned() && value.get<uint64_t>() > kLargest) return std::nullopt;
  return value.get<int64_t>();
}

std::optional<StackTest> stack_test(const nlohmann::json& inputs, const nlohmann::json& output) {
  const auto expected = stack_integer(output);
  if (!expected || !inputs.is_array() || inputs.size() > kMaxStackInputs) return std::nullopt;
  StackTest test{.inputs = {}, .output = *expected};
  for (const nlohmann::json& input : inputs) {
    const auto number = stack_integer(input);
    if (!number) return std::nullopt;
    test.inputs.push_back(*number);
  }
  return test;
}

// Empty if the columns are no tests.
std::vector<StackTest> stack_tests(const data::Example& example) {
  const auto inputs = example.columns.find("inputs"), outputs = example.columns.find("outputs");
  if (inputs == example.columns.end() || outputs == example.columns.end()) return {};
  if (!inputs->is_array() || !outputs->is_array() || inputs->size() != outputs->size()) return {};
  std::vector<StackTest> tests;
  for (size_t i = 0; i < inputs->size(); ++i) {
    auto test = stack_test((*inputs)[i], (*outputs)[i]);
    if (!test) return {};
    tests.push_back(std::move(*test));
  }
  return tests;
}

Score stack_verdict(const char* verdict, size_t num_passed, size_t num_tests, std::string_view program) {
  Score score;
  score.value = num_passed == num_tests ? 1.0 : 0.0;
  score.detail["verdict"] = verdict;
  score.detail["extracted"] = program.substr(0, kShownProgramBytes);
  score.detail["passed"] = num_passed;
  score.detail["tests"] = num_tests;
  return score;
}

Score judge_stack_program(const std::string& program, const std::vector<StackTest>& tests) {
  size_t num_passed = 0;
  StackFault first_fault = StackFault::kNone;
  for (const StackTest& test : tests) {
    const StackRun run = run_stack_program(program, test.inputs);
    if (run.fault == StackFault::kNone) num_passed += run.value == test.output;
    if (first_fault == StackFault::kNone) first_fault = run.fault;
  }
  const char* verdict = num_passed == tests.size() ? "passed" : "failed";
  Score score = stack_verdict(verdict, num_passed, tests.size(), program);
  if (first_fault != StackFault::kNone) score.detail["reason"] = stack_fault_name(first_fault);
  return score;
}

}  // namespace

Score StackProgramReward::score(const Submission& submission) const {
  const std::vector<StackTest> tests = stack_tests(submission.example);
  if (tests.empty()) {
    Score score;
    score.detail["verdict"] = "unparsable_gold";
    return score;
  }
  const Extraction extraction = extract_answer(submission.completion);
  if (extraction.answer) return judge_stack_program(*extraction.answer, tests);
  Score score = stack_verdict("unparsable", 0, tests.size(), "");
  score.detail["reason"] = extraction.reason;
  return score;
}

void StackProgramReward::check_example(const data::Example& example, const std::string& place) const {
  if (!stack_tests(example).empty()) return;
  throw InputError(place,
                   "needs columns `inputs`, lists of up to eight integers, and `outputs`, as many integers; a "
                   "program is judged by them");
}

}  // namespace aha::reward
