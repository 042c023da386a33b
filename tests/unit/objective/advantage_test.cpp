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

// Rewards of one kind, each of `length` tokens.
Rewards single(const std::vector<double>& values, const std::vector<int64_t>& lengths = {}) {
  return {.value_NR = rewards(values).unsqueeze(1), .weight_R = {1.0}, .length_N = lengths};
}

at::Tensor advantages_by(const std::string& estimator, const Rewards& of, int64_t num_generations) {
  return advantages(of, num_generations, {.advantage_estimator = estimator});
}

TEST(TotalReward, WeighsWhatApplies) {
  const Rewards two{
      .value_NR = torch::tensor({1.0, 2.0, kNotJudged, 3.0, kNotJudged, kNotJudged}, at::kDouble).view({3, 2}),
      .weight_R = {1.0, 0.5}};
  const at::Tensor total = total_reward(two);
  EXPECT_EQ(total[0].item<double>(), 2);
  EXPECT_EQ(total[1].item<double>(), 1.5);
  EXPECT_TRUE(std::isnan(total[2].item<double>()));
  EXPECT_THROW(total_reward({.value_NR = two.value_NR, .weight_R = {1.0}}), ShapeError);
  EXPECT_THROW(total_reward({.value_NR = at::ones({2, 1}), .weight_R = {1.0}}), ShapeError);
}

TEST(Advantages, GrpoIsTheGroupAdvantageOfTheTotal) {
  const Rewards two{.value_NR = torch::tensor({1.0, 0.0, 2.0, 4.0, 3.0, 1.0, 0.0, 0.0}, at::kDouble).view({4, 2}),
                    .weight_R = {1.0, 0.25}};
  for (const auto& [name, scale] : {std::pair{"group", ScaleRewards::kGroup}, std::pair{"batch", ScaleRewards::kBatch},
                                    std::pair{"none", ScaleRewards::kNone}}) {
    EXPECT_TRUE(at::equal(advantages(two, 2, {.scale_rewards = name}), group_advantage(total_reward(two), 2, scale)));
  }
}

TEST(Advantages, NormalizeThenSumComparesEachRewardByItself) {
  // First reward: groups (0, 2) and (1, 1): ∓1/√2 of deviation √2, and 0. Second, weight 2: (1, 0) and (3, 7).
  const Rewards two{.value_NR = torch::tensor({0.0, 1.0, 2.0, 0.0, 1.0, 3.0, 1.0, 7.0}, at::kDouble).view({4, 2}),
                    .weight_R = {1.0, 2.0}};
  const auto of = [](double half, double std) { return half / (std + 1e-4); };
  const double first = of(1, std::sqrt(2.0)), second = of(0.5, std::sqrt(0.5)), third = of(2, std::sqrt(8.0));
  const std::vector<double> sums = {-first + 2 * second, first - 2 * second, -2 * third, 2 * third};
  double squares = 0;
  for (const double sum : sums) squares += sum * sum;
  std::vector<double> expected;
  for (const double sum : sums) expected.push_back(of(sum, std::sqrt(squares / 3)));
  expect_values(advantages(two, 2, {.multi_objective_aggregation = "normalize_then_sum"}), expected, 1e-12);
}

TEST(Advantages, NormalizeThenSumLeavesOutWhatDoesNotApply) {
  // The second reward judges only the first group; the last completion is judged by none.
  const Rewards two{
      .value_NR =
          torch::tensor({0.0, 1.0, 1.0, 0.0, 1.0, kNotJudged, kNotJudged, kNotJudged}, at::kDouble).view({4, 2}),
      .weight_R = {1.0, 3.0}};
  const double half = 0.5 / (std::sqrt(0.5) + 1e-4);
  const std::vector<double> sums = {-half + 3 * half, half - 3 * half, 0};  // of the three that count
  const double divisor = std::sqrt(2 * 4 * half * half / 2) + 1e-4;
  expect_values(advantages(two, 2, {.multi_objective_aggregation = "normalize_then_sum"}),
                {sums[0] / divisor, sums[1] / divisor, 0, 0}, 1e-12);
}

TEST(Advantages, RlooComparesWithTheOthers) {
  // Others of 1, 3, 8: 5.5, 4.5, 2.
  expect_values(advantages_by("rloo", single({1, 3, 8}), 3), {-4.5, -1.5, 6}, 1e-12);
  expect_values(advantages_by("rloo", single({1, kNotJudged, 8, 2}), 4), {-4, 0, 6.5, -2.5}, 1e-12);
  expect_values(advantages_by("rloo", single({1, kNotJudged, 8, 2}), 2), {0, 0, 6, -6}, 1e-12);  // alone: no others
}

TEST(Advantages, ReinforcePlusPlusNormalizesOverTokens) {
  // Rewards 1 and 4 of 1 and 3 tokens: mean 13/4; squares (9/4)² + 3 (3/4)² = 27/4 over 3, deviation 3/2.
  const double divisor = 1.5 + 1e-4;
  expect_values(advantages_by("reinforce_plus_plus", single({1, 4}, {1, 3}), 1), {-2.25 / divisor, 0.75 / divisor},
                1e-12);
  expect_values(advantages_by("reinforce_plus_plus", single({1, kNotJudged, 4}, {1, 7, 3}), 3),
                {-2.25 / divisor, 0, 0.75 / divisor}, 1e-12);
}

TEST(Advantages, ReinforcePlusPlusBaselineTakesTheGroupMeanOffFirst) {
  // Group means 2 and 10 leave −1, 1, −2, 2 of 1, 1, 2, 4 tokens: mean 4/8; squares 2.25 + 0.25 + 12.5 + 9 over 7.
  const double divisor = std::sqrt(24.0 / 7) + 1e-4;
  expect_values(advantages_by("reinforce_plus_plus_baseline", single({1, 3, 8, 12}, {1, 1, 2, 4}), 2),
                {-1.5 / divisor, 0.5 / divisor, -2.5 / divisor, 1.5 / divisor}, 1e-12);
}

TEST(Advantages, WithoutADifferenceAreExactlyZero) {
  const std::vector<double> same(4, 0.1), none(4, kNotJudged);
  for (const std::string estimator : {"grpo", "rloo", "reinforce_plus_plus", "reinforce_plus_plus_baseline"}) {
    for (const auto& values : {same, none, std::vector<double>{kNotJudged, 0.1, 0.1 + 1e-17, kNotJudged}}) {
      for (const int64_t num_generations : {1, 2, 4}) {
        expect_values(advantages_by(estimator, single(values, {1, 2, 3, 4}), num_generations), {0, 0, 0, 0}, 0);
      }
    }
    EXPECT_EQ(advantages_by(estimator, single({}), 4).size(0), 0);
    // Groups of one: nothing in the group differs; only reinforce_plus_plus looks beyond it.
    const at::Tensor alone = advantages_by(estimator, single({1, 2}, {1, 1}), 1);
    EXPECT_EQ(alone[1].item<double>() > 0, estimator == "reinforce_plus_plus") << estimator;
    // A completion without tokens is no part of a mean over tokens, and divides nothing by 0.
    EXPECT_TRUE(advantages_by(estimator, single({1, 2}, {0, 1}), 2).isfinite().all().item<bool>());
  }
  const AdvantageConfig gdpo{.multi_objective_aggregation = "normalize_then_sum"};
  expect_values(advantages(single(same), 2, gdpo), {0, 0, 0, 0}, 0);
  expect_values(advantages(single(none), 2, gdpo), {0, 0, 0, 0}, 0);
  expect_values(advantages(single({0.1, 0.1, 1, 2}), 2, gdpo).slice(0, 0, 2), {0, 0}, 0);
}

TEST(Advantages, RefusesWhatDoesNotFit) {
  for (const std::string estimator : {"grpo", "rloo", "reinforce_plus_plus", "reinforce_plus_plus_baseline"}) {
    EXPECT_THROW(advantages_by(estimator, single({1, 2, 3}, {1, 1, 1}), 2), ShapeError) << estimator;
    EXPECT_THROW(advantages_by(estimator, single({1, 2}, {1, 1}), 0), ShapeError) << estimator;
  }
  EXPECT_THROW(advantages_by("reinforce_plus_plus", single({1, 2}), 2), ShapeError) << "lengths are missing";
  EXPECT_THROW(advantages_by("gae", single({1, 2}, {1, 1}), 2), ConfigError);
  EXPECT_THROW(advantages(single({1, 2}), 2, {.scale_rewards = "all"}), ConfigError);
  EXPECT_THROW(advantages(single({1, 2}), 2, {.multi_objective_aggregation = "sum"}), ConfigError);
}

TEST(FracRewardZeroStd, CountsGroupsWithoutSignal) {
  EXPECT_DOUBLE_EQ(frac_reward_zero_std(rewards({1, 1, 0, 1, 0, 0, 2, 3}), 2), 0.5);
  EXPECT_DOUBLE_EQ(frac_reward_zero_std(rewards({kNotJudged, 1, 0, 1}), 2), 0.5);
  EXPECT_DOUBLE_EQ(frac_reward_zero_std(rewards({0.1 + 0.2, 0.3}), 2), 1.0);
  EXPECT_DOUBLE_EQ(frac_reward_zero_std(rewards({}), 2), 0.0);
}

}  // namespace
}  // namespace aha::objective::advantage_test
