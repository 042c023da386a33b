// length, overlong, repetition and cosine, by numbers worked by hand.
#include <gtest/gtest.h>

#include <cmath>

#include "aha/core/error.h"
#include "aha/reward/reward.h"
#include "aha/reward/soft_overlong.h"

namespace aha::reward::shaping_test {
namespace {

RewardConfig entry(const std::string& name) {
  RewardConfig config;
  config.name = name;
  return config;
}

std::optional<double> value(const RewardConfig& config, int64_t length, const std::string& text = "",
                            const std::string& answer = "") {
  data::Example example;
  example.answer = answer;
  const std::vector<int32_t> ids(static_cast<size_t>(length), 7);
  return make_reward(config)
      ->score({.completion = text, .example = example, .prompt = example.prompt, .completion_ids = ids})
      .value;
}

std::string refusal(const RewardConfig& config) {
  std::string found;
  for (const Contradiction& wrong : contradictions(config)) found += wrong.key + ": " + wrong.sentence + "\n";
  return found;
}

TEST(LengthReward, IsOneBetweenItsBounds) {
  RewardConfig config = entry("length");
  config.shaping.min_length = 3;
  config.shaping.max_length = 5;
  const std::pair<int64_t, double> cases[] = {{1, 0}, {2, 0}, {3, 1}, {4, 1}, {5, 1}, {6, 0}};
  for (const auto& [length, expected] : cases) EXPECT_EQ(value(config, length), expected) << length;
  config.shaping.max_length = 0;
  EXPECT_EQ(value(config, 100'000), 1.0);
  config.shaping.min_length = 0;
  EXPECT_EQ(refusal(config), "max_length: is missing; length needs it or min_length\n");
  config.shaping = {.min_length = 6, .max_length = 5};
  EXPECT_EQ(refusal(config), "min_length: is above max_length; no completion could earn it\n");
}

TEST(LengthReward, DoesNotGuessALength) {
  RewardConfig config = entry("length");
  config.shaping.max_length = 5;
  const auto reward = make_reward(config);
  data::Example example;
  EXPECT_EQ(reward->score("some text", example).value, std::nullopt);
  EXPECT_EQ(reward->score("some text", example).detail["reason"],
            "its length in tokens is not known; give a column `completion_length`");
  example.columns["completion_length"] = 5;
  EXPECT_EQ(reward->score("some text", example).value, 1.0);
  example.columns["completion_length"] = 6;
  EXPECT_EQ(reward->score("some text", example).value, 0.0);
}

TEST(OverlongReward, FallsOverItsLastTokens) {
  RewardConfig config = entry("overlong");
  config.shaping.max_length = 20;
  config.shaping.cache_length = 4;
  const std::pair<int64_t, double> cases[] = {{1, 0}, {16, 0}, {17, -0.25}, {18, -0.5}, {20, -1}, {21, -1}, {99, -1}};
  for (const auto& [length, expected] : cases) EXPECT_EQ(value(config, length), expected) << length;
  EXPECT_EQ(soft_overlong(20'480, 20'480, 4096), -1);
  EXPECT_EQ(soft_overlong(18'432, 20'480, 4096), -0.5);
  config.shaping.cache_length = 21;
  EXPECT_EQ(refusal(config), "cache_length: is above max_length; make it smaller\n");
  EXPECT_EQ(refusal(entry("overlong")),
            "max_length: is missing; the verifier overlong needs it\n"
            "cache_length: is missing; the verifier overlong needs it\n");
}

TEST(RepetitionReward, CountsNGramsThatComeAgain) {
  RewardConfig config = entry("repetition");
  config.shaping.ngram_size = 2;
  const auto of = [&](const std::string& text) { return *value(config, 1, text); };
  EXPECT_EQ(of(""), 0);
  EXPECT_EQ(of("one"), 0);
  EXPECT_EQ(of("one two three"), 0);
  EXPECT_EQ(of("a b a b"), -(1 - 2.0 / 3));    // ab ba ab
  EXPECT_EQ(of("A  b\na B"), -(1 - 2.0 / 3));  // neither case nor white space tells words apart
  EXPECT_EQ(of("x x x x x"), -0.75);
  EXPECT_EQ(of("ab c a bc"), 0) << "ab·c is not a·bc";
  EXPECT_EQ(of("好好好好"), -(1 - 1.0 / 3));
  config.shaping.max_penalty = -0.5;
  EXPECT_EQ(of("x x x x x"), -0.375);
  config.shaping.ngram_size = 3;
  EXPECT_EQ(of("x x"), 0);
  EXPECT_EQ(of("x x x x"), -0.25);
}

TEST(CosineReward, FallsForTheRightAndRisesForTheWrong) {
  RewardConfig config = entry("cosine");
  config.shaping.max_length = 100;
  const std::string right = "<think>a</think><answer>0.5</answer>", wrong = "<think>a</think><answer>2</answer>";
  EXPECT_NEAR(*value(config, 50, right, "1/2"), 0.75, 1e-12);
  EXPECT_NEAR(*value(config, 100, right, "1/2"), 0.5, 1e-12);
  EXPECT_NEAR(*value(config, 25, right, "1/2"), 0.75 + 0.25 * std::sqrt(0.5), 1e-12);
  EXPECT_NEAR(*value(config, 50, wrong, "1/2"), -0.75, 1e-12);
  EXPECT_NEAR(*value(config, 25, wrong, "1/2"), -0.75 - 0.25 * std::sqrt(0.5), 1e-12);
  EXPECT_NEAR(*value(config, 100, "no answer", "1/2"), -0.5, 1e-12);
  EXPECT_NEAR(*value(config, 150, right, "1/2"), 0.5, 1e-12) << "longer ones do not rise again";
  EXPECT_NEAR(*value(config, 200, wrong, "1/2"), -0.5, 1e-12);
  EXPECT_EQ(value(config, 50, right, "1 +"), std::nullopt) << "a gold answer that is none";
  EXPECT_EQ(value(config, 0, right, "1/2"), std::nullopt);
  EXPECT_EQ(refusal(entry("cosine")), "max_length: is missing; the verifier cosine needs it\n");
  EXPECT_THROW(make_reward(config)->check_example(data::Example(), "f:1"), InputError);
}

TEST(FormatReward, LayoutThinkWantsAThoughtAndAReply) {
  RewardConfig config = entry("format");
  config.format.layout = "think";
  const auto reward = make_reward(config);
  for (const char* good : {"<think>a</think>b", "\n<think></think>\n\nb\n", "<think>a</think><answer>b</answer>"})
    EXPECT_EQ(reward->score(good, data::Example()).value, 1.0) << good;
  for (const char* bad : {"", "b", "<think>a</think>", "<think>a</think> \n", "x<think>a</think>b", "</think>b<think>",
                          "<think>a<think>b</think>c", "<think>a</think>b</think>c", "<think>a"})
    EXPECT_EQ(reward->score(bad, data::Example()).value, 0.0) << bad;
}

}  // namespace
}  // namespace aha::reward::shaping_test
