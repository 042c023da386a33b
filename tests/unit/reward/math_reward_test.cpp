// What a row's columns declare about its answer.
#include "reward/math_reward.h"

#include <gtest/gtest.h>

#include "aha/core/error.h"

namespace aha::reward::math_reward_test {
namespace {

data::Example row(const std::string& answer, nlohmann::json columns = nlohmann::json::object()) {
  data::Example example;
  example.answer = answer;
  example.columns = std::move(columns);
  return example;
}

std::string verdict(const std::string& said, const data::Example& example) {
  return MathReward().score("<think>hm</think>" + said, example).detail["verdict"];
}

TEST(MathReward, ReadsUnitsAndPercentAsDeclared) {
  EXPECT_EQ(verdict("\\boxed{12\\text{ cm}}", row("12", {{"unit", "cm"}})), "equal");
  EXPECT_EQ(verdict("\\boxed{12 dollars}", row("12", {{"unit", {"\\$", "dollars"}}})), "equal");
  EXPECT_EQ(verdict("\\boxed{12\\text{ km}}", row("12", {{"unit", "cm"}})), "different");
  EXPECT_EQ(verdict("\\boxed{50\\%}", row("50", {{"percent", true}})), "equal");
  EXPECT_EQ(verdict("\\boxed{50\\%}", row("50", {{"percent", false}})), "different");
  EXPECT_EQ(verdict("\\boxed{50\\%}", row("50", {{"percent", nullptr}})), "different");
}

TEST(MathReward, ReadsOrderAsDeclared) {
  EXPECT_EQ(verdict("\\boxed{3, 1, 2}", row("1, 2, 3")), "equal");
  EXPECT_EQ(verdict("\\boxed{3, 1, 2}", row("1, 2, 3", {{"multiple", "ordered"}})), "different");
  EXPECT_EQ(verdict("\\boxed{(3, 1, 2, 2)}", row("1, 2, 3", {{"multiple", "set"}})), "equal");
  EXPECT_EQ(verdict("\\boxed{1, 2}", row("1, 2, 3", {{"multiple", "set"}})), "different");
}

TEST(MathReward, FollowsTheAnchorInGoldAndCompletion) {
  const data::Example gsm8k = row("She has 3 * 4 = <<3*4=12>>12 eggs.\n#### 12", {{"answer_anchor", "####"}});
  EXPECT_NO_THROW(MathReward().check_example(gsm8k, "f:1"));
  EXPECT_EQ(verdict("3 * 4 = 12\n#### 12", gsm8k), "equal");
  EXPECT_EQ(verdict("#### 12\nSo #### 12 \nbye", gsm8k), "equal");
  EXPECT_EQ(verdict("\\boxed{12}", gsm8k), "equal");  // no anchor, so the box
  EXPECT_EQ(verdict("<answer>12</answer>", gsm8k), "equal");
  EXPECT_EQ(verdict("#### 13", gsm8k), "different");
  EXPECT_EQ(verdict("#### 12\n#### 13", gsm8k), "unparsable");
  EXPECT_EQ(verdict("####\n12", gsm8k), "unparsable");
  EXPECT_EQ(verdict("12", gsm8k), "unparsable");
  EXPECT_EQ(MathReward().score("<think>#### 12", gsm8k).detail["reason"], "the reasoning does not end");
  EXPECT_EQ(verdict("#### 12", row("12")), "unparsable");  // not declared
}

TEST(MathReward, RefusesDeclarationsItCannotRead) {
  for (const nlohmann::json& columns : {nlohmann::json{{"unit", 3}},
                                        {{"unit", {"cm", 3}}},
                                        {{"percent", "yes"}},
                                        {{"multiple", "any"}},
                                        {{"answer_anchor", 4}}}) {
    EXPECT_THROW(MathReward().check_example(row("12", columns), "f:1"), InputError) << columns;
    EXPECT_EQ(MathReward().score("\\boxed{12}", row("12", columns)).value, std::nullopt) << columns;
  }
  EXPECT_THROW(MathReward().check_example(row("no anchor +", {{"answer_anchor", "####"}}), "f:1"), InputError);
}

// Linear in the text, whatever it repeats.
TEST(MathReward, ReadsAMegabyteOfAnchors) {
  std::string text;
  while (text.size() < 900'000) text += "####";
  EXPECT_EQ(verdict(text, row("12", {{"answer_anchor", "####"}})), "unparsable");
  EXPECT_EQ(verdict(text + " 12", row("12", {{"answer_anchor", "####"}})), "equal");
}

}  // namespace
}  // namespace aha::reward::math_reward_test
