// The verifier `stack_program`, as a recipe and `aha verify` meet it.
#include <gtest/gtest.h>

#include "aha/core/error.h"
#include "aha/data/task.h"
#include "aha/data/template.h"
#include "aha/reward/reward.h"

namespace aha::reward::stack_program_reward_test {
namespace {

std::unique_ptr<Reward> rule() {
  RewardConfig config;
  config.name = "stack_program";
  return make_reward(config);
}

// Columns as JSON text, since braces in C++ do not tell [[1]] from [1].
data::Example with_tests(const char* inputs, const char* outputs) {
  data::Example example;
  example.columns = {{"inputs", nlohmann::json::parse(inputs)}, {"outputs", nlohmann::json::parse(outputs)}};
  return example;
}

// (A + B) * 2
data::Example doubled_sum() { return with_tests("[[1, 2], [3, 4], [0, 0], [5, 1]]", "[6, 14, 0, 12]"); }

Score score_of(const std::string& program, const data::Example& example = doubled_sum()) {
  return rule()->score(data::tagged_completion("", program), example);
}

TEST(StackProgramReward, OneWhereAllTestsPass) {
  for (const char* program : {"AB+2*", " A B + 2 * ", "2AB+*", "AB+:+", "A2*B2*+"}) {
    EXPECT_EQ(score_of(program).value, 1.0) << program;
  }
  EXPECT_EQ(score_of("AB+2*").detail.dump(), R"({"verdict":"passed","extracted":"AB+2*","passed":4,"tests":4})");
}

TEST(StackProgramReward, ZeroForTheRestAndSaysWhy) {
  EXPECT_EQ(score_of("AB+").value, 0.0);
  EXPECT_EQ(score_of("AB+").detail.dump(), R"({"verdict":"failed","extracted":"AB+","passed":1,"tests":4})");
  EXPECT_EQ(score_of("AB+*").value, 0.0);
  EXPECT_EQ(score_of("AB+*").detail.dump(),
            R"({"verdict":"failed","extracted":"AB+*","passed":0,"tests":4,"reason":"underflow"})");
  EXPECT_EQ(score_of("(A+B)*2").detail["reason"], "unknown operation");
  EXPECT_EQ(score_of(std::string(100'000, '1')).value, 0.0);
  EXPECT_EQ(score_of(std::string(100'000, '1')).detail["extracted"].get<std::string>().size(), 2048u);
  const Score none = rule()->score("AB+2*", doubled_sum());
  EXPECT_EQ(none.value, 0.0);
  EXPECT_EQ(none.detail["verdict"], "unparsable");
  EXPECT_EQ(none.detail["reason"], "no <answer> tags and no box");
  EXPECT_EQ(score_of("").value, 0.0);
}

// The tests that a prompt shows are not enough.
TEST(StackProgramReward, HiddenTestsDecide) {
  const data::Example example = with_tests("[[2, 2], [0, 0], [3, 1]]", "[4, 0, 4]");  // A + B; A * B on the first two
  EXPECT_EQ(score_of("AB+", example).value, 1.0);
  EXPECT_EQ(score_of("AB*", example).value, 0.0);
  EXPECT_EQ(score_of("AB*", example).detail["passed"], 2);
}

TEST(StackProgramReward, RefusesRowsWithoutTests) {
  const data::Example broken[] = {data::Example(),
                                  with_tests("[[1]]", "[]"),
                                  with_tests("[]", "[]"),
                                  with_tests("[[1]]", "[1, 2]"),
                                  with_tests("[[1]]", "[\"1\"]"),
                                  with_tests("[[1.5]]", "[1]"),
                                  with_tests("[1]", "[1]"),
                                  with_tests("[[18446744073709551615]]", "[1]"),
                                  with_tests("[[1, 2, 3, 4, 5, 6, 7, 8, 9]]", "[1]"),
                                  with_tests("\"AB\"", "\"AB\"")};
  for (const data::Example& example : broken) {
    const Score score = score_of("A", example);
    EXPECT_FALSE(score.value.has_value()) << example.columns;
    EXPECT_EQ(score.detail["verdict"], "unparsable_gold");
    EXPECT_THROW(rule()->check_example(example, "f:1"), InputError) << example.columns;
  }
  EXPECT_NO_THROW(rule()->check_example(doubled_sum(), "f:1"));
  EXPECT_NO_THROW(rule()->check_example(with_tests("[[]]", "[5]"), "f:1"));
}

// The generator reckons without the interpreter; both must agree, on right and on wrong programs.
TEST(StackProgramReward, AgreesWithTheGenerator) {
  const auto task = data::make_task("stack_program", {});
  constexpr data::Noise kAll{.direct = 1, .worked = 1, .checked = 1, .recheck = 1};
  for (const data::Split split : {data::Split::kTrain, data::Split::kHeldOut, data::Split::kOutOfDistribution}) {
    for (const data::Example& example : data::generate_examples(*task, split, 300, 4)) {
      rule()->check_example(example, "generated");
      EXPECT_EQ(score_of(example.answer, example).value, 1.0) << example.prompt << " " << example.answer;
      Random random(1, example.prompt);
      for (const data::Style style : {data::Style::kDirect, data::Style::kWorked, data::Style::kChecked}) {
        const data::Solution wrong = task->solve(example, style, kAll, "", random);
        const Score score = score_of(wrong.answer, example);
        EXPECT_EQ(score.value, 0.0) << example.prompt << " " << wrong.answer;
        EXPECT_FALSE(score.detail.contains("reason")) << "wrong programs are valid ones: " << wrong.answer;
      }
    }
  }
}

}  // namespace
}  // namespace aha::reward::stack_program_reward_test
