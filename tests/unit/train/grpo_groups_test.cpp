// Which groups are trained on, which begin anew, and how old their tokens are: worked by hand.
#include "train/grpo_groups.h"

#include <gtest/gtest.h>

#include "aha/core/error.h"

namespace aha::train::grpo_groups_test {
namespace {

using data::FinishReason;

/// A group of two completions, both of `length` tokens that were drawn in `step`.
Group group(int64_t id, int64_t step, int64_t length, FinishReason second = FinishReason::kStop) {
  Group group{.prompt = {}, .step = step};
  group.prompt.id = id;
  for (int64_t sample = 0; sample < 2; ++sample) {
    data::Completion& completion = group.completions.emplace_back();
    completion.sample_index = sample;
    completion.prompt_index = 77;
    completion.token_ids.assign(static_cast<size_t>(length), 3);
    completion.policy_versions.assign(static_cast<size_t>(length), static_cast<int32_t>(step));
    completion.finish_reason = sample == 1 ? second : FinishReason::kLength;
  }
  return group;
}

std::vector<int64_t> ids(const data::PromptBatch& prompts) {
  std::vector<int64_t> ids;
  for (const data::Prompt& prompt : prompts) ids.push_back(prompt.id);
  return ids;
}

TEST(GrpoGroups, AreCompleteWhenAllCompletionsHaveEnded) {
  EXPECT_TRUE(group(1, 0, 3).is_complete());
  EXPECT_FALSE(group(1, 0, 3, FinishReason::kUnfinished).is_complete());
  EXPECT_FALSE(Group{}.is_complete());
  EXPECT_EQ(group(1, 0, 3).num_tokens(), 6);
  EXPECT_EQ(num_tokens({group(1, 0, 3), group(2, 0, 4)}), 14);
}

TEST(GrpoGroups, WhatIsCarriedGoesFirstAndBeginsAnewWhenTooOld) {
  const Groups carried = {group(5, 1, 3), group(6, 2, 4), group(7, 4, 5)};
  data::PromptBatch prompts(2);
  prompts[0].id = 8;
  prompts[1].id = 9;
  int64_t num_restarted = -1;
  const Groups groups = groups_of_step(carried, prompts, /*step=*/5, /*max_staleness=*/3, num_restarted);
  ASSERT_EQ(groups.size(), 5u);
  EXPECT_EQ(num_restarted, 1);
  EXPECT_EQ(groups[0].step, 5);  // began 4 steps ago
  EXPECT_TRUE(groups[0].completions.empty());
  EXPECT_EQ(groups[0].prompt.id, 5);
  EXPECT_EQ(groups[1].step, 2);  // 3 steps ago
  EXPECT_EQ(groups[1].num_tokens(), 8);
  EXPECT_EQ(groups[2].step, 4);
  EXPECT_EQ(groups[3].step, 5);
  EXPECT_EQ(groups[4].prompt.id, 9);
}

TEST(GrpoGroups, TheFirstCompleteOnesAreTakenAndTheOthersStay) {
  Groups groups = {group(1, 0, 3), group(2, 0, 9, FinishReason::kUnfinished), group(3, 1, 2), group(4, 1, 1),
                   group(5, 1, 9, FinishReason::kUnfinished)};
  const auto numbers = first_complete(groups, 2);
  EXPECT_EQ(numbers, (std::vector<int64_t>{0, 2}));
  EXPECT_THROW(first_complete(groups, 4), ShapeError);

  const data::CompletionBatch batch = take_groups(groups, numbers, 2);
  EXPECT_EQ(ids(batch.prompts), (std::vector<int64_t>{1, 3}));
  EXPECT_EQ(batch.num_generations, 2);
  ASSERT_EQ(batch.completions.size(), 4u);
  for (int64_t i = 0; i < 4; ++i) {
    const data::Completion& completion = batch.completions[static_cast<size_t>(i)];
    EXPECT_EQ(completion.prompt_index, i / 2);
    EXPECT_EQ(completion.sample_index, i % 2);
    EXPECT_EQ(completion.token_ids.size(), i < 2 ? 3u : 2u);
  }
  ASSERT_EQ(groups.size(), 3u);
  EXPECT_EQ(groups[0].prompt.id, 2);
  EXPECT_EQ(groups[1].prompt.id, 4);  // complete, and one too many
  EXPECT_TRUE(groups[1].is_complete());
  EXPECT_EQ(groups[2].num_tokens(), 18);
  EXPECT_THROW(take_groups(groups, {0}, 3), ShapeError);
}

TEST(GrpoGroups, MetricsTellTheAgeOfTokens) {
  Groups groups = {group(1, 3, 4), group(2, 5, 2)};
  groups[0].completions[1].policy_versions = {3, 4, 5, 5};
  const data::CompletionBatch batch = take_groups(groups, {0, 1}, 2);
  Metrics metrics;
  add_rollout_metrics(batch, 5, {.drawn_tokens = 9, .dropped_tokens = 7, .restarted_groups = 1, .carried_groups = 2},
                      metrics);
  // Ages: 2 2 2 2 | 2 1 0 0 | 0 0 | 0 0.
  EXPECT_DOUBLE_EQ(metrics.at("rollout/old_token_ratio"), 6.0 / 12);
  EXPECT_DOUBLE_EQ(metrics.at("rollout/mean_staleness"), 11.0 / 12);
  EXPECT_EQ(metrics.at("rollout/drawn_tokens"), 9);
  EXPECT_EQ(metrics.at("rollout/dropped_tokens"), 7);
  EXPECT_EQ(metrics.at("rollout/restarted_groups"), 1);
  EXPECT_EQ(metrics.at("rollout/carried_groups"), 2);
}

TEST(GrpoGroups, MetricsOfNothingAreNumbers) {
  Metrics metrics;
  add_rollout_metrics({}, 0, {}, metrics);
  EXPECT_EQ(metrics.at("rollout/old_token_ratio"), 0);
  EXPECT_EQ(metrics.at("rollout/mean_staleness"), 0);
}

}  // namespace
}  // namespace aha::train::grpo_groups_test
