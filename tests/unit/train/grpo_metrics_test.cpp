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
  // Groups 1 0 | 2 null: judged mean 1, standard deviation 1.
  const std::vector<std::optional<double>> values = {1.0, 0.0, 2.0, std::nullopt};
  const reward::BatchScores scores{.names = {"accuracy"},
                                   .weights = {1.0},
                                   .values = {values},
                                   .total = values,
                                   .num_failed = {1},
                                   .num_timed_out = {1},
                                   .num_undecided = {2}};
  const at::Tensor reward_N = torch::tensor({1.0, 0.0, 2.0, kNaN}, at::kDouble);
  Metrics metrics;
  add_reward_metrics(scores, reward_N, 2, metrics);
  EXPECT_DOUBLE_EQ(metrics.at("reward"), 1);
  EXPECT_DOUBLE_EQ(metrics.at("reward_std"), 1);
  EXPECT_DOUBLE_EQ(metrics.at("rewards/accuracy/mean"), 1);
  EXPECT_DOUBLE_EQ(metrics.at("rewards/accuracy/std"), 1);
  EXPECT_DOUBLE_EQ(metrics.at("rewards/accuracy/num_null"), 1);
  EXPECT_DOUBLE_EQ(metrics.at("rewards/accuracy/num_failed"), 1);
  EXPECT_DOUBLE_EQ(metrics.at("rewards/accuracy/num_timed_out"), 1);
  EXPECT_DOUBLE_EQ(metrics.at("rewards/accuracy/num_undecided"), 2);
  EXPECT_DOUBLE_EQ(metrics.at("rewards/accuracy/error_rate"), 0.25);
  EXPECT_DOUBLE_EQ(metrics.at("rewards/accuracy/timeout_rate"), 0.25);
  EXPECT_DOUBLE_EQ(metrics.at("rewards/accuracy/undecided_rate"), 0.5);
  EXPECT_DOUBLE_EQ(metrics.at("frac_reward_zero_std"), 0.5);
}

UpdateStats update(int64_t num_tokens, double scale, UpdateOutcome outcome) {
  UpdateStats stats{.loss = 2 * scale, .grad_norm = 10 * scale, .entropy_sum = 4 * scale, .outcome = outcome};
  stats.policy_ratio = {.sum = 20, .least = 1 - 0.2 * scale, .most = 1 + 0.3 * scale};
  stats.num_routed = 2 * num_tokens;
  stats.num_unrouted = num_tokens / 10;
  objective::GrpoLoss& parts = stats.parts;
  parts.num_tokens = num_tokens;
  parts.policy = scale;
  parts.kl_sum = 8 * scale;
  parts.clip_low_sum = 1;
  parts.clip_high_sum = 2;
  parts.cispo_clip_sum = 4;
  parts.ratio_sum = 10;
  parts.ratio_min = 1 - 0.1 * scale;
  parts.ratio_max = 1 + 0.1 * scale;
  parts.correction_sum = 5;
  parts.correction_min = 0.25;
  parts.correction_max = 0.75;
  parts.logp_difference_sum = 5;
  parts.logp_difference_max = scale;
  parts.num_masked = 3;
  return stats;
}

TEST(GrpoMetrics, UpdatesAreAveragedOverTokens) {
  const std::vector<UpdateStats> updates = {update(10, 1, UpdateOutcome::kUpdated),
                                            update(30, 3, UpdateOutcome::kNotFinite),
                                            update(0, 0, UpdateOutcome::kNoSignal)};
  GrpoConfig config;
  config.loss.beta = 0.1;
  Metrics metrics;
  add_update_metrics(updates, config, metrics);
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
  // The ratio to the old policy is that of all of them; a step without tokens has none.
  EXPECT_DOUBLE_EQ(metrics.at("ratio/min"), 1 - 0.6);
  EXPECT_DOUBLE_EQ(metrics.at("ratio/mean"), 60.0 / 40);
  EXPECT_DOUBLE_EQ(metrics.at("ratio/max"), 1 + 0.9);
  EXPECT_DOUBLE_EQ(metrics.at("router_replay/missing_ratio"), 4.0 / 80);
  for (const char* absent : {"moe/max_load", "entropy_coef", "cispo_clip_ratio", "sampling/masked_ratio"}) {
    EXPECT_EQ(metrics.count(absent), 0u) << absent;
  }
}

TEST(GrpoMetrics, NamesFollowTheLoss) {
  const std::vector<UpdateStats> updates = {update(10, 1, UpdateOutcome::kUpdated)};
  GrpoConfig config;
  config.loss.loss_type = "cispo";
  config.loss.entropy_coef = 0.5;
  config.loss.importance_sampling_mode = "token_truncate";
  Metrics metrics;
  add_update_metrics(updates, config, metrics);
  EXPECT_DOUBLE_EQ(metrics.at("cispo_clip_ratio"), 0.4);
  EXPECT_DOUBLE_EQ(metrics.at("entropy_coef"), 0.5);
  EXPECT_DOUBLE_EQ(metrics.at("sampling/masked_ratio"), 0.3);
  // Of a correction the weights after their bounds, as TRL has it.
  EXPECT_DOUBLE_EQ(metrics.at("sampling/importance_sampling_ratio/min"), 0.25);
  EXPECT_DOUBLE_EQ(metrics.at("sampling/importance_sampling_ratio/mean"), 0.5);
  EXPECT_DOUBLE_EQ(metrics.at("sampling/importance_sampling_ratio/max"), 0.75);
  for (const char* absent : {"kl", "clip_ratio/region_mean", "clip_ratio/low_min"}) {
    EXPECT_EQ(metrics.count(absent), 0u) << absent;
  }
}

TEST(ExpertCounts, LoadIsTheBusiestOverTheMean) {
  ExpertCounts counts;
  counts.add({torch::tensor({1, 2, 3, 2}, at::kLong), torch::tensor({0, 0, 0, 4}, at::kLong)});
  counts.add({torch::tensor({3, 0, 1, 0}, at::kLong), torch::tensor({2, 2, 2, 2}, at::kLong)});
  EXPECT_EQ(counts.load_max(), (std::vector<double>{4.0 / 3.0, 2.0}));
  EXPECT_EQ(counts.num_dead(), 0);
}

}  // namespace
}  // namespace aha::train::grpo_metrics_test
