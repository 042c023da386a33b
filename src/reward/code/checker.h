// A data set's own checker: a program that says whether an output answers an input.
#pragma once
#include <string>
#include <string_view>

#include "reward/code/code_tests.h"
#include "reward/code/program_runner.h"

namespace aha::reward {

struct CheckedTexts {
  std::string_view input, output, expected;
};

struct CheckerAnswer {
  bool is_right = false;
  std::string fault = {};  // why it says nothing: then nothing is known of the output
};

/// In a box of its own, which never holds the program that is judged. Its stdin: a line with the three sizes in bytes,
/// then input, output and expected output. Exit code 0 says right, 1 wrong, anything else is a fault. Programs are
/// compiled once per process. @throws MissingError where a compiler is missing
CheckerAnswer run_checker(const ProgramRunner& runner, const CodeChecker& checker, const CheckedTexts& texts);

}  // namespace aha::reward
