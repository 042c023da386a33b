// Learning rates worked by hand.
#include "aha/train/schedule.h"

#include <gtest/gtest.h>

namespace aha::train {
namespace {

TEST(Schedule, WarmUpRisesFromOneShareToTheHighest) {
  const ScheduleConfig config{.learning_rate = 8.0, .warmup_steps = 4};
  EXPECT_DOUBLE_EQ(learning_rate_at(config, 0, 100), 2.0);
  EXPECT_DOUBLE_EQ(learning_rate_at(config, 1, 100), 4.0);
  EXPECT_DOUBLE_EQ(learning_rate_at(config, 3, 100), 8.0);
  EXPECT_DOUBLE_EQ(learning_rate_at(config, 4, 100), 8.0);
  EXPECT_DOUBLE_EQ(learning_rate_at(config, 99, 100), 8.0);
}

TEST(Schedule, LinearFallsTowardsTheLeastAStepAfterTheLast) {
  const ScheduleConfig config{
      .learning_rate = 10.0, .lr_scheduler_type = "linear", .warmup_steps = 2, .min_lr_ratio = 0.2};
  EXPECT_DOUBLE_EQ(learning_rate_at(config, 2, 10), 10.0);
  EXPECT_DOUBLE_EQ(learning_rate_at(config, 6, 10), 6.0);  // half of the way from 10 to 2
  EXPECT_DOUBLE_EQ(learning_rate_at(config, 9, 10), 3.0);  // seven eighths
  EXPECT_DOUBLE_EQ(learning_rate_at(config, 10, 10), 2.0);
  EXPECT_DOUBLE_EQ(learning_rate_at(config, 50, 10), 2.0);
}

TEST(Schedule, CosineIsHalfWayDownInTheMiddle) {
  const ScheduleConfig config{.learning_rate = 4.0, .lr_scheduler_type = "cosine", .min_lr_ratio = 0.5};
  EXPECT_DOUBLE_EQ(learning_rate_at(config, 0, 12), 4.0);
  EXPECT_NEAR(learning_rate_at(config, 6, 12), 3.0, 1e-12);
  EXPECT_NEAR(learning_rate_at(config, 4, 12), 3.5, 1e-12);  // cos 60° = 1/2: a quarter down
  EXPECT_NEAR(learning_rate_at(config, 12, 12), 2.0, 1e-12);
}

TEST(Schedule, WsdIsConstantThenFallsOverTheLastShare) {
  const ScheduleConfig config{.learning_rate = 1.0, .lr_scheduler_type = "wsd", .warmup_steps = 5, .decay_ratio = 0.4};
  EXPECT_DOUBLE_EQ(learning_rate_at(config, 4, 100), 1.0);
  EXPECT_DOUBLE_EQ(learning_rate_at(config, 60, 100), 1.0);
  EXPECT_DOUBLE_EQ(learning_rate_at(config, 80, 100), 0.5);
  EXPECT_NEAR(learning_rate_at(config, 99, 100), 0.025, 1e-12);
}

TEST(Schedule, EdgesStayFinite) {
  for (const char* type : {"constant", "linear", "cosine", "wsd"}) {
    ScheduleConfig config{.learning_rate = 1.0, .lr_scheduler_type = type, .warmup_steps = 10};
    EXPECT_DOUBLE_EQ(learning_rate_at(config, 4, 5), type == std::string("wsd") ? 0.5 : 0.5) << type;
    config.decay_ratio = 0;
    EXPECT_TRUE(std::isfinite(learning_rate_at(config, 0, 0))) << type;
  }
}

}  // namespace
}  // namespace aha::train
