#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "aha/core/error.h"
#include "aha/ops/cpu_math.h"

namespace aha::ops::route_row_test {
namespace {

struct Choice {
  std::vector<int32_t> expert;
  std::vector<double> weight, score;
};

double logit(double score) { return std::log(score / (1 - score)); }

// Routes a token whose sigmoid scores are given.
template <class T>
Choice route(const RouterShape& shape, const std::vector<double>& score, const std::vector<float>& bias) {
  std::vector<T> logits, weight(static_cast<size_t>(shape.experts_per_token)), out(score.size());
  for (const double s : score) logits.push_back(static_cast<T>(logit(s)));
  std::vector<int32_t> expert(weight.size());
  route_row(shape, logits.data(), bias.data(), expert.data(), weight.data(), out.data());
  return {expert, {weight.begin(), weight.end()}, {out.begin(), out.end()}};
}

void expect_values(const std::vector<double>& values, const std::vector<double>& expected) {
  ASSERT_EQ(values.size(), expected.size());
  for (size_t i = 0; i < expected.size(); ++i) EXPECT_NEAR(values[i], expected[i], 1e-6) << "place " << i;
}

template <class T>
class RouteRow : public testing::Test {};
using Types = testing::Types<float, double>;
TYPED_TEST_SUITE(RouteRow, Types);

TYPED_TEST(RouteRow, TakesTheBestAndNormalises) {
  const auto choice = route<TypeParam>({4, 2, 1, 1, true, 2.5}, {0.2, 0.6, 0.1, 0.4}, {0, 0, 0, 0});
  EXPECT_EQ(choice.expert, (std::vector<int32_t>{1, 3}));
  expect_values(choice.weight, {0.6 / 1.0 * 2.5, 0.4 / 1.0 * 2.5});
  expect_values(choice.score, {0.2, 0.6, 0.1, 0.4});
}

TYPED_TEST(RouteRow, BiasChoosesButDoesNotWeigh) {
  // With bias: 0.7, 0.6, 0.1, 0.4, so expert 0 comes first with its own score 0.2.
  const auto choice = route<TypeParam>({4, 2, 1, 1, false, 1.0}, {0.2, 0.6, 0.1, 0.4}, {0.5f, 0, 0, 0});
  EXPECT_EQ(choice.expert, (std::vector<int32_t>{0, 1}));
  expect_values(choice.weight, {0.2, 0.6});
}

TYPED_TEST(RouteRow, GroupsCountByTheirTwoBest) {
  // Groups {0.9, 0.1, 0.1}, {0.5, 0.6, 0.1}: sums 1.0 and 1.1, so the best expert of all, 0, is closed.
  const auto choice = route<TypeParam>({6, 2, 2, 1, false, 1.0}, {0.9, 0.1, 0.1, 0.5, 0.6, 0.1}, {0, 0, 0, 0, 0, 0});
  EXPECT_EQ(choice.expert, (std::vector<int32_t>{4, 3}));
  expect_values(choice.weight, {0.6, 0.5});
}

TYPED_TEST(RouteRow, SeveralGroupsStayOpen) {
  const auto choice = route<TypeParam>({6, 3, 3, 2, false, 1.0}, {0.3, 0.3, 0.8, 0.1, 0.2, 0.5}, {0, 0, 0, 0, 0, 0});
  // Sums 0.6, 0.9, 0.7: groups 1 and 2.
  EXPECT_EQ(choice.expert, (std::vector<int32_t>{2, 5, 4}));
}

TYPED_TEST(RouteRow, TiesGoToTheLowestIndex) {
  EXPECT_EQ(route<TypeParam>({4, 2, 1, 1, true, 1.0}, {0.5, 0.5, 0.5, 0.5}, {0, 0, 0, 0}).expert,
            (std::vector<int32_t>{0, 1}));
  EXPECT_EQ(route<TypeParam>({4, 2, 2, 1, true, 1.0}, {0.5, 0.5, 0.5, 0.5}, {0, 0, 0, 0}).expert,
            (std::vector<int32_t>{0, 1}));
  EXPECT_EQ(route<TypeParam>({4, 2, 1, 1, true, 1.0}, {0.5, 0.7, 0.6, 0.7}, {0, 0, 0, 0}).expert,
            (std::vector<int32_t>{1, 3}));
}

TYPED_TEST(RouteRow, AClosedGroupLosesAgainstNegativeChoices) {
  // All biased below 0. Open is group 1 (-0.2 - 0.3); filling the closed group with 0 would take experts 0 and 1.
  const auto choice = route<TypeParam>({4, 2, 2, 1, false, 1.0}, {0.5, 0.5, 0.8, 0.7}, {-1, -1, -1, -1});
  EXPECT_EQ(choice.expert, (std::vector<int32_t>{2, 3}));
}

TYPED_TEST(RouteRow, ANanIsTakenLast) {
  const TypeParam logits[] = {NAN, 1, 2, NAN};
  const float bias[] = {0, 0, 0, 0};
  int32_t expert[3];
  TypeParam weight[3], score[4];
  route_row<TypeParam>({4, 3, 1, 1, true, 1.0}, logits, bias, expert, weight, score);
  EXPECT_EQ(expert[0], 2);
  EXPECT_EQ(expert[1], 1);
  EXPECT_EQ(expert[2], 0);
}

TYPED_TEST(RouteRow, SoftmaxScoresAreProbabilitiesOfAllExperts) {
  // Weights 1 : 4 : 2 : 3.
  const std::vector<double> weights = {1, 4, 2, 3};
  TypeParam logits[4], weight[2], score[4];
  for (size_t i = 0; i < 4; ++i) logits[i] = static_cast<TypeParam>(std::log(weights[i]));
  int32_t expert[2];
  RouterShape shape{4, 2, 1, 1, false, 16.0, RouterScore::kSoftmax};
  route_row<TypeParam>(shape, logits, nullptr, expert, weight, score);
  EXPECT_EQ(expert[0], 1);
  EXPECT_EQ(expert[1], 3);
  expect_values({score, score + 4}, {0.1, 0.4, 0.2, 0.3});
  expect_values({weight, weight + 2}, {6.4, 4.8});
  shape.normalize = true, shape.scaling = 1;
  route_row<TypeParam>(shape, logits, nullptr, expert, weight, score);
  expect_values({weight, weight + 2}, {4.0 / 7, 3.0 / 7});
  const float bias[] = {0.5f, 0, 0, 0};
  route_row<TypeParam>(shape, logits, bias, expert, weight, score);  // 0.6 for the choice, 0.1 of weight
  EXPECT_EQ(expert[0], 0);
  expect_values({weight, weight + 2}, {0.2, 0.8});
}

TYPED_TEST(RouteRow, GroupsCountByTheirBest) {
  // Groups {0.9, 0.1, 0.1}, {0.5, 0.6, 0.1}: the first holds the best expert of all, though its pair is the weaker.
  RouterShape shape{6, 2, 2, 1, false, 1.0};
  shape.group_rank = GroupRank::kBest;
  const auto choice = route<TypeParam>(shape, {0.9, 0.1, 0.1, 0.5, 0.6, 0.1}, {0, 0, 0, 0, 0, 0});
  EXPECT_EQ(choice.expert, (std::vector<int32_t>{0, 1}));
  expect_values(choice.weight, {0.9, 0.1});
}

TYPED_TEST(RouteRow, NoBiasIsABiasOfZero) {
  const TypeParam logits[] = {TypeParam(-0.3), TypeParam(1.1), TypeParam(0.2), TypeParam(0.7)};
  const float bias[] = {0, 0, 0, 0};
  for (const RouterScore kind : {RouterScore::kSigmoid, RouterScore::kSoftmax}) {
    const RouterShape shape{4, 3, 2, 2, true, 2.5, kind};
    int32_t expert[2][3];
    TypeParam weight[2][3], score[2][4];
    route_row(shape, logits, bias, expert[0], weight[0], score[0]);
    route_row<TypeParam>(shape, logits, nullptr, expert[1], weight[1], score[1]);
    EXPECT_TRUE(std::equal(expert[0], expert[0] + 3, expert[1]));
    EXPECT_TRUE(std::equal(weight[0], weight[0] + 3, weight[1]));
    EXPECT_TRUE(std::equal(score[0], score[0] + 4, score[1]));
  }
}

TYPED_TEST(RouteRow, ANanAmongSoftmaxLogitsStillChoosesExpertsOnce) {
  const TypeParam logits[] = {1, NAN, 2, 0};
  int32_t expert[3];
  TypeParam weight[3], score[4];
  route_row<TypeParam>({4, 3, 2, 2, true, 1.0, RouterScore::kSoftmax, GroupRank::kBest}, logits, nullptr, expert,
                       weight, score);
  EXPECT_EQ(std::vector<int32_t>(expert, expert + 3), (std::vector<int32_t>{0, 1, 2}));
  EXPECT_TRUE(std::isnan(weight[0]));
}

TYPED_TEST(RouteRow, RefusesShapesThatCannotBe) {
  const std::vector<double> score(4, 0.5);
  const std::vector<float> bias(4);
  EXPECT_THROW(route<TypeParam>({4, 3, 2, 1, true, 1.0}, score, bias), ShapeError);  // one open group holds two
  EXPECT_THROW(route<TypeParam>({4, 1, 3, 1, true, 1.0}, score, bias), ShapeError);
  EXPECT_THROW(route<TypeParam>({4, 1, 2, 3, true, 1.0}, score, bias), ShapeError);
}

}  // namespace
}  // namespace aha::ops::route_row_test
