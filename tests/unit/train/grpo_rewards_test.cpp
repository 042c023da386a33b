// Rewards of the trainer's own, and what the scores come to: worked by hand.
#include <ATen/ops/equal.h>
#include <torch/csrc/autograd/generated/variable_factories.h>

#include "train/grpo_rewards.h"

#include <gtest/gtest.h>

#include <cmath>

#include "aha/core/error.h"

namespace aha::train::grpo_rewards_test {
namespace {

using Values = std::vector<std::optional<double>>;

data::CompletionBatch batch_of(const std::vector<int64_t>& lengths) {
  data::CompletionBatch batch;
  batch.num_generations = std::ssize(lengths);
  batch.prompts.resize(1);
  batch.prompts[0].token_ids = {1};
  for (const int64_t length : lengths) {
    data::Completion& completion = batch.completions.emplace_back();
    completion.token_ids.assign(static_cast<size_t>(length), 5);
    completion.policy_logprobs.assign(static_cast<size_t>(length), -1.0f);
  }
  return batch;
}

TEST(GrpoRewards, OverlongPunishmentFallsOverTheCache) {
  // 20 tokens at most, of which the last 8 are the cache: free up to 12.
  const auto batch = batch_of({0, 11, 12, 13, 16, 19, 20});
  EXPECT_EQ(soft_overlong_punishment(batch, 20, 8), (std::vector<double>{0, 0, 0, -1 / 8.0, -4 / 8.0, -7 / 8.0, -1}));
  // With a cache of the whole length it begins at the first token.
  EXPECT_EQ(soft_overlong_punishment(batch_of({0, 1, 4}), 4, 4), (std::vector<double>{0, -0.25, -1}));
}

TEST(GrpoRewards, ARewardMoreIsSeenAndWeighed) {
  reward::BatchScores scores{.names = {"accuracy"},
                             .weights = {2.0},
                             .values = {{1.0, 0.0, std::nullopt}},
                             .total = {2.0, 0.0, std::nullopt},
                             .num_failed = {1},
                             .num_timed_out = {0},
                             .num_undecided = {0}};
  add_reward("length", -0.5, {3, 4, 5}, scores);
  EXPECT_EQ(scores.names, (std::vector<std::string>{"accuracy", "length"}));
  EXPECT_EQ(scores.values[1], (Values{3.0, 4.0, std::nullopt}));  // what nothing judged stays unjudged
  EXPECT_EQ(scores.total, (Values{0.5, -2.0, std::nullopt}));
  EXPECT_EQ(scores.num_failed, (std::vector<int64_t>{1, 0}));
  EXPECT_EQ(scores.num_undecided, (std::vector<int64_t>{0, 0}));

  const objective::Rewards rewards = rewards_of(scores, batch_of({3, 1, 2}));
  EXPECT_EQ(rewards.weight_R, (std::vector<double>{2.0, -0.5}));
  EXPECT_EQ(rewards.length_N, (std::vector<int64_t>{3, 1, 2}));
  EXPECT_TRUE(at::equal(rewards.value_NR.narrow(0, 0, 2), torch::tensor({{1.0, 3.0}, {0.0, 4.0}}, at::kDouble)));
  EXPECT_TRUE(rewards.value_NR[2].isnan().all().item<bool>());
  EXPECT_THROW(add_reward("short", 1, {1}, scores), ShapeError);
}

TEST(GrpoRewards, ACompletionWithoutATotalTeachesNothing) {
  const reward::BatchScores scores{.names = {"accuracy", "own"},
                                   .weights = {1.0, 1.0},
                                   .values = {{1.0, 0.0}, {std::nullopt, 2.0}},
                                   .total = {std::nullopt, 2.0},
                                   .num_failed = {0, 1},
                                   .num_timed_out = {0, 0},
                                   .num_undecided = {0, 0}};
  const objective::Rewards rewards = rewards_of(scores, batch_of({1, 1}));
  EXPECT_TRUE(rewards.value_NR[0].isnan().all().item<bool>());
  EXPECT_TRUE(at::equal(rewards.value_NR[1], torch::tensor({0.0, 2.0}, at::kDouble)));
}

TEST(GrpoRewards, KlOfACompletionIsTheSumOfItsTokens) {
  const auto batch = batch_of({2, 0, 1});
  std::vector<GrpoSample> samples(2);
  samples[0] = {.completion = &batch.completions[0], .prompt = &batch.prompts[0]};
  samples[0].sampler_logprobs = {-1.0, -2.0};
  samples[0].reference_logprobs = {-1.5, -1.0};  // d = -0.5, 1
  samples[1] = {.completion = &batch.completions[2], .prompt = &batch.prompts[0]};
  samples[1].sampler_logprobs = {-3.0};
  samples[1].reference_logprobs = {-3.0};
  samples[1].old_logprobs = {-2.0};
  samples[0].old_logprobs = samples[0].sampler_logprobs;

  GrpoConfig config;
  const double k3 = std::exp(-0.5) + 0.5 - 1 + std::exp(1.0) - 1 - 1;
  const auto found = kl_to_reference(samples, batch, config);
  ASSERT_EQ(found.size(), 3u);
  EXPECT_NEAR(found[0], k3, 1e-15);
  EXPECT_EQ(found[1], 0);  // no sample
  EXPECT_EQ(found[2], 0);
  config.loss.kl_estimator = "k1";
  EXPECT_NEAR(kl_to_reference(samples, batch, config)[0], 0.5 - 1.0, 1e-15);
  config.loss.kl_estimator = "k2";
  EXPECT_NEAR(kl_to_reference(samples, batch, config)[0], 0.125 + 0.5, 1e-15);
  config.old_logprobs = "forward";  // then the old policy is that of the pass
  EXPECT_NEAR(kl_to_reference(samples, batch, config)[2], 0.5, 1e-15);
}

}  // namespace
}  // namespace aha::train::grpo_rewards_test
