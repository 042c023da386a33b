// Functions and checkers as they really run: in the sandbox, where this machine isolates.
#include "reward/code/python_shim.h"

#include <gtest/gtest.h>

#include "aha/core/error.h"
#include "reward/code/checker.h"
#include "reward/code/program_runner.h"

namespace aha::reward::python_shim_test {
namespace {

class PythonShimTest : public testing::Test {
 protected:
  void SetUp() override {
    try {
      runner_ = shared_sandbox(/*allow_landlock=*/true);
    } catch (const MissingError& error) {
      GTEST_SKIP() << error.what();
    }
  }

  BoxRun call(const std::string& source, const std::string& arguments, const std::string& function = "f") const {
    BoxRun compiled;
    const Executable executable = runner_->compile(ProgramLanguage::kPython, call_program(source, function), compiled);
    return runner_->run(executable, arguments, {.timeout_seconds = 20});
  }
  // What leaves the box; the status where it is not kOk.
  std::string result(const std::string& source, const std::string& arguments) const {
    const BoxRun run = call(source, arguments);
    return run.status == BoxStatus::kOk ? run.stdout_text : box_status_name(run.status);
  }

  std::shared_ptr<const ProgramRunner> runner_;
};

TEST_F(PythonShimTest, TheResultIsOneLineOfJson) {
  EXPECT_EQ(result("def f(a, b): return a + b", "[1, 2]"), "3\n");
  EXPECT_EQ(result("def f(*a): return (len(a), None, True, 1.5)", "[]"), "[0, null, true, 1.5]\n");
  EXPECT_EQ(result("def f(s): return {1: s + chr(233)}", R"(["\u00e9\"\\"])"), "{\"1\": \"\\u00e9\\\"\\\\\\u00e9\"}\n");
  EXPECT_EQ(result("def f(n): return n * 10", "[123456789012345678901234567890]"), "1234567890123456789012345678900\n");
  EXPECT_EQ(result("f = lambda: 'say \"no\"\\n\\x00'", "[]"), "\"say \\\"no\\\"\\n\\u0000\"\n");
}

TEST_F(PythonShimTest, AMethodOfSolutionIsCalledAndUsualNamesNeedNoImport) {
  const std::string source =
      "class Solution:\n"
      "    def f(self, xs: List[int]) -> Optional[int]:\n"
      "        seen = defaultdict(int)\n"
      "        for x in xs: seen[x] += 1\n"
      "        return heapq.nlargest(1, seen.values())[0] + math.gcd(4, 6)\n";
  EXPECT_EQ(result(source, "[[5, 5, 7]]"), "4\n");
  EXPECT_EQ(result("deque = 3\ndef f(): return deque", "[]"), "3\n");  // its own names come first
  EXPECT_EQ(result("def f(n): return 0 if n == 0 else 1 + f(n - 1)", "[5000]"), "5000\n");
}

TEST_F(PythonShimTest, WhatTheProgramPrintsIsNoResult) {
  EXPECT_EQ(result("print('[1]')\ndef f(): print('[2]'); return 3", "[]"), "3\n");
  EXPECT_EQ(result("import sys\ndef f(): sys.stdout.buffer.write(b'[1]'); sys.stdout.flush(); return 3", "[]"), "3\n");
  EXPECT_EQ(result("import os\ndef f(): os.write(1, b'[1]\\n'); return 3", "[]"), "3\n");
  EXPECT_EQ(result("import sys\ndef f(): sys.__stdout__.write('[1]'); sys.__stdout__.flush(); return 3", "[]"), "3\n");
  EXPECT_EQ(result("import atexit\natexit.register(print, '[1]')\ndef f(): return 3", "[]"), "3\n");
}

TEST_F(PythonShimTest, WhatDoesNotReturnHasNoResult) {
  EXPECT_EQ(result("import sys\nsys.exit(0)", "[]"), "");
  EXPECT_EQ(result("import os\ndef f(): os._exit(0)", "[]"), "");
  for (const char* source : {"def g(): return 1", "def f(): return {1, 2}", "def f(): return float('nan')", "def f(:",
                             "def f(): raise ValueError", "def f(a): return 1", "class A: pass\ndef f(): return A()"}) {
    EXPECT_EQ(result(source, "[]"), "runtime_error") << source;
  }
}

TEST_F(PythonShimTest, AMainPartDoesNotRun) {
  EXPECT_EQ(result("def f(): return 1\nif __name__ == '__main__':\n    f = None\n    input()", "[]"), "1\n");
}

TEST_F(PythonShimTest, ACheckerSaysRightWrongOrNothing) {
  const auto answer = [this](const std::string& program) {
    const CodeChecker checker{.match = {}, .program = program, .language = ProgramLanguage::kPython};
    return run_checker(*runner_, checker, {"in", "out\n", "wanted"});
  };
  const std::string read =
      "import sys\nsizes = map(int, sys.stdin.buffer.readline().split())\n"
      "texts = [sys.stdin.buffer.read(size) for size in sizes]\n";
  EXPECT_TRUE(answer(read + "sys.exit(0 if texts == [b'in', b'out\\n', b'wanted'] else 1)").is_right);
  const CheckerAnswer wrong = answer(read + "sys.exit(1)");
  EXPECT_FALSE(wrong.is_right);
  EXPECT_EQ(wrong.fault, "");
  for (const char* broken : {"raise ValueError", "def", "import sys; sys.exit(2)", "import os; os.abort()"}) {
    EXPECT_NE(answer(broken).fault, "") << broken;
  }
}

TEST(SharedSandbox, IsOneForEqualOptionsWhileItIsUsed) {
  try {
    const auto first = shared_sandbox(false), second = shared_sandbox(false);
    EXPECT_EQ(first, second);
  } catch (const MissingError& error) {
    GTEST_SKIP() << error.what();
  }
}

}  // namespace
}  // namespace aha::reward::python_shim_test
