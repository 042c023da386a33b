// Runs a program on the tests of a row: exit code 0 within all limits, then the right output, earns a test.
#include "reward/code/code_judge.h"

#include <algorithm>

#include "reward/code/checker.h"
#include "reward/code/json_match.h"
#include "reward/code/python_shim.h"
#include "reward/extract.h"

namespace aha::reward {
namespace {

constexpr size_t kShownReason = 400;  // bytes

// What a program wrote may hold anything; the end of it tells most.
std::string printable_end(std::string_view text) {
  text = trimmed(text);
  std::string shown(text.substr(text.size() - std::min(text.size(), kShownReason)));
  std::ranges::replace_if(
      shown, [](char c) { return c != '\n' && (c < ' ' || c > '~'); }, '?');
  return shown;
}

std::string reason_of(const BoxRun& run) {
  return printable_end(run.stderr_text.empty() || run.status == BoxStatus::kInfraError ? run.reason : run.stderr_text);
}

struct TestResult {
  std::string verdict;
  std::string reason = {};
};

// A function that returns nothing writes `null`; nothing at all means that it did not return.
TestResult judge_result(const std::string& output, const CodeTest& test, std::optional<double> tolerance) {
  if (trimmed(output).empty()) return {"runtime_error", "the program ended before the function returned"};
  const auto value = exact_json(output), expected = exact_json(test.expected);
  return {value && expected && same_json(*value, *expected, tolerance) ? "passed" : "wrong_answer"};
}

class TestRunner {
 public:
  TestRunner(const ProgramRunner& runner, const CodeTests& tests, const CodeJudging& judging)
      : runner_(runner), tests_(tests), judging_(judging) {}

  TestResult run(const Executable& executable, const CodeTest& test, double& seconds) const {
    const BoxRun run = runner_.run(executable, test.input, limits_for(test));
    seconds += run.seconds;
    if (run.status != BoxStatus::kOk) return {box_status_name(run.status), reason_of(run)};
    if (!tests_.checker.program.empty()) {
      return checked(run_checker(runner_, tests_.checker, {test.input, run.stdout_text, test.expected}));
    }
    if (!tests_.function.empty()) return judge_result(run.stdout_text, test, tests_.checker.match.tolerance);
    return {matches(run.stdout_text, test.expected, tests_.checker.match) ? "passed" : "wrong_answer"};
  }

 private:
  // An honest program may write more than is usual where more is expected.
  BoxLimits limits_for(const CodeTest& test) const {
    BoxLimits limits = judging_.limits;
    limits.output_bytes = std::max(limits.output_bytes, 2 * static_cast<int64_t>(test.expected.size()));
    return limits;
  }

  static TestResult checked(const CheckerAnswer& answer) {
    if (!answer.fault.empty()) return {"infra_error", answer.fault};
    return {answer.is_right ? "passed" : "wrong_answer"};
  }

  const ProgramRunner& runner_;
  const CodeTests& tests_;
  const CodeJudging& judging_;
};

void run_tests(const TestRunner& runner, const Executable& executable, const CodeTests& tests, bool partial_credit,
               CodeVerdict& found) {
  const auto num_hidden = std::ranges::count_if(tests.tests, &CodeTest::is_hidden);
  int64_t num_counted = 0, num_timeouts = 0;
  for (size_t i = 0; i < tests.tests.size(); ++i) {
    const CodeTest& test = tests.tests[i];
    const TestResult result = runner.run(executable, test, found.seconds);
    if (result.verdict == "passed") {
      ++found.num_passed;
      num_counted += num_hidden == 0 || test.is_hidden;
      continue;
    }
    if (!found.failed_test || result.verdict == "infra_error") {
      found.verdict = result.verdict;
      found.reason = result.reason;
      found.failed_test = static_cast<int64_t>(i);
    }
    num_timeouts += result.verdict == "timeout";
    if (!partial_credit || result.verdict == "infra_error" || num_timeouts == kMaxTimeouts) break;
  }
  found.share = static_cast<double>(num_counted) / static_cast<double>(num_hidden ? num_hidden : tests.tests.size());
}

}  // namespace

CodeVerdict judge_program(const ProgramRunner& runner, ProgramLanguage language, const std::string& source,
                          const CodeTests& tests, const CodeJudging& judging) {
  CodeVerdict found;
  BoxRun compiled;
  compiled.status = BoxStatus::kOk;
  const std::string program = tests.function.empty() ? source : call_program(source, tests.function);
  const Executable executable = runner.compile(language, program, compiled);
  found.seconds = compiled.seconds;
  if (executable.bytes.empty()) {
    found.verdict = compiled.status == BoxStatus::kInfraError ? "infra_error" : "compile_error";
    found.reason = reason_of(compiled);
    return found;
  }
  run_tests(TestRunner(runner, tests, judging), executable, tests, judging.partial_credit, found);
  return found;
}

}  // namespace aha::reward
