// Runs a program on the tests of a row, each in a fresh box, and compares outside of it.
#pragma once
#include <cstdint>
#include <optional>
#include <string>

#include "reward/code/code_tests.h"
#include "reward/code/program_runner.h"

namespace aha::reward {

struct CodeJudging {
  BoxLimits limits;  // of one test; output_bytes grows with what is expected
  bool partial_credit = false;
};

/// What was found. The verdict is that of the first test that failed: passed, wrong_answer, runtime_error,
/// compile_error, timeout, memory, output_limit or infra_error.
struct CodeVerdict {
  std::string verdict = "passed";
  int64_t num_passed = 0;
  std::optional<int64_t> failed_test = {};  // index of the first one
  double share = 0;                         // of the hidden tests that passed; of all, where none is hidden
  double seconds = 0;                       // in boxes, compiling included
  std::string reason = {};                  // the end of what the compiler or the program said, printable
};

/// Stops at the first test that fails, unless partial_credit: then after kMaxTimeouts tests that ran out of time, when
/// the rest count as failed, or at an infrastructure error, after which nothing can be said.
/// @throws MissingError where a compiler is missing
CodeVerdict judge_program(const ProgramRunner& runner, ProgramLanguage language, const std::string& source,
                          const CodeTests& tests, const CodeJudging& judging);
constexpr int64_t kMaxTimeouts = 3;

}  // namespace aha::reward
