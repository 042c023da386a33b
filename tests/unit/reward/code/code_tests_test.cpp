// Rows of the data sets that code rewards read, and rows that they refuse.
#include "reward/code/code_tests.h"

#include <gtest/gtest.h>

#include "aha/data/jsonl.h"

namespace aha::reward::code_tests_test {
namespace {

data::Example row(const std::string& json) {
  data::Example example;
  example.columns = data::parse_json(json, "row");
  return example;
}

CodeTests read(const std::string& json) {
  std::string fault;
  const std::optional<CodeTests> tests = read_code_tests(row(json), fault);
  EXPECT_EQ(fault, "") << json;
  return tests.value_or(CodeTests());
}

std::string fault_of(const std::string& json) {
  std::string fault;
  EXPECT_FALSE(read_code_tests(row(json), fault)) << json;
  return fault;
}

// "input→expected", hidden ones in brackets.
std::string shown(const CodeTests& tests) {
  std::string text;
  for (const CodeTest& test : tests.tests) {
    const std::string pair = test.input + ">" + test.expected;
    text += (text.empty() ? "" : " ") + (test.is_hidden ? "(" + pair + ")" : pair);
  }
  return text;
}

TEST(CodeTests, StandInTheRow) {
  const CodeTests tests = read(R"({"inputs":["1","2"],"outputs":["3","4"]})");
  EXPECT_EQ(shown(tests), "1>3 2>4");
  EXPECT_EQ(tests.function, "");
  EXPECT_EQ(tests.language, std::nullopt);
  EXPECT_EQ(tests.checker.match.rule, OutputRule::kLines);
}

TEST(CodeTests, StandInOneColumnAsValueOrText) {
  for (const char* json :
       {R"({"tests":{"inputs":["1","2"],"outputs":["3","4"]}})",
        R"({"tests":[{"input":"1","output":"3"},{"input":"2","output":"4"}]})",
        R"({"tests":"[{\"input\":\"1\",\"output\":\"3\"},{\"input\":\"2\",\"output\":\"4\"}]"})",
        R"({"answer":"{\"inputs\":[\"1\",\"2\"],\"outputs\":[\"3\",\"4\"]}"})",
        R"({"ground_truth":"{\"inputs\":[\"1\",\"2\"],\"outputs\":[\"3\",\"4\"]}"})",
        R"({"solution":"def f(): …","ground_truth":{"inputs":["1","2"],"outputs":["3","4"]}})",
        R"({"input_output":"{\"inputs\":[\"1\",\"2\"],\"outputs\":[\"3\",\"4\"]}","tests":null})",
        R"({"reward_model":{"style":"rule","ground_truth":{"inputs":["1","2"],"outputs":["3","4"]}}})"}) {
    EXPECT_EQ(shown(read(json)), "1>3 2>4") << json;
  }
  data::Example made;
  made.answer = R"({"inputs":["1"],"outputs":["3"]})";
  std::string fault;
  EXPECT_EQ(shown(read_code_tests(made, fault).value()), "1>3");
}

TEST(CodeTests, HiddenOnesComeLast) {
  EXPECT_EQ(
      shown(read(R"({"private_tests":[{"input":"9","output":"8"}],"public_tests":[{"input":"1","output":"2"}]})")),
      "1>2 (9>8)");
  EXPECT_EQ(
      shown(read(R"({"public_tests":{"input":["1"],"output":["2"]},"private_tests":{"input":["9"],"output":["8"]}})")),
      "1>2 (9>8)");
}

TEST(CodeTests, LiveCodeBenchCallsFunctionsWithOneArgumentALine) {
  const CodeTests tests = read(
      R"({"public_test_cases":"[{\"input\":\"[1,2]\\n3\",\"output\":\"[4]\",\"testtype\":\"functional\"}]",)"
      R"("private_test_cases":[{"input":"[]\n0","output":"[]","testtype":"functional"}],"metadata":"{\"func_name\":\"add\"}"})");
  EXPECT_EQ(tests.function, "add");
  EXPECT_EQ(shown(tests), "[[1,2],3]>[4] ([[],0]>[])");
}

TEST(CodeTests, FunctionsTakeListsOfArguments) {
  const CodeTests tests =
      read(R"({"fn_name":"Solution().add","inputs":[[1,"a"],[[2],null]],"outputs":["x",[2,true]]})");
  EXPECT_EQ(tests.function, "add");
  EXPECT_EQ(shown(tests), R"([1,"a"]>"x" [[2],null]>[2,true])");
  // APPS and PRIME wrap results; only a row that says so is unwrapped.
  EXPECT_EQ(shown(read(R"({"fn_name":"f","inputs":[[1]],"outputs":[[5]]})")), "[1]>[5]");
  EXPECT_EQ(shown(read(R"({"fn_name":"f","inputs":[[1]],"outputs":[[5]],"wrapped_outputs":true})")), "[1]>5");
  EXPECT_EQ(shown(read(R"({"fn_name":"f","inputs":["123456789012345678901234567890"],"outputs":["1"]})")),
            "[123456789012345678901234567890]>1");
}

TEST(CodeTests, TextsMayBeListsOfLines) {
  EXPECT_EQ(shown(read(R"({"inputs":[["1","2"]],"outputs":[["3","4"]]})")), "1\n2\n>3\n4\n");
}

TEST(CodeTests, CheckersAndLanguages) {
  EXPECT_EQ(read(R"({"inputs":["1"],"outputs":["3"],"programming_language":"C++"})").language, ProgramLanguage::kCpp);
  EXPECT_EQ(read(R"({"inputs":["1"],"outputs":["3"],"tolerance":0.01})").checker.match.tolerance, 0.01);
  const OutputMatch floats =
      read(R"({"inputs":["1"],"outputs":["3"],"checker":{"kind":"floats","tolerance":1e-3}})").checker.match;
  EXPECT_EQ(floats.rule, OutputRule::kFloats);
  EXPECT_EQ(floats.tolerance, 1e-3);
  const CodeChecker own = read(R"({"inputs":["1"],"outputs":[""],"checker":{"program":"exit","language":"python"
}
})")
                              .checker;
  EXPECT_EQ(own.program, "exit");
  EXPECT_EQ(own.language, ProgramLanguage::kPython);
}

TEST(CodeTests, ARowThatCannotBeJudgedIsRefused) {
  for (const auto& [json, sentence] : {
           std::pair{R"({"prompt":"x"})", "the row: has no tests; give it `inputs` and `outputs`, or `tests`"},
           {R"({"answer":"42"})", "the row: has no tests"},
           {R"({"inputs":[],"outputs":[]})", "the row: has an empty list of tests"},
           {R"({"tests":[]})", "the row: has an empty list of tests"},
           {R"({"inputs":["1","2"],"outputs":["3"]})", "`inputs`: has 2 inputs for 1 outputs"},
           {R"({"inputs":["1"]})", "`inputs`: needs the lists `inputs` and `outputs`"},
           {R"({"inputs":["1"],"outputs":[3]})", "test 1: `output`: must be a string"},
           {R"({"inputs":["1",5],"outputs":["3","4"]})", "test 2: `input`: must be a string"},
           {R"({"inputs":["1"],"outputs":[["3",4]]})", "test 1: `output`: must be a string"},
           {R"({"tests":"[1"})", "`tests`: broken JSON"},
           {R"({"tests":[{"input":"1"}]})", "`tests`: must hold objects with `input` and `output`"},
           {R"({"tests":7})", "`tests`: must be a list of tests"},
           {R"({"inputs":["1","2"],"outputs":["","\n"]})", "the row: expects nothing in any test"},
           {R"({"fn_name":"f","inputs":[[]],"outputs":[null]})", "the row: expects nothing in any test"},
           {R"({"fn_name":"f","inputs":[1],"outputs":[1]})", "test 1: `input`: must be a list of arguments"},
           {R"({"fn_name":"f","inputs":["x"],"outputs":["1"]})", "test 1: `input`: must hold one argument a line"},
           {R"({"fn_name":"f","inputs":["1"],"outputs":["x"]})", "test 1: `output`: is not JSON"},
           {R"({"fn_name":"f","inputs":["1"],"outputs":[1]})", "test 1: `output`: must be a JSON text"},
           {R"({"fn_name":"f","inputs":[[1e30]],"outputs":[1]})", "test 1: `input`: holds a number beyond 64 bits"},
           {R"({"fn_name":"f","inputs":[[1]],"outputs":[[5,6]],"wrapped_outputs":true})", "`wrapped_outputs` is true"},
           {R"({"fn_name":"f\");import os","inputs":[[1]],"outputs":[1]})", "`fn_name`: must be the name"},
           {R"({"fn_name":7,"inputs":[[1]],"outputs":[1]})", "`fn_name`: must name the function"},
           {R"({"tests":[{"input":"1","output":"2","testtype":"functional"}]})", "no `fn_name`"},
           {R"({"tests":[{"input":"1","output":"2","testtype":"x"}]})", "`testtype` but stdin and functional"},
           {R"({"inputs":["1"],"outputs":["3"],"programming_language":"java"})", "must be python, c or cpp"},
           {R"({"inputs":["1"],"outputs":["3"],"tolerance":-1})", "`tolerance`: must be a number from 0"},
           {R"({"inputs":["1"],"outputs":["3"],"checker":"print 1"})", "`checker`: must be an object"},
           {R"({"inputs":["1"],"outputs":["3"],"checker":{"kind":"fuzzy"}})", "`checker`: `kind`: must be exact"},
           {R"({"inputs":["1"],"outputs":["3"],"checker":{"kind":"lines","eps":1}})", "`checker`: knows no `eps`"},
           {R"({"inputs":["1"],"outputs":["3"],"checker":{"program":"x"}})", "`checker`: needs the `language`"},
           {R"({"inputs":["1"],"outputs":["3"],"checker":{"kind":"tokens","tolerance":0.1}})", "means nothing"},
       }) {
    const std::string fault = fault_of(json);
    EXPECT_NE(fault.find(sentence), std::string::npos) << json << "\n" << fault;
  }
}

}  // namespace
}  // namespace aha::reward::code_tests_test
