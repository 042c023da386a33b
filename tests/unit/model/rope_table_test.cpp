// Rope frequencies against numbers worked out elsewhere.
#include "model/rope_table.h"

#include <gtest/gtest.h>

#include <cmath>

namespace aha::model {
namespace {

ModelConfig deepseek_v3_rope() {
  ModelConfig config;
  config.qk_rope_head_dim = 64;
  config.qk_nope_head_dim = 128;
  config.yarn = YarnConfig{.factor = 40, .mscale = 1, .mscale_all_dim = 1};
  return config;
}

TEST(RopeTable, BlendsFrequenciesAsDeepSeekV3Does) {
  const std::vector<double> frequency = rope_frequencies(deepseek_v3_rope());
  const std::pair<int, double> expected[] = {{0, 1},           {10, 5.623413e-2}, {11, 3.900693e-2},
                                             {16, 5.5e-3},     {22, 1.778279e-4}, {23, 3.333804e-5},
                                             {31, 3.333804e-6}};
  for (const auto& [i, value] : expected) EXPECT_NEAR(frequency[i] / value, 1, 1e-6) << i;
}

TEST(RopeTable, ScalesScoresAsDeepSeekV3Does) {
  ModelConfig config = deepseek_v3_rope();
  EXPECT_NEAR(config.softmax_scale(), 0.1352338, 1e-7);
  config.yarn->mscale_all_dim = 0.707;
  EXPECT_NEAR(config.softmax_scale(), 0.1147214, 1e-7);
  config.yarn.reset();
  EXPECT_NEAR(config.softmax_scale(), 0.0721688, 1e-7);
}

TEST(RopeTable, HoldsTheAnglesOfEveryPosition) {
  ModelConfig config = deepseek_v3_rope();
  config.yarn->mscale_all_dim = 0;  // then mscale lengthens the rotated pairs
  const auto table = make_rope_table<double>(config, 5);
  const double amplitude = 0.1 * std::log(40) + 1, angle = 4 * rope_frequencies(config)[7];
  EXPECT_NEAR(table.cosine_row(4)[7], std::cos(angle) * amplitude, 1e-15);
  EXPECT_NEAR(table.sine_row(4)[7], std::sin(angle) * amplitude, 1e-15);
  EXPECT_EQ(table.cosine.size(), 5 * 32);
}

}  // namespace
}  // namespace aha::model
