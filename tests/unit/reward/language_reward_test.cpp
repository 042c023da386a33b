// Shares of words counted by hand.
#include "reward/language_reward.h"

#include <gtest/gtest.h>

#include "aha/core/error.h"
#include "reward/prose.h"
#include "reward/scripts.h"

namespace aha::reward::language_reward_test {
namespace {

data::Example asked_in(const std::string& language, const std::string& prompt = "") {
  data::Example example;
  example.prompt = prompt;
  if (!language.empty()) example.columns["language"] = language;
  return example;
}

std::optional<double> value(const std::string& reasoning, const data::Example& example) {
  return LanguageReward().score("<think>" + reasoning + "</think><answer>4</answer>", example).value;
}

int64_t words(const std::string& text, Script script) { return count_words(text)[static_cast<size_t>(script)]; }

TEST(CountWords, IdeographsOneByOneAndRunsOfTheRest) {
  EXPECT_EQ(words("so the sum is 12, isn't it?", Script::kLatin), 6);
  EXPECT_EQ(words("所以答案是四。", Script::kHan), 6);
  EXPECT_EQ(words("答案is四and五", Script::kHan), 4);
  EXPECT_EQ(words("答案is四and五", Script::kLatin), 2);
  EXPECT_EQ(words("naïve cafe\u0301 x1y", Script::kLatin), 4);
  EXPECT_EQ(words("это ответ", Script::kCyrillic), 2);
  EXPECT_EQ(words("これは答えです", Script::kKana), 2);  // これは and えです
  EXPECT_EQ(words("これは答えです", Script::kHan), 1);
  EXPECT_EQ(words("1 + 2 = 3 \u0663 ４ 😀 … ×", Script::kLatin), 0);
}

TEST(CountWords, LeavesOutCodeAndFormulas) {
  EXPECT_EQ(words("use `for x in y` here", Script::kLatin), 2);
  EXPECT_EQ(words("a ```\ncode block\n``` b", Script::kLatin), 2);
  EXPECT_EQ(words("then $x + y$ and $$a b$$ and \\(c\\) and \\[d\\] end", Script::kLatin), 5);
  EXPECT_EQ(words("\\frac{1}{2} \\alpha plus", Script::kLatin), 1);
  EXPECT_EQ(words("it costs $5 and $6 today", Script::kLatin), 4);
  EXPECT_EQ(words("a stray ` mark and a $x dollar", Script::kLatin), 7);
}

TEST(LanguageReward, IsTheShareOfTargetWords) {
  EXPECT_EQ(value("we add the two", asked_in("en")), 1.0);
  EXPECT_EQ(value("we add 两个", asked_in("en")), 0.5);
  EXPECT_EQ(value("we add 两个数字 now", asked_in("en")), 3.0 / 7);
  EXPECT_EQ(value("we add 两个数字 now", asked_in("zh")), 4.0 / 7);
  EXPECT_EQ(value("これは答えです", asked_in("ja")), 1.0);
}

TEST(LanguageReward, NoWordsEarnNothing) {
  for (const char* language : {"en", "zh"}) {
    EXPECT_EQ(value("", asked_in(language)), 0.0);
    EXPECT_EQ(value("1+2=3 $x$ `code`", asked_in(language)), 0.0);
    EXPECT_EQ(LanguageReward().score("just words 没有标签", asked_in(language)).value, 0.0);
  }
}

TEST(LanguageReward, TakesTheTargetFromThePromptsMajority) {
  EXPECT_EQ(value("we add them", asked_in("", "What is 2+2?")), 1.0);
  EXPECT_EQ(value("we add them", asked_in("", "二加二等于几? ok")), 0.0);
  EXPECT_EQ(value("we add them", asked_in("", "2+2=")), std::nullopt);
  data::Example chat;
  chat.messages = {{"system", "Be brief and answer in few words"}, {"user", "二加二"}};
  EXPECT_EQ(value("二加二", chat), 1.0);
}

TEST(LanguageReward, CountsUnfinishedReasoningAndNotTheAnswer) {
  const LanguageReward reward;
  EXPECT_EQ(reward.score("<think>we add 两个", asked_in("en")).value, 0.5);
  EXPECT_EQ(reward.score("we add</think>四", asked_in("en")).value, 1.0);
  EXPECT_EQ(reward.score("<think>四</think><answer>four</answer>", asked_in("en")).value, 0.0);
}

TEST(LanguageReward, SaysWhatItCounted) {
  const Score score = LanguageReward().score("<think>we add 两个</think>", asked_in("en"));
  EXPECT_EQ(score.detail.dump(), R"({"target":"en","target_words":2,"words":4})");
}

TEST(LanguageReward, RefusesAnUnknownLanguage) {
  EXPECT_THROW(LanguageReward().check_example(asked_in("klingon"), "f:1"), InputError);
  EXPECT_NO_THROW(LanguageReward().check_example(asked_in("zh"), "f:1"));
  EXPECT_NO_THROW(LanguageReward().check_example(asked_in(""), "f:1"));
  EXPECT_EQ(value("words", asked_in("klingon")), std::nullopt);
}

TEST(ProseOf, StaysLinearOnUnclosedMarks) {
  for (const std::string part : {"`", "$a ", "$", "\\(", "\\[", "```a", "$$ "}) {
    std::string text;
    while (text.size() < 1'000'000) text += part;
    prose_of(text);
    text[0] = 'x';
    count_words(text);
  }
}

}  // namespace
}  // namespace aha::reward::language_reward_test
