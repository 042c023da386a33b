// Metrics of a step, worked by hand.
#include <torch/csrc/autograd/generated/variable_factories.h>

#include "train/grpo_metrics.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace aha::train::grpo_metrics_test {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

TEST(GrpoMetrics, RewardsLeaveOutWhatWasNotJudged) {
  // Groups 1 0 | 2 null: standard deviations 1/√2 and 0; judged mean 1, overall deviation 1.
  const std::vector<std::optional<double>> values = {1.0, 0.0, 2.0, std::nullopt};
  const reward::BatchScores scores{
      .names = {"accuracy"}, .values = {values}, .total = values, .num_failed = {1}, .num_undecided = {2}};
  const at::Tensor reward_N = torch::tensor({1.0, 0.0, 2.0, kNaN}, at::kDouble);
  Metrics metrics;
  add_reward_metrics(scores, reward_N, 2, /*batch_std=*/false, metrics);
  EXPECT_DOUBLE_EQ(metrics.at("reward"), 1);
  EXPECT_DOUBLE_EQ(metrics.at("reward_std"), std::sqrt(0.5) / 2);
  EXPECT_DOUBLE_EQ(metrics.at("rewards/accuracy/mean"), 1);
  EXPECT_DOUBLE_EQ(metrics.at("rewards/accuracy/std"), 1);
  EXPECT_DOUBLE_EQ(metrics.at("rewards/accuracy/num_null"), 1);
  EXPECT_DOUBLE_EQ(metrics.at("rewards/accuracy/num_failed"), 1);
  EXPECT_DOUBLE_EQ(metrics.at("rewards/accuracy/num_undecided"), 2);
  EXPECT_DOUBLE_EQ(metrics.at("frac_reward_zero_std"), 0.5);
  add_reward_metrics(scores, reward_N, 2, /*batch_std=*/true, metrics);
  EXPECT_DOUBLE_EQ(metrics.at("reward_std"), 1);
}

UpdateStats update(int64_t num_tokens, double scale, UpdateOutcome outcome) {
  return {.loss = 2 * scale,
          .policy_loss = scale,
          .grad_norm = 10 * scale,
          .entropy_sum = 4 * scale,
          .kl_sum = 8 * scale,
          .clip_low_sum = 1,
          .clip_high_sum = 2,
          .ratio_sum = 10,
          .ratio_min = 1 - 0.1 * scale,
          .ratio_max = 1 + 0.1 * scale,
          .logp_difference_sum = 5,
          .logp_difference_max = scale,
          .num_tokens = num_tokens,
          .outcome = outcome};
}

TEST(GrpoMetrics, UpdatesAreAveragedOverTokens) {
  const std::vector<UpdateStats> updates = {update(10, 1, UpdateOutcome::kUpdated),
                                            update(30, 3, UpdateOutcome::kNotFinite),
                                            update(0, 0, UpdateOutcome::kNoSignal)};
  Metrics metrics;
  add_update_metrics(updates, /*has_reference=*/true, metrics);
  EXPECT_DOUBLE_EQ(metrics.at("loss"), 8.0 / 3);
  EXPECT_DOUBLE_EQ(metrics.at("policy_loss"), 4.0 / 3);
  EXPECT_DOUBLE_EQ(metrics.at("grad_norm"), 10);
  EXPECT_DOUBLE_EQ(metrics.at("skipped_steps"), 1);
  EXPECT_DOUBLE_EQ(metrics.at("steps_without_signal"), 1);
  EXPECT_DOUBLE_EQ(metrics.at("entropy"), 16.0 / 40);
  EXPECT_DOUBLE_EQ(metrics.at("kl"), 32.0 / 40);
  EXPECT_DOUBLE_EQ(metrics.at("clip_ratio/low_mean"), 3.0 / 40);
  EXPECT_DOUBLE_EQ(metrics.at("clip_ratio/high_mean"), 6.0 / 40);
  EXPECT_DOUBLE_EQ(metrics.at("clip_ratio/region_mean"), 9.0 / 40);
  EXPECT_DOUBLE_EQ(metrics.at("clip_ratio/low_min"), 1.0 / 30);
  EXPECT_DOUBLE_EQ(metrics.at("clip_ratio/high_max"), 2.0 / 10);
  // The sampler's policy is that of the first update alone.
  EXPECT_DOUBLE_EQ(metrics.at("sampling/sampling_logp_difference/mean"), 0.5);
  EXPECT_DOUBLE_EQ(metrics.at("sampling/sampling_logp_difference/max"), 1);
  EXPECT_DOUBLE_EQ(metrics.at("sampling/importance_sampling_ratio/min"), 0.9);
  EXPECT_DOUBLE_EQ(metrics.at("sampling/importance_sampling_ratio/mean"), 1);
  EXPECT_DOUBLE_EQ(metrics.at("sampling/importance_sampling_ratio/max"), 1.1);
  EXPECT_EQ(metrics.count("moe/max_load"), 0u);

  Metrics without_reference;
  add_update_metrics(updates, /*has_reference=*/false, without_reference);
  EXPECT_EQ(without_reference.count("kl"), 0u);
}

TEST(ExpertCounts, LoadIsTheBusiestOverTheMean) {
  ExpertCounts counts;
  counts.add({torch::tensor({1, 2, 3, 2}, at::kLong), torch::tensor({0, 0, 0, 4}, at::kLong)});
  counts.add({torch::tensor({3, 0, 1, 0}, at::kLong), torch::tensor({2, 2, 2, 2}, at::kLong)});
  EXPECT_EQ(counts.load_max(), (std::vector<double>{4.0 / 3.0, 2.0}));
}

}  // namespace
}  // namespace aha::train::grpo_metrics_test
