// Estimates against numbers worked by hand; the engine is left out.
#include "aha/evaluate/evaluate.h"

#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "aha/core/error.h"
#include "evaluate/consensus.h"

namespace aha::evaluate::evaluate_test {
namespace {

TEST(PassAtK, MatchesPublishedNumbersAndCounting) {
  EXPECT_NEAR(pass_at_k(64, 5, 1), 0.0781, 5e-5);
  EXPECT_NEAR(pass_at_k(64, 5, 8), 0.4990, 5e-5);
  EXPECT_NEAR(pass_at_k(64, 5, 16), 0.7754, 5e-5);
  EXPECT_DOUBLE_EQ(pass_at_k(4, 2, 2), 1 - 1.0 / 6);  // one of six pairs is wrong twice
  EXPECT_EQ(pass_at_k(16, 0, 16), 0);
  EXPECT_EQ(pass_at_k(16, 1, 16), 1);
  EXPECT_EQ(pass_at_k(8, 8, 1), 1);
}

TEST(MeanInterval, WorkedByHand) {
  // Mean 0.5; sample variance (0.25 + 0.25 + 0 + 0) / 3 = 1/6; 1.96 · sqrt(1/24) = 0.400083.
  const auto interval = mean_interval({0, 1, 0.5, 0.5});
  EXPECT_NEAR(interval[0], 0.5 - 1.96 * std::sqrt(1.0 / 24), 1e-12);
  EXPECT_NEAR(interval[1], 0.5 + 1.96 * std::sqrt(1.0 / 24), 1e-12);
  EXPECT_EQ(mean_interval({0, 1})[0], 0);  // cut
  EXPECT_EQ(mean_interval({1}), (std::array<double, 2>{1, 1}));
  EXPECT_TRUE(std::isnan(mean_interval({})[0]));
}

std::unique_ptr<reward::Reward> rule(const std::string& name) {
  reward::RewardConfig config;
  config.name = name;
  return reward::make_reward(config);
}

TEST(Consensus, CountsEqualAnswersHoweverWritten) {
  const auto math = rule("accuracy"), exact = rule("exact");
  const std::vector<Vote> votes = {{"7", false}, {"1/2", true}, {"0.5", true}, {"7", false}, {"\\frac{1}{2}", true}};
  EXPECT_TRUE(consensus_is_right(votes, *math));
  EXPECT_FALSE(consensus_is_right(votes, *exact));
}

TEST(Consensus, FirstSeenWinsATieAndNoAnswerDoesNotVote) {
  const auto math = rule("accuracy");
  EXPECT_TRUE(consensus_is_right({{"1", true}, {"2", false}}, *math));
  EXPECT_FALSE(consensus_is_right({{"2", false}, {"1", true}}, *math));
  EXPECT_TRUE(consensus_is_right({{"", false}, {"", false}, {"1", true}}, *math));
  EXPECT_FALSE(consensus_is_right({{"", true}, {"", true}}, *math));
  EXPECT_FALSE(consensus_is_right({}, *math));
}

data::CompletionBatch batch_of(const std::vector<std::string>& golds, const std::vector<std::string>& answers) {
  data::CompletionBatch batch;
  batch.num_generations = static_cast<int64_t>(answers.size() / golds.size());
  for (const std::string& gold : golds) {
    data::Prompt prompt;
    prompt.example.answer = gold;
    batch.prompts.push_back(prompt);
  }
  for (size_t i = 0; i < answers.size(); ++i) {
    data::Completion completion;
    completion.prompt_index = static_cast<int64_t>(i) / batch.num_generations;
    completion.sample_index = static_cast<int64_t>(i) % batch.num_generations;
    completion.text = "<think>so</think><answer>" + answers[i] + "</answer>";
    completion.token_ids.assign(i + 1, 0);
    completion.finish_reason = i % 4 == 3 ? data::FinishReason::kLength : data::FinishReason::kStop;
    batch.completions.push_back(completion);
  }
  return batch;
}

TEST(Summarise, TwoPromptsWorkedByHand) {
  // Prompt 1: 1 of 4 right, prompt 2: 3 of 4; the majority of the first 3 is 9 (wrong), then 0.5 = 1/2 (right).
  const data::CompletionBatch batch = batch_of({"3", "1/2"}, {"9", "3", "9", "4", "0.5", "7", "\\frac12", "1/2"});
  const auto math = rule("accuracy");
  const reward::Scorer scorer(
      {{.name = "accuracy", .verifier = "", .weight = 1}, {.name = "format", .verifier = "", .weight = 1}});
  const Evaluation evaluation = summarise("sums", batch, scorer.score(batch), *math, 3);
  EXPECT_EQ(evaluation.num_prompts, 2);
  EXPECT_DOUBLE_EQ(evaluation.pass_at_1, 0.5);
  EXPECT_EQ(evaluation.prompt_pass_at_1, (std::vector<double>{0.25, 0.75}));
  EXPECT_DOUBLE_EQ(evaluation.pass_at_k, (0.75 + 1) / 2);  // 1 of 4 right: 3 of the 4 triples hold it
  EXPECT_DOUBLE_EQ(evaluation.cons_at_k, 0.5);
  EXPECT_DOUBLE_EQ(evaluation.mean_length, 4.5);
  EXPECT_DOUBLE_EQ(evaluation.clipped_ratio, 0.25);
  // 0.25 and 0.75: sample variance 1/8; 1.96 · sqrt(1/16) = 0.49.
  EXPECT_NEAR(evaluation.pass_at_1_interval[0], 0.01, 1e-12);
  EXPECT_NEAR(evaluation.pass_at_1_interval[1], 0.99, 1e-12);

  const nlohmann::ordered_json json = evaluation.to_json();
  std::vector<std::string> keys;
  for (const auto& [key, value] : json.items()) keys.push_back(key);
  EXPECT_EQ(keys,
            (std::vector<std::string>{"task", "n", "k", "pass@1", "pass@1_interval", "pass@k", "cons@k", "mean_length",
                                      "clipped_ratio", "rewards", "failed", "timed_out", "undecided"}));
  EXPECT_EQ(json["failed"], nlohmann::ordered_json({{"accuracy", 0}, {"format", 0}}));
  EXPECT_EQ(json["rewards"]["accuracy"], 0.5);
  EXPECT_EQ(json["rewards"]["format"], 1.0);
  EXPECT_EQ(json["pass@1_interval"].size(), 2);
}

TEST(Summarise, LeavesOutWhatNobodyJudged) {
  const data::CompletionBatch batch = batch_of({"3", "((", "3"}, {"3", "4", "3", "3", "5", "6"});
  const auto math = rule("accuracy");
  const reward::Scorer scorer({{.name = "accuracy", .verifier = "", .weight = 1}});
  reward::BatchScores scores = scorer.score(batch);
  EXPECT_FALSE(scores.values[0][2].has_value());  // gold "((" cannot be read
  const Evaluation evaluation = summarise("sums", batch, scores, *math, 2);
  EXPECT_EQ(evaluation.num_prompts, 2);
  EXPECT_DOUBLE_EQ(evaluation.pass_at_1, 0.25);
  EXPECT_TRUE(std::isnan(evaluation.prompt_pass_at_1[1]));

  for (auto& value : scores.values[0]) value.reset();
  const nlohmann::ordered_json json = summarise("sums", batch, scores, *math, 2).to_json();
  EXPECT_EQ(json["n"], 0);
  EXPECT_EQ(json.dump().find("nan"), std::string::npos);
  EXPECT_EQ(nlohmann::json::parse(json.dump())["pass@1"], nullptr);
}

TEST(Summarise, RefusesAnImpossibleK) {
  const data::CompletionBatch batch = batch_of({"3"}, {"3", "4"});
  const auto math = rule("accuracy");
  const reward::Scorer scorer({{.name = "accuracy", .verifier = "", .weight = 1}});
  EXPECT_THROW(summarise("sums", batch, scorer.score(batch), *math, 3), ConfigError);
  EXPECT_THROW(summarise("sums", batch, scorer.score(batch), *math, 0), ConfigError);
}

}  // namespace
}  // namespace aha::evaluate::evaluate_test
