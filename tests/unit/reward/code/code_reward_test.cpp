// Verdicts of programs, with a stand-in for the sandbox that does what each test says.
#include "reward/code/code_reward.h"

#include <gtest/gtest.h>

#include <functional>
#include <mutex>

#include "aha/core/error.h"
#include "aha/data/jsonl.h"

namespace aha::reward::code_reward_test {
namespace {

BoxRun ended(BoxStatus status, const std::string& stdout_text = "", const std::string& stderr_text = "") {
  BoxRun run;
  run.status = status;
  run.exit_code = status == BoxStatus::kOk ? 0 : 1;
  run.stdout_text = stdout_text;
  run.stderr_text = stderr_text;
  run.seconds = 0.25;
  return run;
}
BoxRun prints(const std::string& text) { return ended(BoxStatus::kOk, text); }

// Programs are what `behave` makes of their stdin; what went into boxes is kept.
class StandIn final : public ProgramRunner {
 public:
  using Behaviour = std::function<BoxRun(const std::string& source, const std::string& stdin_bytes)>;
  explicit StandIn(Behaviour behave) : behave_(std::move(behave)) {}

  Executable compile(ProgramLanguage language, const std::string& source, BoxRun& run) const override {
    const std::lock_guard lock(mutex);
    compiled.push_back(source);
    if (source.find("no compiler") != std::string::npos) throw MissingError("gcc is missing");
    if (source.find("#error") != std::string::npos) {
      run = ended(BoxStatus::kCompileError, "", "main.c:1: \xe2\x80\x98 expected");
      return {};
    }
    if (source.find("no box") != std::string::npos) {
      run = ended(BoxStatus::kInfraError);
      run.reason = "no box could be made";
      return {};
    }
    return {language, source};
  }
  BoxRun run(const Executable& executable, std::string_view stdin_bytes, const BoxLimits& limits) const override {
    const std::lock_guard lock(mutex);
    languages.push_back(executable.language);
    inputs.emplace_back(stdin_bytes);
    last_limits = limits;
    return behave_(executable.bytes, std::string(stdin_bytes));
  }

  mutable std::mutex mutex;
  mutable std::vector<std::string> compiled, inputs;
  mutable std::vector<ProgramLanguage> languages;
  mutable BoxLimits last_limits;

 private:
  Behaviour behave_;
};

struct Judged {
  Score score;
  std::shared_ptr<StandIn> box;
  std::string verdict() const { return score.detail.value("verdict", ""); }
};

Judged judge(const std::string& completion, const std::string& row, StandIn::Behaviour behave,
             const RewardConfig& config = {}) {
  data::Example example;
  example.columns = data::parse_json(row, "row");
  Judged judged;
  judged.box = std::make_shared<StandIn>(std::move(behave));
  judged.score = CodeReward(config, judged.box).score(completion, example);
  return judged;
}

std::string block(const std::string& source, const std::string& mark = "python") {
  return "<think>a</think>\n```" + mark + "\n" + source + "\n```";
}

constexpr const char* kThreeTests = R"({"inputs":["1","2","3"],"outputs":["10","20","30"]})";
BoxRun times_ten(const std::string&, const std::string& stdin_bytes) { return prints(stdin_bytes + "0\n"); }

TEST(CodeReward, OneIfEveryTestPasses) {
  const Judged judged = judge(block("x"), kThreeTests, times_ten);
  EXPECT_EQ(judged.score.value, 1.0);
  EXPECT_EQ(judged.score.detail.dump(), R"({"verdict":"passed","passed":3,"tests":3,"seconds":0.75})");
  EXPECT_EQ(judged.box->inputs, (std::vector<std::string>{"1", "2", "3"}));
  EXPECT_EQ(judged.box->compiled, std::vector<std::string>{"x\n"});
}

TEST(CodeReward, StopsAtTheFirstTestThatFails) {
  const Judged judged = judge(block("x"), kThreeTests, [](const std::string&, const std::string& stdin_bytes) {
    return prints(stdin_bytes == "2" ? "21" : stdin_bytes + "0");
  });
  EXPECT_EQ(judged.score.value, 0.0);
  EXPECT_EQ(judged.verdict(), "wrong_answer");
  EXPECT_EQ(judged.score.detail["passed"], 1);
  EXPECT_EQ(judged.score.detail["failed_test"], 1);
  EXPECT_EQ(judged.box->inputs.size(), 2u);
}

TEST(CodeReward, TheRightOutputCountsOnlyFromAnHonestEnd) {
  for (const auto& [status, verdict] : {std::pair{BoxStatus::kRuntimeError, "runtime_error"},
                                        {BoxStatus::kTimeout, "timeout"},
                                        {BoxStatus::kMemory, "memory"},
                                        {BoxStatus::kOutputLimit, "output_limit"}}) {
    const Judged judged = judge(block("x"), kThreeTests, [status](const std::string&, const std::string& stdin_bytes) {
      return ended(status, stdin_bytes + "0\n", "Traceback\n\x1b[31mé");
    });
    EXPECT_EQ(judged.score.value, 0.0) << verdict;
    EXPECT_EQ(judged.verdict(), verdict);
    EXPECT_TRUE(judged.score.fault.empty());
    EXPECT_EQ(judged.score.detail["reason"], "Traceback\n?[31m??");  // whatever a program writes can be shown
  }
}

TEST(CodeReward, WithoutCodeNothingRuns) {
  for (const char* completion : {"The answer is 10.", "```python\nx", "", "<think>```python\nx\n```"}) {
    const Judged judged = judge(completion, kThreeTests, times_ten);
    EXPECT_EQ(judged.score.value, 0.0);
    EXPECT_EQ(judged.verdict(), "no_code");
    EXPECT_TRUE(judged.box->compiled.empty());
  }
}

TEST(CodeReward, WhatDoesNotCompileIsWrong) {
  const Judged judged = judge(block("#error", "c"), kThreeTests, times_ten);
  EXPECT_EQ(judged.score.value, 0.0);
  EXPECT_EQ(judged.verdict(), "compile_error");
  EXPECT_EQ(judged.score.detail["reason"], "main.c:1: ??? expected");
  EXPECT_TRUE(judged.box->inputs.empty());
}

TEST(CodeReward, InfrastructureIsNeverAZero) {
  const Judged at_compiling = judge(block("no box"), kThreeTests, times_ten);
  EXPECT_EQ(at_compiling.score.value, std::nullopt);
  EXPECT_EQ(at_compiling.verdict(), "infra_error");
  EXPECT_EQ(at_compiling.score.fault, "a program was not judged: no box could be made");

  for (const bool partial_credit : {false, true}) {
    RewardConfig config;
    config.code.partial_credit = partial_credit;
    int num_runs = 0;
    const auto behave = [&num_runs](const std::string&, const std::string&) {
      return ++num_runs == 1 ? prints("wrong or right") : ended(BoxStatus::kInfraError);
    };
    const Judged judged =
        judge(block("x"), R"({"inputs":["1","2"],"outputs":["wrong or right","20"]})", behave, config);
    EXPECT_EQ(judged.score.value, std::nullopt);
    EXPECT_EQ(judged.verdict(), "infra_error");
    EXPECT_FALSE(judged.score.fault.empty());
  }
}

TEST(CodeReward, AModelCannotGetOutByChoosingALanguageThatIsNotThere) {
  const Judged judged = judge(block("no compiler", "c"), kThreeTests, times_ten);
  EXPECT_EQ(judged.score.value, 0.0);
  EXPECT_EQ(judged.verdict(), "no_code");
  RewardConfig config;
  config.code.programming_language = "c";
  EXPECT_THROW(judge(block("no compiler", "c"), kThreeTests, times_ten, config), MissingError);
}

TEST(CodeReward, PartialCreditIsTheShareOfTestsThatPass) {
  RewardConfig config;
  config.code.partial_credit = true;
  const auto behave = [](const std::string&, const std::string& stdin_bytes) {
    return stdin_bytes == "2" ? ended(BoxStatus::kTimeout) : prints(stdin_bytes + "0");
  };
  const Judged judged = judge(block("x"), kThreeTests, behave, config);
  EXPECT_DOUBLE_EQ(judged.score.value.value(), 2.0 / 3);
  EXPECT_EQ(judged.verdict(), "timeout");
  EXPECT_EQ(judged.score.detail["passed"], 2);
  EXPECT_EQ(judged.score.detail["failed_test"], 1);
}

TEST(CodeReward, PartialCreditCountsHiddenTestsAloneWhereThereAreSome) {
  RewardConfig config;
  config.code.partial_credit = true;
  const char* row = R"({"public_tests":[{"input":"1","output":"10"},{"input":"2","output":"20"}],
                        "private_tests":[{"input":"3","output":"30"},{"input":"4","output":"40"}]})";
  // It knows the visible answers by heart, and one more.
  const auto behave = [](const std::string&, const std::string& stdin_bytes) {
    return prints(stdin_bytes < "4" ? stdin_bytes + "0" : "0");
  };
  const Judged judged = judge(block("x"), row, behave, config);
  EXPECT_EQ(judged.score.value, 0.5);
  EXPECT_EQ(judged.score.detail["passed"], 3);
  EXPECT_EQ(judge(block("x"), row, behave).score.value, 0.0);
}

TEST(CodeReward, PartialCreditDoesNotWaitForEveryTimeout) {
  RewardConfig config;
  config.code.partial_credit = true;
  const Judged judged = judge(
      block("x"), R"({"inputs":["1","2","3","4","5"],"outputs":["1","2","3","4","5"]})",
      [](const std::string&, const std::string&) { return ended(BoxStatus::kTimeout); }, config);
  EXPECT_EQ(judged.score.value, 0.0);
  EXPECT_EQ(judged.box->inputs.size(), static_cast<size_t>(kMaxTimeouts));
}

TEST(CodeReward, TheFenceSpeaksBeforeTheRowAndTheRowBeforeTheOption) {
  RewardConfig config;
  config.code.programming_language = "c";
  const char* row_in_cpp = R"({"inputs":["1"],"outputs":["10"],"programming_language":"cpp"})";
  const char* row = R"({"inputs":["1"],"outputs":["10"]})";
  EXPECT_EQ(judge(block("x", "python"), row_in_cpp, times_ten, config).box->languages[0], ProgramLanguage::kPython);
  EXPECT_EQ(judge(block("x", ""), row_in_cpp, times_ten, config).box->languages[0], ProgramLanguage::kCpp);
  EXPECT_EQ(judge(block("x", ""), row, times_ten, config).box->languages[0], ProgramLanguage::kC);
}

TEST(CodeReward, LimitsAreTheConfigs) {
  RewardConfig config;
  config.limits.timeout_seconds = 1.5;
  config.limits.memory_mb = 64;
  const BoxLimits limits = judge(block("x"), kThreeTests, times_ten, config).box->last_limits;
  EXPECT_EQ(limits.timeout_seconds, 1.5);
  EXPECT_EQ(limits.memory_bytes, 64 << 20);
  EXPECT_EQ(limits.output_bytes, 64 << 10);
  const BoxLimits usual = judge(block("x"), kThreeTests, times_ten).box->last_limits;
  EXPECT_EQ(usual.timeout_seconds, 6);
  EXPECT_EQ(usual.memory_bytes, 512 << 20);
  // What is expected must fit.
  const std::string large(1 << 20, 'x');
  const Judged judged = judge(block("x"), R"({"inputs":["1"],"outputs":[")" + large + "\"]}",
                              [&](const std::string&, const std::string&) { return prints(large); });
  EXPECT_EQ(judged.score.value, 1.0);
  EXPECT_EQ(judged.box->last_limits.output_bytes, 2 << 20);
}

TEST(CodeReward, LimitsThatNoBoxTakesAreRefusedBeforeAnythingRuns) {
  RewardConfig config;
  config.name = "code";
  EXPECT_TRUE(contradictions(config).empty());
  config.limits.timeout_seconds = 3600.5;
  config.limits.memory_mb = int64_t{1} << 60;
  const std::vector<Contradiction> found = contradictions(config);
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(found[0].key, "timeout_seconds");
  EXPECT_EQ(found[1].key, "memory_mb");
}

TEST(CodeReward, WhatIsExpectedNeverEntersTheBox) {
  const char* row = R"({"inputs":["in1","in2"],"outputs":["SECRET1","SECRET2"],"solution":"SECRET3"})";
  const char* call = R"({"fn_name":"f","inputs":[["in1"]],"outputs":["SECRET1"],"solution":"SECRET3"})";
  for (const char* text : {row, call}) {
    const Judged judged =
        judge(block("x"), text, [](const std::string&, const std::string&) { return prints("\"SECRET1\""); });
    for (const std::string& source : judged.box->compiled) EXPECT_EQ(source.find("SECRET"), std::string::npos);
    for (const std::string& input : judged.box->inputs) EXPECT_EQ(input.find("SECRET"), std::string::npos);
  }
}

TEST(CodeReward, FunctionsGetArgumentsAndResultsAreComparedAsJson) {
  const char* row = R"({"fn_name":"f","inputs":[[1,[2]],["a",null]],"outputs":[[3],{"k":1}]})";
  const auto behave = [](const std::string&, const std::string& stdin_bytes) {
    return prints(stdin_bytes == "[1,[2]]" ? "[3.0]\n" : "{\"k\": 1}\n");
  };
  const Judged judged = judge(block("def f(a, b): pass"), row, behave);
  EXPECT_EQ(judged.score.value, 1.0);
  EXPECT_EQ(judged.box->inputs, (std::vector<std::string>{"[1,[2]]", "[\"a\",null]"}));
  EXPECT_NE(judged.box->compiled[0].find("FUNCTION = \"f\""), std::string::npos);

  const auto verdict_of = [&](const std::string& output) {
    return judge(block("x"), row, [&](const std::string&, const std::string&) { return prints(output); }).verdict();
  };
  EXPECT_EQ(verdict_of("[3] [3]"), "wrong_answer");
  EXPECT_EQ(verdict_of("[3]\n[3]\n"), "wrong_answer");
  EXPECT_EQ(verdict_of("3"), "wrong_answer");
  EXPECT_EQ(verdict_of("True"), "wrong_answer");
  EXPECT_EQ(verdict_of(""), "runtime_error");  // exit(0) before the call returned
  EXPECT_EQ(verdict_of("\n"), "runtime_error");
}

TEST(CodeReward, OnlyPythonFunctionsAreCalled) {
  const Judged judged = judge(block("int f() {}", "cpp"), R"({"fn_name":"f","inputs":[[1]],"outputs":[1]})", times_ten);
  EXPECT_EQ(judged.score.value, 0.0);
  EXPECT_EQ(judged.verdict(), "no_code");
  EXPECT_TRUE(judged.box->compiled.empty());
}

TEST(CodeReward, ACheckerProgramRunsInABoxOfItsOwn) {
  const char* row = R"({"inputs":["in"],"outputs":["WANTED"],"checker":{"program":"THE CHECKER","language":"cpp"}})";
  const auto verdict_of = [&](BoxStatus status, int exit_code) {
    return judge(block("x"), row, [&](const std::string& source, const std::string&) {
      if (source != "THE CHECKER") return prints("out\n");
      BoxRun run = ended(status);
      run.exit_code = exit_code;
      return run;
    });
  };
  const Judged right = verdict_of(BoxStatus::kOk, 0);
  EXPECT_EQ(right.score.value, 1.0);
  EXPECT_EQ(right.box->inputs, (std::vector<std::string>{"in", "2 4 6\ninout\nWANTED"}));
  const Judged wrong = verdict_of(BoxStatus::kRuntimeError, 1);
  EXPECT_EQ(wrong.score.value, 0.0);
  EXPECT_EQ(wrong.verdict(), "wrong_answer");
  for (const auto& [status, exit_code] : {std::pair{BoxStatus::kRuntimeError, 2},
                                          {BoxStatus::kRuntimeError, 3},
                                          {BoxStatus::kRuntimeError, 139},
                                          {BoxStatus::kTimeout, 1},
                                          {BoxStatus::kMemory, 137},
                                          {BoxStatus::kInfraError, -1}}) {
    const Judged broken = verdict_of(status, exit_code);
    EXPECT_EQ(broken.score.value, std::nullopt) << exit_code;
    EXPECT_EQ(broken.verdict(), "infra_error");
  }
}

TEST(CodeReward, AProgramThatFailsIsNotShownToTheChecker) {
  const char* row = R"({"inputs":["in"],"outputs":["w"],"checker":{"program":"ANOTHER","language":"cpp"}})";
  const Judged judged = judge(
      block("x"), row, [](const std::string&, const std::string&) { return ended(BoxStatus::kRuntimeError, "right"); });
  EXPECT_EQ(judged.verdict(), "runtime_error");
  EXPECT_EQ(judged.box->inputs.size(), 1u);
}

TEST(CodeReward, ARowWithoutReadableTestsIsNotJudged) {
  const Judged judged = judge(block("x"), R"({"inputs":["1"],"outputs":[]})", times_ten);
  EXPECT_EQ(judged.score.value, std::nullopt);
  EXPECT_EQ(judged.verdict(), "unparsable_gold");
  EXPECT_TRUE(judged.box->compiled.empty());

  data::Example example;
  example.columns = data::parse_json(R"({"inputs":["1"],"outputs":[]})", "row");
  const CodeReward reward({}, judged.box);
  try {
    reward.check_example(example, "train.jsonl, row 3");
    FAIL();
  } catch (const InputError& error) {
    EXPECT_EQ(std::string(error.what()),
              "train.jsonl, row 3: `inputs`: has 1 inputs for 0 outputs; each test needs both");
  }
}

TEST(CodeReward, ExtractsTheProgram) {
  const CodeReward reward({}, std::make_shared<StandIn>(times_ten));
  EXPECT_EQ(reward.extract(block("x = 1")), "x = 1\n");
  EXPECT_EQ(reward.extract("nothing"), "");
}

}  // namespace
}  // namespace aha::reward::code_reward_test
