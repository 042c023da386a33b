// A judge whose answers are known: grades, comparisons in both orders, votes that cannot be read.
#include "reward/learned/judge_reward.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "aha/core/error.h"
#include "reward/learned/judge_panel.h"
#include "reward/learned/judge_prompt.h"
#include "reward/learned/judge_vote.h"
#include "unit/core/temporary_folder.h"
#include "unit/reward/learned/writing_judge.h"

namespace aha::reward::judge_reward_test {
namespace {

using test::answering;
using test::judge_services;
using testing::HasSubstr;

RewardConfig config_of(const std::string& comparison, int64_t num_votes = 1) {
  RewardConfig config;
  config.name = "quality";
  config.verifier = "judge";
  config.judge.model = "sft";
  config.judge.part = "summary";
  config.judge.comparison = comparison;
  config.judge.num_votes = num_votes;
  config.judge.max_judge_length = 8;
  return config;
}

data::Example asking(const std::string& prompt) {
  data::Example example;
  example.prompt = prompt;
  return example;
}

void add_group(std::vector<Submission>& submissions, const std::vector<std::string>& texts,
               const data::Example& example) {
  for (const std::string& text : texts) {
    submissions.push_back({.completion = text, .example = example, .prompt = example.prompt});
  }
}

std::vector<Score> scores_of(const Reward& reward, const std::vector<std::string>& texts,
                             const data::Example& example) {
  std::vector<Submission> submissions;
  add_group(submissions, texts, example);
  return reward.score_batch(submissions, {});
}

const std::string kLoud = "yes" + std::string(150, '!');

TEST(PointwiseJudge, GradesFromNothingToOne) {
  const auto reward = make_reward(config_of("pointwise"), judge_services(answering({'2'}, '9')));
  EXPECT_TRUE(reward->is_batched());
  const std::vector<Score> scores =
      scores_of(*reward, {"quiet", kLoud, "<think>" + kLoud, "x</think>" + kLoud}, asking("q"));
  EXPECT_EQ(scores[0].value, 1.0 / 9);  // grade 2
  EXPECT_EQ(scores[1].value, 8.0 / 9);  // grade 9
  EXPECT_EQ(scores[2].value, 0);        // reasoning alone has no summary
  EXPECT_EQ(scores[3].value, 8.0 / 9);
  EXPECT_EQ(scores[0].detail.at("grades").dump(), "[2]");
  EXPECT_EQ(scores[2].detail.at("is_empty"), true);
}

TEST(PointwiseJudge, TheMeanOfSeveralVotesCounts) {
  const auto services = judge_services(answering({'2', '9'}));
  const auto reward = make_reward(config_of("pointwise", 6), services);
  std::set<double> values;
  for (const char* text : {"a", "b", "c", "d"}) {
    const Score score = reward->score(text, asking("q"));
    double sum = 0;
    for (const auto& grade : score.detail.at("grades")) sum += grade.get<double>();
    ASSERT_EQ(score.detail.at("grades").size(), 6u);
    EXPECT_DOUBLE_EQ(score.value.value(), (sum / 6 - 1) / 9);
    values.insert(*score.value);
  }
  EXPECT_GT(values.size(), 1u);  // each text has votes of its own
}

TEST(PointwiseJudge, VotesThatCannotBeReadAreNotCounted) {
  const auto none = make_reward(config_of("pointwise", 2), judge_services(answering({'x'})));
  const Score unread = none->score("a", asking("q"));
  EXPECT_EQ(unread.value, std::nullopt);
  EXPECT_EQ(unread.fault, "none of 2 votes ends with a grade");

  const auto some = make_reward(config_of("pointwise", 12), judge_services(answering({'x', '4'})));
  const Score read = some->score("a", asking("q"));
  EXPECT_EQ(read.value, 3.0 / 9);
  EXPECT_THAT(read.detail.at("grades").dump(), HasSubstr("null"));

  RewardConfig brief = config_of("pointwise");
  brief.judge.max_judge_length = 2;  // <answer>4 and no more
  EXPECT_EQ(make_reward(brief, judge_services(answering({'4'})))->score("a", asking("q")).fault,
            "none of 1 votes ends with a grade");
}

TEST(PointwiseJudge, WhatIsTooLongIsAFaultOfItsOwn) {
  const auto reward = make_reward(config_of("pointwise"), judge_services(answering({'4'})));
  const std::vector<Score> scores = scores_of(*reward, {"a", std::string(5000, 'x'), "b"}, asking("q"));
  EXPECT_EQ(scores[0].value, 3.0 / 9);
  EXPECT_EQ(scores[1].value, std::nullopt);
  EXPECT_THAT(scores[1].fault, HasSubstr("the judge cannot be asked"));
  EXPECT_THAT(scores[1].fault, HasSubstr("context of 4096"));
  EXPECT_EQ(scores[2].value, 3.0 / 9);
}

TEST(PairwiseJudge, AJudgeOfPlacesGivesNobodyAWin) {
  const auto reward = make_reward(config_of("pairwise"), judge_services(answering({'A'})));
  for (const Score& score : scores_of(*reward, {"a", "b", "c"}, asking("q"))) EXPECT_EQ(score.value, 0.5);
  EXPECT_EQ(scores_of(*reward, {"alone"}, asking("q"))[0].value, std::nullopt);
  EXPECT_EQ(scores_of(*reward, {"alone"}, asking("q"))[0].fault, "");
  const std::vector<Score> empty = scores_of(*reward, {"a", "<think>", "b", "a"}, asking("q"));
  EXPECT_DOUBLE_EQ(empty[0].value.value(), (1 + 0.5 + 0.5) / 3);  // beats the empty one, ties with b and with itself
  EXPECT_EQ(empty[1].value, 0);
  EXPECT_DOUBLE_EQ(empty[2].value.value(), (1 + 0.5 + 0.5) / 3);
}

TEST(PairwiseJudge, UnreadVotesAreAFault) {
  const auto reward = make_reward(config_of("pairwise"), judge_services(answering({'x'})));
  for (const Score& score : scores_of(*reward, {"a", "b"}, asking("q"))) {
    EXPECT_EQ(score.value, std::nullopt);
    EXPECT_EQ(score.fault, "no vote of its comparisons names A, B or tie");
  }
}

TEST(PairwiseJudge, CountsTheWinsOfItsVotes) {
  constexpr int64_t kVotes = 5;
  const auto services = judge_services(answering({'A', 'B'}));
  const RewardConfig config = config_of("pairwise", kVotes);
  const std::vector<std::string> texts = {"one", "two", "three"};
  const data::Example example = asking("q");
  const std::vector<Score> scores = scores_of(*make_reward(config, services), texts, example);

  const JudgePanel panel(config, services);
  const auto votes = [&](const std::string& a, const std::string& b) {
    const std::string question = fill_in(default_instructions("pairwise"),
                                         {{"prompt", "q"}, {"answer", ""}, {"response_a", a}, {"response_b", b}});
    return panel.ask({question}, {}).front().answers;
  };
  double all = 0;
  for (size_t i = 0; i < texts.size(); ++i) {
    double points = 0;
    for (size_t j = 0; j < texts.size(); ++j) {
      if (i == j) continue;
      const auto in_order = votes(texts[i], texts[j]), swapped = votes(texts[j], texts[i]);
      for (size_t v = 0; v < kVotes; ++v) {
        const bool won = in_order[v] == "<answer>A</answer>" && swapped[v] == "<answer>B</answer>";
        const bool lost = in_order[v] == "<answer>B</answer>" && swapped[v] == "<answer>A</answer>";
        points += won ? 1 : lost ? 0 : 0.5;
      }
    }
    EXPECT_DOUBLE_EQ(scores[i].value.value(), points / (2 * kVotes)) << texts[i];
    all += *scores[i].value;
  }
  EXPECT_DOUBLE_EQ(all, 1.5);  // what one wins another loses
  EXPECT_FALSE(scores[0].value == scores[1].value && scores[1].value == scores[2].value);
}

TEST(JudgeReward, VotesDoNotDependOnTheBatch) {
  for (const char* comparison : {"pointwise", "pairwise"}) {
    const RewardConfig config = config_of(comparison, 3);
    const auto sayings = comparison == std::string("pairwise") ? answering({'A', 'B'}) : answering({'2', '9'});
    const data::Example one = asking("one"), two = asking("two");
    const std::vector<std::string> texts = {"a", "bb", "ccc", "dddd"}, others = {"other", "words", "before", "them"};
    const std::vector<Score> alone = scores_of(*make_reward(config, judge_services(sayings)), texts, one);
    for (const int num_threads : {1, 2}) {
      const auto reward = make_reward(config, judge_services(sayings, num_threads));
      std::vector<Submission> both;
      add_group(both, others, two);
      add_group(both, texts, one);
      const std::vector<Score> together = reward->score_batch(both, {});
      for (size_t i = 0; i < texts.size(); ++i) EXPECT_EQ(together[texts.size() + i].value, alone[i].value);
    }
  }
}

TEST(JudgeReward, InstructionsOfOnesOwn) {
  RewardConfig config = config_of("pointwise");
  config.judge.instructions = "Is {response} loud, {prompt}?";
  const auto reward = make_reward(config, judge_services(answering({'2'}, '9')));
  EXPECT_EQ(reward->score("!!", asking("q")).value, 8.0 / 9);
  EXPECT_EQ(reward->score("{prompt}", asking("!!")).value, 8.0 / 9);
  EXPECT_EQ(reward->score("hm", asking("q")).value, 1.0 / 9);
  config.judge.instructions = "Grade {prompt}";
  ASSERT_EQ(contradictions(config).size(), 1u);
  EXPECT_EQ(contradictions(config)[0].key, "instructions");
  EXPECT_EQ(contradictions(config)[0].sentence, "have no {response}, where a pointwise judge reads what it judges");
}

TEST(JudgeReward, RewardModelsCannotWrite) {
  RewardServices services = judge_services(answering({'2'}));
  services.load_model = [](const std::string&) {
    return std::make_shared<model::Model>(test::writing_judge(answering({'2'})).as_reward_model(1));
  };
  EXPECT_THAT(test::sentence_of<InputError>([&] { make_reward(config_of("pointwise"), services); }),
              HasSubstr("name a language model"));
}

}  // namespace
}  // namespace aha::reward::judge_reward_test
