// Each rule by its name, as a recipe and `aha verify` meet it.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "aha/core/error.h"
#include "aha/reward/reward.h"

namespace aha::reward::rules_test {
namespace {

std::unique_ptr<Reward> rule(const std::string& name, const std::string& verifier = "") {
  RewardConfig config;
  config.name = name;
  config.verifier = verifier;
  return make_reward(config);
}

data::Example with_answer(const std::string& answer) {
  data::Example example;
  example.answer = answer;
  return example;
}

std::string tagged(const std::string& answer) { return "<think>hm</think><answer>" + answer + "</answer>"; }

TEST(Registry, KnowsItsRulesAndSuggestsOne) {
  const std::vector<std::string> names = verifier_names();
  EXPECT_EQ(std::set<std::string>(names.begin(), names.end()).size(), names.size());
  for (const char* name : {"math", "exact", "choice", "countdown", "stack_program", "json", "tool_call", "instruction",
                           "format", "language_consistency", "length", "overlong", "repetition", "cosine", "random"}) {
    EXPECT_NE(std::find(names.begin(), names.end(), name), names.end()) << name;
  }
  for (const std::string& name : names) {
    RewardConfig config;
    config.name = name;
    if (!contradictions(config).empty()) continue;  // it needs options
    try {
      EXPECT_TRUE(make_reward(config)) << name;
    } catch (const MissingError&) {  // nor has every machine what it takes
    }
  }
  EXPECT_TRUE(rule("accuracy"));
  EXPECT_TRUE(rule("my_own", "exact"));
  for (const char* typo : {"accurcy", "maths", "formats"}) {
    try {
      rule(typo);
      FAIL() << typo;
    } catch (const ConfigError& error) {
      EXPECT_NE(std::string(error.what()).find(typo), std::string::npos);
      EXPECT_NE(std::string(error.what()).find("did you mean"), std::string::npos) << error.what();
    }
  }
  EXPECT_THROW(rule("accuracy", "accuracy"), ConfigError);
}

TEST(MathReward, OneForEqualZeroForTheRest) {
  const auto math = rule("accuracy");
  EXPECT_EQ(math->score(tagged("\\frac{1}{2}"), with_answer("0.5")).value, 1.0);
  EXPECT_EQ(math->score("<think>a</think>So \\boxed{0.5}", with_answer("1/2")).value, 1.0);
  const auto expect_zero = [&](const std::string& completion, const std::string& verdict) {
    const Score score = math->score(completion, with_answer("0.5"));
    EXPECT_EQ(score.value, 0.0) << completion;
    EXPECT_EQ(score.detail["verdict"], verdict) << completion;
  };
  expect_zero(tagged("0.6"), "different");
  expect_zero(tagged("9^9^9^9"), "different");
  expect_zero(tagged("1/0"), "undecided");
  expect_zero(tagged("half of it"), "different");
  expect_zero(tagged("1/2 ?"), "unparsable");
  expect_zero(tagged(""), "unparsable");
  expect_zero("0.5", "unparsable");
  expect_zero("\\boxed{0.5} \\boxed{1}", "unparsable");
  EXPECT_EQ(math->score(tagged("0.5"), with_answer("0.5")).detail.dump(), R"({"verdict":"equal","extracted":"0.5"})");
}

TEST(MathReward, DoesNotJudgeWithoutReadableGold) {
  const auto math = rule("math");
  for (const char* completion : {"<answer>5</answer>", "nothing"}) {
    const Score score = math->score(completion, with_answer("5 +"));
    EXPECT_FALSE(score.value.has_value());
    EXPECT_EQ(score.detail["verdict"], "unparsable_gold");
  }
  EXPECT_NO_THROW(math->check_example(with_answer("5"), "a.jsonl:3"));
  try {
    math->check_example(with_answer("5 +"), "a.jsonl:3");
    FAIL();
  } catch (const InputError& error) {
    EXPECT_EQ(std::string(error.what()).find("a.jsonl:3: the answer `5 +` cannot be read"), 0u) << error.what();
  }
  EXPECT_THROW(math->check_example(with_answer(""), "a.jsonl:3"), InputError);
}

TEST(MathReward, ComparesAnswersForVotes) {
  const auto math = rule("math");
  EXPECT_EQ(math->extract(tagged(" 1/2 ")), "1/2");
  EXPECT_EQ(math->extract("no answer"), "");
  EXPECT_TRUE(math->same_answer("1/2", "0.5"));
  EXPECT_TRUE(math->same_answer("1 +", "1  +"));
  EXPECT_FALSE(math->same_answer("1 +", "2 +"));
  EXPECT_FALSE(math->same_answer("1", "2"));
}

TEST(ExactReward, ComparesTextWithoutItsDress) {
  const auto exact = rule("exact");
  const auto value = [&](const std::string& answer, const std::string& gold) {
    return exact->score(tagged(answer), with_answer(gold)).value;
  };
  EXPECT_EQ(value(" A knight,  B\nknave. ", "A knight, B knave"), 1.0);
  EXPECT_EQ(value("４２", "42"), 1.0);
  EXPECT_EQ(value("012", "12"), 0.0);
  EXPECT_EQ(value("a knight, B knave", "A knight, B knave"), 0.0);
  EXPECT_EQ(value("A knight", "A knight, B knave"), 0.0);
  EXPECT_EQ(exact->score("A knight, B knave", with_answer("A knight, B knave")).value, 0.0);
  EXPECT_EQ(value("x", ""), std::nullopt);
  EXPECT_THROW(exact->check_example(with_answer(" "), "f:1"), InputError);
}

TEST(ChoiceReward, WantsOneLetter) {
  const auto choice = rule("choice");
  for (const char* text : {"B", "b", "(B)", "B.", "B)", "**B**", "\\text{B}", "\\text{(B)}", "$B$", "Ｂ"}) {
    EXPECT_EQ(choice->score(tagged(text), with_answer("B")).value, 1.0) << text;
  }
  for (const char* text : {"A", "A or B", "A, B", "AB", "B or C", "K", "1", "Boston", "B B"}) {
    EXPECT_EQ(choice->score(tagged(text), with_answer("B")).value, 0.0) << text;
  }
  EXPECT_EQ(choice->score(tagged("B"), with_answer("Boston")).value, std::nullopt);
  EXPECT_THROW(choice->check_example(with_answer("K"), "f:1"), InputError);
  EXPECT_TRUE(choice->same_answer("(a)", "A."));
}

TEST(CountdownReward, WantsEachNumberOnceAndTheTarget) {
  const auto countdown = rule("countdown");
  data::Example example;
  example.columns = {{"numbers", {3, 5, 6, 3}}, {"target", 11}};
  const auto value = [&](const std::string& answer) { return countdown->score(tagged(answer), example).value; };
  for (const char* right : {"3+5+6-3", "(3 - 3) + 5 + 6", "5+6*3/3", "5 + 6 × (3 ÷ 3)", "6+5-(3-3)", "-3+3+5+6"}) {
    EXPECT_EQ(value(right), 1.0) << right;
  }
  for (const char* wrong : {"11", "5+6", "3+3+5", "3+5+6-3=11", "3+5+6-3+0", "3+5+6-3+3-3", "3^5+6-3", "35+6-3",
                            "6+5/(3-3)", "5+6+x-x", "3!+5+6-3-3", "3+5+6", "", "5.0+6+3-3+0", "__import__('os')"}) {
    EXPECT_EQ(value(wrong), 0.0) << wrong;
  }
  data::Example broken;
  broken.columns = {{"numbers", {1, 2}}};
  EXPECT_EQ(countdown->score(tagged("1+2"), broken).value, std::nullopt);
  EXPECT_THROW(countdown->check_example(broken, "f:1"), InputError);
  EXPECT_NO_THROW(countdown->check_example(example, "f:1"));
}

TEST(FormatReward, WantsTheTagsOnceInOrderAndNothingAfter) {
  const auto format = rule("format");
  const data::Example example;
  for (const char* good : {"<think>a</think><answer>b</answer>", "<think>\na\n</think>\n\n<answer>b</answer>",
                           "<think></think> <answer></answer>"}) {
    EXPECT_EQ(format->score(good, example).value, 1.0) << good;
  }
  for (const char* bad :
       {"", "a", "<think>a</think>", "<answer>b</answer>", "<think>a</think><answer>b</answer>c",
        "<think>a</think><answer>b</answer>\n", "<think>a</think>so<answer>b</answer>",
        "x<think>a</think><answer>b</answer>", "<answer>b</answer><think>a</think>", "<think>a</think><answer>b",
        "<think>a<answer>b</answer></think>", "<think>a</think><answer>b</answer><answer>c</answer>",
        "<think>a<think></think><answer>b</answer>"}) {
    EXPECT_EQ(format->score(bad, example).value, 0.0) << bad;
  }
}

TEST(RandomReward, IsUniformAndAFunctionOfTheText) {
  const auto random = rule("random");
  data::Example example;
  example.prompt = "2+2=";
  double sum = 0, squares = 0;
  constexpr int kCount = 4000;
  for (int i = 0; i < kCount; ++i) {
    const double value = *random->score("answer " + std::to_string(i), example).value;
    ASSERT_GE(value, 0);
    ASSERT_LT(value, 1);
    sum += value;
    squares += value * value;
  }
  // Standard errors: 0.2887 / sqrt(4000) = 0.0046 and 0.2981 / sqrt(4000) = 0.0047.
  EXPECT_NEAR(sum / kCount, 0.5, 0.02);
  EXPECT_NEAR(squares / kCount, 1.0 / 3, 0.02);
  EXPECT_EQ(random->score("x", example).value, random->score("x", example).value);
  data::Example other;
  other.prompt = "2+3=";
  EXPECT_NE(random->score("x", example).value, random->score("x", other).value);
}

}  // namespace
}  // namespace aha::reward::rules_test
