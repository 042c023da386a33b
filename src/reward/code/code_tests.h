// The tests of a row: what a program is given, and what it must answer.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "aha/data/example.h"
#include "aha/reward/sandbox.h"
#include "reward/code/output_match.h"

namespace aha::reward {

struct CodeTest {
  std::string input;       // of stdin; of a function its arguments, a JSON array
  std::string expected;    // on stdout; of a function its result as JSON
  bool is_hidden = false;  // not in the prompt
};

/// How an output is judged: by a built-in rule, or by a program of the data set.
struct CodeChecker {
  OutputMatch match;
  std::string program = {};  // source; empty: the rule decides
  ProgramLanguage language = ProgramLanguage::kPython;
};

struct CodeTests {
  std::string function = {};                     // that is called; empty: the program reads stdin
  std::optional<ProgramLanguage> language = {};  // column `programming_language`
  CodeChecker checker = {};
  std::vector<CodeTest> tests = {};  // the visible ones first; never empty
};

/// Reads them from the columns in any of the shapes of docs/rewards.md.
/// @param fault what is wrong with the row, where the result is null: the end of a sentence
std::optional<CodeTests> read_code_tests(const data::Example& example, std::string& fault);

}  // namespace aha::reward
