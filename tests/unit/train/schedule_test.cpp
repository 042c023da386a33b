// Learning rates worked by hand.
#include "aha/train/schedule.h"

#include <gtest/gtest.h>

#include <vector>

namespace aha::train::schedule_test {
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

TEST(Schedule, AShareOfWarmUpStepsIsRoundedUp) {
  const ScheduleConfig config{.learning_rate = 1.0, .warmup_steps = 0.25};
  EXPECT_DOUBLE_EQ(learning_rate_at(config, 0, 10), 1.0 / 3);  // 2.5 steps are 3
  EXPECT_DOUBLE_EQ(learning_rate_at(config, 2, 10), 1.0);
}

// get_scheduler of transformers 5.23, base rate 1, 3 warm-up steps of 10: the rates after the warm-up; in it theirs are
// ours of the step before.
TEST(Schedule, RatesAreThoseOfTransformers) {
  const struct {
    ScheduleConfig config;
    std::vector<double> rates;  // of steps 3 … 9
  } cases[] = {
      {{.learning_rate = 1, .lr_scheduler_type = "constant", .warmup_steps = 3}, {1, 1, 1, 1, 1, 1, 1}},
      {{.learning_rate = 1, .lr_scheduler_type = "linear", .warmup_steps = 3},
       {1, 0.857142857142857, 0.714285714285714, 0.571428571428571, 0.428571428571429, 0.285714285714286,
        0.142857142857143}},
      {{.learning_rate = 1, .lr_scheduler_type = "cosine", .warmup_steps = 3},
       {1, 0.95048443395121, 0.811744900929367, 0.611260466978157, 0.388739533021843, 0.188255099070633,
        0.04951556604879}},
      {{.learning_rate = 1, .lr_scheduler_type = "cosine", .warmup_steps = 3, .min_lr_ratio = 0.1},
       {1, 0.955435990556089, 0.83057041083643, 0.650134420280341, 0.449865579719659, 0.26942958916357,
        0.144564009443911}},
      {{.learning_rate = 1, .lr_scheduler_type = "wsd", .warmup_steps = 3, .min_lr_ratio = 0.1, .decay_ratio = 0.4},
       {1, 1, 1, 1, 0.775, 0.55, 0.325}}};
  for (const auto& [config, rates] : cases) {
    SCOPED_TRACE(config.lr_scheduler_type);
    for (size_t i = 0; i < rates.size(); ++i) {
      EXPECT_NEAR(learning_rate_at(config, 3 + static_cast<int64_t>(i), 10), rates[i], 1e-14) << i;
    }
    for (int64_t step = 0; step < 3; ++step) {
      EXPECT_DOUBLE_EQ(learning_rate_at(config, step, 10), static_cast<double>(step + 1) / 3);
    }
  }
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
}  // namespace aha::train::schedule_test
