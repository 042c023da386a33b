// Weighted sums over several rewards, with samples that some of them do not judge.
#include <gtest/gtest.h>

#include <limits>

#include "aha/core/error.h"
#include "aha/reward/reward.h"

namespace aha::reward::scorer_test {
namespace {

// The completion's text as a number; "null" does not apply, "throw" fails, "nan" is no number.
class TextReward final : public Reward {
 public:
  Score score(const Submission& submission) const override {
    const std::string& completion_text = submission.completion;
    if (completion_text == "throw") throw InputError("here", "it broke");
    Score score;
    if (completion_text == "undecided") score.detail["verdict"] = "undecided";
    if (completion_text == "nan")
      score.value = std::numeric_limits<double>::quiet_NaN();
    else if (completion_text != "null")
      score.value = completion_text == "undecided" ? 0 : std::stod(completion_text);
    return score;
  }
  void check_example(const data::Example& example, const std::string& place) const override {
    if (example.answer.empty()) throw InputError(place, "has no `answer`");
  }
};

class OneReward final : public Reward {
 public:
  Score score(const Submission&) const override { return {.value = 1.0}; }
};

RewardConfig config(const std::string& name, double weight) {
  RewardConfig result;
  result.name = name;
  result.weight = weight;
  result.max_error_rate = 1;
  return result;
}

data::CompletionBatch batch_of(const std::vector<std::string>& texts) {
  data::CompletionBatch batch;
  batch.prompts.resize(1);
  batch.num_generations = static_cast<int64_t>(texts.size());
  for (const std::string& text : texts) batch.completions.emplace_back().text = text;
  return batch;
}

TEST(Scorer, AddsUpWhatApplies) {
  const Scorer scorer({config("text", 2), config("one", 0.5)},
                      {std::make_shared<TextReward>(), std::make_shared<OneReward>()});
  const BatchScores scores = scorer.score(batch_of({"3", "null", "-1", "undecided"}));
  EXPECT_EQ(scores.names, (std::vector<std::string>{"text", "one"}));
  EXPECT_EQ(scores.values[0], (std::vector<std::optional<double>>{3, std::nullopt, -1, 0}));
  EXPECT_EQ(scores.values[1], (std::vector<std::optional<double>>{1, 1, 1, 1}));
  EXPECT_EQ(scores.total, (std::vector<std::optional<double>>{6.5, 0.5, -1.5, 0.5}));
  EXPECT_EQ(scores.num_undecided, (std::vector<int64_t>{1, 0}));
  EXPECT_EQ(scores.num_failed, (std::vector<int64_t>{0, 0}));
}

TEST(Scorer, CountsFailuresAndNeverScoresThemZero) {
  const Scorer scorer({config("text", 1)}, {std::make_shared<TextReward>()});
  const BatchScores scores = scorer.score(batch_of({"throw", "nan", "2", "null", "words"}));
  EXPECT_EQ(scores.values[0],
            (std::vector<std::optional<double>>{std::nullopt, std::nullopt, 2, std::nullopt, std::nullopt}));
  EXPECT_EQ(scores.total[0], std::nullopt);
  EXPECT_EQ(scores.num_failed, (std::vector<int64_t>{3}));
}

TEST(Scorer, StopsWhereARewardFailsTooOften) {
  RewardConfig strict = config("text", 1);
  strict.max_error_rate = 0.5;
  const Scorer scorer({strict}, {std::make_shared<TextReward>()});
  EXPECT_EQ(scorer.score(batch_of({"throw", "1"})).num_failed, (std::vector<int64_t>{1}));
  try {
    scorer.score(batch_of({"throw", "throw", "1"}));
    FAIL();
  } catch (const RewardError& error) {
    EXPECT_STREQ(
        error.what(),
        "reward text failed on 2 of 3 completions, more than max_error_rate = 0.5 allows; the last time: here: "
        "it broke");
  }
}

// Judges all at once: each completion's place in the batch.
class PlaceReward final : public Reward {
 public:
  Score score(const Submission&) const override { return {}; }
  bool is_batched() const override { return true; }
  std::vector<Score> score_batch(const std::vector<Submission>& submissions, std::stop_token) const override {
    std::vector<Score> scores;
    for (const Submission& submission : submissions) {
      if (submission.completion == "throw") throw InputError("here", "it broke");
      scores.push_back({.value = static_cast<double>(scores.size())});
    }
    return scores;
  }
};

TEST(Scorer, AsksABatchedRewardOnce) {
  const Scorer scorer({config("place", 2), config("one", 1)},
                      {std::make_shared<PlaceReward>(), std::make_shared<OneReward>()});
  EXPECT_EQ(scorer.score(batch_of({"a", "b", "c"})).total, (std::vector<std::optional<double>>{1, 3, 5}));
  const BatchScores broken = scorer.score(batch_of({"a", "throw", "c"}));
  EXPECT_EQ(broken.num_failed, (std::vector<int64_t>{3, 0}));
  EXPECT_EQ(broken.total, (std::vector<std::optional<double>>(3)));
}

TEST(Scorer, LeavesOutACompletionThatAnyRewardFailedOn) {
  const std::vector<std::shared_ptr<const Reward>> rewards = {std::make_shared<OneReward>(),
                                                              std::make_shared<TextReward>()};
  const data::CompletionBatch batch = batch_of({"2", "throw", "null"});
  const BatchScores scores = Scorer({config("one", 1), config("text", 1)}, rewards).score(batch);
  EXPECT_EQ(scores.values[0], (std::vector<std::optional<double>>{1, 1, 1}));
  EXPECT_EQ(scores.total, (std::vector<std::optional<double>>{3, std::nullopt, 1}));
  // One that only watches neither masks nor makes a total.
  const BatchScores watched = Scorer({config("one", 1), config("text", 0)}, rewards).score(batch);
  EXPECT_EQ(watched.total, (std::vector<std::optional<double>>{1, 1, 1}));
  const BatchScores watching = Scorer({config("one", 0), config("text", 1)}, rewards).score(batch);
  EXPECT_EQ(watching.total, (std::vector<std::optional<double>>{2, std::nullopt, std::nullopt}));
}

TEST(Scorer, RefusesOptionsOfAnotherRule) {
  RewardConfig wrong = config("accuracy", 1);
  wrong.limits.timeout_seconds = 2;
  try {
    make_reward(wrong);
    FAIL();
  } catch (const ConfigError& error) {
    EXPECT_STREQ(error.what(), "rewards.timeout_seconds: means nothing to the verifier math; leave it out");
  }
}

TEST(Scorer, NamesTheRowThatCannotBeJudged) {
  const Scorer scorer({config("text", 1)}, {std::make_shared<TextReward>()});
  std::vector<data::Example> examples(3);
  examples[0].answer = examples[2].answer = "1";
  try {
    scorer.check_examples(examples, "sums.jsonl");
    FAIL();
  } catch (const InputError& error) {
    EXPECT_STREQ(error.what(), "sums.jsonl, row 2: has no `answer`");
  }
}

TEST(Scorer, BuildsItsRewardsFromTheRecipe) {
  const Scorer scorer(std::vector<RewardConfig>{config("accuracy", 1), config("format", 0.5)});
  data::CompletionBatch batch = batch_of({"<think>a</think><answer>1/2</answer>", "\\boxed{0.5}", "0.5"});
  batch.prompts[0].example.answer = "0.5";
  EXPECT_EQ(scorer.score(batch).total, (std::vector<std::optional<double>>{1.5, 1, 0}));
  EXPECT_THROW(Scorer(std::vector<RewardConfig>{config("acuracy", 1)}), ConfigError);
  EXPECT_THROW(Scorer({config("a", 1), config("b", 1)}, {std::make_shared<OneReward>()}), ConfigError);
}

}  // namespace
}  // namespace aha::reward::scorer_test
