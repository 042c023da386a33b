// Votes are read strictly: what is not exactly a grade or a preference is none.
#include "reward/learned/judge_vote.h"

#include <gtest/gtest.h>

namespace aha::reward::judge_vote_test {
namespace {

TEST(JudgeVote, AGradeIsAWholeNumberBetweenTheTags) {
  EXPECT_EQ(grade_in("Good. <answer>7</answer>"), 7);
  EXPECT_EQ(grade_in("<think>an <answer>1</answer>?</think><answer> 10 </answer>"), 10);
  EXPECT_EQ(grade_in("so \\boxed{3}"), 3);
  for (const char* vote :
       {"", "7", "<answer>11</answer>", "<answer>0</answer>", "<answer>07</answer>", "<answer>7.5</answer>",
        "<answer>-7</answer>", "<answer>7/10</answer>", "<answer>7</answer> or <answer>8</answer>", "<answer>7",
        "<think>hm <answer>7</answer>", "<answer>999999999999999999999</answer>", "<answer>seven</answer>"}) {
    EXPECT_EQ(grade_in(vote), std::nullopt) << vote;
  }
}

TEST(JudgeVote, APreferenceIsALetterOrATie) {
  EXPECT_EQ(preference_in("<answer>A</answer>"), Preference::kFirst);
  EXPECT_EQ(preference_in("<answer>b</answer>"), Preference::kSecond);
  EXPECT_EQ(preference_in("<answer>Tie</answer>"), Preference::kTie);
  for (const char* vote : {"A", "<answer>AB</answer>", "<answer>A</answer><answer>B</answer>", "<answer></answer>"}) {
    EXPECT_EQ(preference_in(vote), std::nullopt) << vote;
  }
}

TEST(JudgeVote, AWinIsOneInBothOrders) {
  using enum Preference;
  EXPECT_EQ(share_of_win(kFirst, kSecond), 1);
  EXPECT_EQ(share_of_win(kSecond, kFirst), 0);
  for (const Preference same : {kFirst, kSecond, kTie}) EXPECT_EQ(share_of_win(same, same), 0.5);
  EXPECT_EQ(share_of_win(kFirst, kTie), 0.5);
  EXPECT_EQ(share_of_win(kFirst, std::nullopt), std::nullopt);
  EXPECT_EQ(share_of_win(std::nullopt, kSecond), std::nullopt);
}

}  // namespace
}  // namespace aha::reward::judge_vote_test
