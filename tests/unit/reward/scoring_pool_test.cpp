// Rewards that run beside the sampler find what they would have found after it.
#include "aha/reward/scoring_pool.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <latch>
#include <numeric>
#include <thread>

#include "aha/core/error.h"
#include "aha/core/random.h"

namespace aha::reward::scoring_pool_test {
namespace {

using std::chrono::milliseconds;

// Fails, passes over, hesitates and scores, by the completion's text; some take their time.
class MoodyReward final : public Reward {
 public:
  Score score(const Submission& submission) const override {
    const std::string& text = submission.completion;
    if (text.size() % 7 == 3) std::this_thread::sleep_for(milliseconds(1));
    if (text.starts_with('t')) throw InputError("here", "it broke at " + text);
    if (text.starts_with('u')) return {.value = 0.0, .detail = {{"verdict", "undecided"}}};
    if (text.starts_with('n')) return {};
    return {.value = static_cast<double>(text.size()) + static_cast<double>(submission.example.difficulty)};
  }
};

// Waits until it is let go.
class GateReward final : public Reward {
 public:
  Score score(const Submission&) const override {
    ++num_begun;
    gate.wait();
    return {.value = 1.0};
  }
  mutable std::latch gate{1};
  mutable std::atomic<int> num_begun = 0;
};

Scorer scorer_of(std::vector<std::shared_ptr<const Reward>> rewards) {
  std::vector<RewardConfig> configs;
  for (size_t r = 0; r < rewards.size(); ++r) {
    configs.push_back(
        {.name = "r" + std::to_string(r), .verifier = "", .weight = 0.3 + static_cast<double>(r), .max_error_rate = 1});
  }
  return Scorer(std::move(configs), std::move(rewards));
}

data::CompletionBatch random_batch(int64_t num_prompts, int64_t group) {
  Random random(4, "batch");
  data::CompletionBatch batch;
  batch.num_generations = group;
  for (int64_t p = 0; p < num_prompts; ++p) {
    batch.prompts.emplace_back().example.difficulty = p;
    for (int64_t g = 0; g < group; ++g) {
      data::Completion& completion = batch.completions.emplace_back();
      completion.prompt_index = p;
      completion.sample_index = g;
      completion.text = std::string("atunb").substr(random.below(5), 1) + std::string(random.below(20), '.');
    }
  }
  return batch;
}

void submit(ScoringPool& pool, const data::CompletionBatch& batch, size_t i) {
  const data::Completion& completion = batch.completions[i];
  pool.submit(static_cast<int64_t>(i), completion, batch.prompts[static_cast<size_t>(completion.prompt_index)]);
}

void expect_equal(const BatchScores& a, const BatchScores& b) {
  EXPECT_EQ(a.names, b.names);
  EXPECT_EQ(a.values, b.values);
  EXPECT_EQ(a.total, b.total);
  EXPECT_EQ(a.num_failed, b.num_failed);
  EXPECT_EQ(a.num_undecided, b.num_undecided);
}

TEST(ScoringPool, FindsWhatTheScorerFindsInAnyOrderOnAnyThreads) {
  const Scorer scorer = scorer_of({std::make_shared<MoodyReward>(), std::make_shared<MoodyReward>()});
  const data::CompletionBatch batch = random_batch(20, 4);
  const BatchScores expected = scorer.score(batch);
  ASSERT_GT(expected.num_failed[0], 3);
  ASSERT_GT(expected.num_undecided[0], 0);
  for (const int num_threads : {1, 2, 5}) {
    std::vector<size_t> order(batch.completions.size());
    std::iota(order.begin(), order.end(), 0);
    Random(static_cast<uint64_t>(num_threads), "order").shuffle(order);
    ScoringPool pool(scorer, std::ssize(batch.completions), num_threads);
    for (const size_t i : order) submit(pool, batch, i);
    expect_equal(pool.wait(), expected);
  }
}

TEST(ScoringPool, GivesTheScoresOfSomePlacesInTheOrderAskedFor) {
  const Scorer scorer = scorer_of({std::make_shared<MoodyReward>()});
  const data::CompletionBatch batch = random_batch(6, 2);
  ScoringPool pool(scorer, std::ssize(batch.completions), 2);
  const std::vector<int64_t> places = {7, 2, 3};
  data::CompletionBatch chosen;
  chosen.prompts = batch.prompts;
  for (const int64_t place : places) {
    submit(pool, batch, static_cast<size_t>(place));
    chosen.completions.push_back(batch.completions[static_cast<size_t>(place)]);
  }
  expect_equal(pool.wait(places), scorer.score(chosen));
}

TEST(ScoringPool, JudgesWhileOthersAreStillToCome) {
  const auto reward = std::make_shared<GateReward>();
  const Scorer scorer = scorer_of({reward});
  const data::CompletionBatch batch = random_batch(2, 1);
  ScoringPool pool(scorer, 2, 1);
  submit(pool, batch, 0);
  while (reward->num_begun == 0) std::this_thread::sleep_for(milliseconds(1));  // no wait() was needed for it
  reward->gate.count_down();
  submit(pool, batch, 1);
  EXPECT_EQ(pool.wait().total, (std::vector<std::optional<double>>{0.3, 0.3}));
}

TEST(ScoringPool, AStopEndsTheWaitAndDropsWhatHasNotBegun) {
  const auto reward = std::make_shared<GateReward>();
  const Scorer scorer = scorer_of({reward});
  const data::CompletionBatch batch = random_batch(50, 1);
  {
    ScoringPool pool(scorer, 50, 1);
    for (size_t i = 0; i < 50; ++i) submit(pool, batch, i);
    std::stop_source source;
    const std::jthread asker([&] {
      std::this_thread::sleep_for(milliseconds(5));
      source.request_stop();
    });
    EXPECT_THROW(pool.wait(source.get_token()), StoppedError);
    // Let go only when the destructor below has asked the thread to end, or soon before.
    std::thread([reward] {
      std::this_thread::sleep_for(milliseconds(20));
      reward->gate.count_down();
    }).detach();
  }
  EXPECT_EQ(reward->num_begun, 1);
}

TEST(ScoringPool, WhatIsJudgedAlreadyIsGivenInSpiteOfAStop) {
  const Scorer scorer = scorer_of({std::make_shared<MoodyReward>()});
  const data::CompletionBatch batch = random_batch(3, 1);
  ScoringPool pool(scorer, 3, 2);
  for (size_t i = 0; i < 3; ++i) submit(pool, batch, i);
  const BatchScores scores = pool.wait();
  std::stop_source source;
  source.request_stop();
  expect_equal(pool.wait(source.get_token()), scores);
}

TEST(ScoringPool, RefusesWrongPlaces) {
  const Scorer scorer = scorer_of({std::make_shared<MoodyReward>()});
  const data::CompletionBatch batch = random_batch(3, 1);
  ScoringPool pool(scorer, 2, 1);
  EXPECT_THROW(submit(pool, batch, 2), ShapeError);
  submit(pool, batch, 1);
  EXPECT_THROW(submit(pool, batch, 1), ShapeError);
  EXPECT_THROW(pool.wait(), ShapeError);  // place 0 was never handed in
  EXPECT_THROW(ScoringPool(scorer, 2, 0), ConfigError);
}

TEST(ScoringPool, AnEmptyBatchHasNoScores) {
  const Scorer scorer = scorer_of({std::make_shared<MoodyReward>()});
  const BatchScores scores = ScoringPool(scorer, 0, 2).wait();
  EXPECT_EQ(scores.names, std::vector<std::string>{"r0"});
  EXPECT_TRUE(scores.total.empty());
}

}  // namespace
}  // namespace aha::reward::scoring_pool_test
