// Which router the fields of a config mean.
#include "model/router_shape.h"

#include <gtest/gtest.h>

#include "unit/model/tiny_models.h"

namespace aha::model::router_shape_test {
namespace {

TEST(RouterShape, OfDeepSeekV3RanksGroupsByTwoOfItsSigmoids) {
  const ops::RouterShape shape = router_shape(tiny_config());
  EXPECT_EQ(shape.score, ops::RouterScore::kSigmoid);
  EXPECT_EQ(shape.group_rank, ops::GroupRank::kTwoBest);
  EXPECT_EQ(shape.num_groups, 4);
  EXPECT_EQ(shape.topk_groups, 2);
  EXPECT_EQ(shape.num_experts, 8);
  EXPECT_EQ(shape.experts_per_token, 3);
  EXPECT_TRUE(shape.normalize);
  EXPECT_EQ(shape.scaling, 2.446);
}

TEST(RouterShape, OfDeepSeekV2RanksGroupsByTheirBest) {
  const ops::RouterShape shape = router_shape(tiny_deepseek_v2());
  EXPECT_EQ(shape.score, ops::RouterScore::kSoftmax);
  EXPECT_EQ(shape.group_rank, ops::GroupRank::kBest);
  EXPECT_EQ(shape.num_groups, 4);
  EXPECT_FALSE(shape.normalize);
}

TEST(RouterShape, GreedyKnowsNoGroups) {
  ModelConfig config = tiny_deepseek_v2();
  config.topk_method = "greedy";
  EXPECT_EQ(router_shape(config).num_groups, 1);
  EXPECT_EQ(router_shape(config).topk_groups, 1);
}

}  // namespace
}  // namespace aha::model::router_shape_test
