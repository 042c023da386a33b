// Advantages against groups worked by hand.
#include <ATen/ops/equal.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/zeros.h>
#include <torch/csrc/autograd/generated/variable_factories.h>

#include "aha/objective/advantage.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "aha/core/error.h"

namespace aha::objective::advantage_test {
namespace {

constexpr double kNotJudged = std::numeric_limits<double>::quiet_NaN();

at::Tensor rewards(std::vector<double> values) { return torch::tensor(values, at::kDouble); }

void expect_values(const at::Tensor& actual, const std::vector<double>& expected, double tolerance) {
  ASSERT_EQ(actual.size(0), static_cast<int64_t>(expected.size()));
  for (size_t i = 0; i < expected.size(); ++i) EXPECT_NEAR(actual[i].item<double>(), expected[i], tolerance) << i;
}

TEST(GroupAdvantage, OneRightOfEightWorkedByHand) {
  // Mean 1/8; sample variance (49/64 + 7/64) / 7 = 1/8; 7/8 / sqrt(1/8) = 2.47487, -1/8 / sqrt(1/8) = -0.35355.
  const double divisor = std::sqrt(0.125) + 1e-4;
  std::vector<double> expected(8, -0.125 / divisor);
  expected[3] = 0.875 / divisor;
  const auto actual = group_advantage(rewards({0, 0, 0, 1, 0, 0, 0, 0}), 8, ScaleRewards::kGroup);
  expect_values(actual, expected, 1e-12);
  EXPECT_NEAR(actual[3].item<double>(), 2.475, 1e-3);
  EXPECT_NEAR(actual[0].item<double>(), -0.354, 1e-3);
}

TEST(GroupAdvantage, OneRightOfSixteenAndHalfRight) {
  std::vector<double> one(16, 0.0), half(16, 0.0);
  one[0] = 1;
  for (int i = 0; i < 8; ++i) half[i] = 1;
  EXPECT_NEAR(group_advantage(rewards(one), 16, ScaleRewards::kGroup)[0].item<double>(), 3.75, 2e-3);
  EXPECT_NEAR(group_advantage(rewards(one), 16, ScaleRewards::kGroup)[1].item<double>(), -0.25, 1e-3);
  EXPECT_NEAR(group_advantage(rewards(half), 16, ScaleRewards::kGroup)[0].item<double>(), 0.968, 1e-3);
}

TEST(GroupAdvantage, GroupsDoNotMix) {
  // Group 1: mean 2, std sqrt(2). Group 2: mean 10, std sqrt(8).
  const auto actual = group_advantage(rewards({1, 3, 8, 12}), 2, ScaleRewards::kGroup);
  const double first = 1 / (std::sqrt(2.0) + 1e-4), second = 2 / (std::sqrt(8.0) + 1e-4);
  expect_values(actual, {-first, first, -second, second}, 1e-12);
}

TEST(GroupAdvantage, ScalesByBatchOrNotAtAll) {
  const auto values = rewards({1, 3, 8, 12});
  expect_values(group_advantage(values, 2, ScaleRewards::kNone), {-1, 1, -2, 2}, 1e-12);
  // Batch: mean 6, squares 25 + 9 + 4 + 36 = 74, sample std sqrt(74 / 3).
  const double std = std::sqrt(74.0 / 3) + 1e-4;
  expect_values(group_advantage(values, 2, ScaleRewards::kBatch), {-1 / std, 1 / std, -2 / std, 2 / std}, 1e-12);
}

TEST(GroupAdvantage, EqualRewardsGetExactlyZero) {
  // 0.1 eight times sums to 0.7999999999999999: the mean is not 0.1, the advantage must still be 0.
  for (const ScaleRewards scale : {ScaleRewards::kNone, ScaleRewards::kGroup, ScaleRewards::kBatch}) {
    const auto actual = group_advantage(rewards(std::vector<double>(8, 0.1)), 8, scale);
    EXPECT_TRUE(at::equal(actual, at::zeros({8}, at::kDouble)));
  }
  expect_values(group_advantage(rewards({5, 7}), 1, ScaleRewards::kGroup), {0, 0}, 0);
}

TEST(GroupAdvantage, LeavesOutWhatWasNotJudged) {
  // Judged: 0 and 1; mean 0.5, std sqrt(0.5).
  const double one = 0.5 / (std::sqrt(0.5) + 1e-4);
  expect_values(group_advantage(rewards({kNotJudged, 0, 1, kNotJudged}), 4, ScaleRewards::kGroup), {0, -one, one, 0},
                1e-12);
  expect_values(group_advantage(rewards({kNotJudged, 1}), 2, ScaleRewards::kGroup), {0, 0}, 0);
  expect_values(group_advantage(rewards({kNotJudged, kNotJudged}), 2, ScaleRewards::kBatch), {0, 0}, 0);
}

TEST(GroupAdvantage, RefusesBrokenGroupsAndOtherTypes) {
  EXPECT_THROW(group_advantage(rewards({1, 2, 3}), 2, ScaleRewards::kGroup), ShapeError);
  EXPECT_THROW(group_advantage(at::ones({4}), 2, ScaleRewards::kGroup), ShapeError);
  EXPECT_THROW(group_advantage(rewards({1, 2}), 0, ScaleRewards::kGroup), ShapeError);
  EXPECT_EQ(group_advantage(rewards({}), 4, ScaleRewards::kGroup).size(0), 0);
}

TEST(FracRewardZeroStd, CountsGroupsWithoutSignal) {
  EXPECT_DOUBLE_EQ(frac_reward_zero_std(rewards({1, 1, 0, 1, 0, 0, 2, 3}), 2), 0.5);
  EXPECT_DOUBLE_EQ(frac_reward_zero_std(rewards({kNotJudged, 1, 0, 1}), 2), 0.5);
  EXPECT_DOUBLE_EQ(frac_reward_zero_std(rewards({0.1 + 0.2, 0.3}), 2), 1.0);
  EXPECT_DOUBLE_EQ(frac_reward_zero_std(rewards({}), 2), 0.0);
}

}  // namespace
}  // namespace aha::objective::advantage_test
