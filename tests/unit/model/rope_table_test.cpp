// Rope frequencies against numbers worked out elsewhere.
#include "model/rope_table.h"

#include <gtest/gtest.h>

#include <cmath>

namespace aha::model::rope_table_test {
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

ModelConfig llama_rope() {
  ModelConfig config;
  config.attention = AttentionKind::kGrouped;
  config.head_dim = 128;
  config.rope_theta = 5e5;
  config.llama3_rope = Llama3RopeConfig{};
  return config;
}

TEST(RopeTable, BlendsFrequenciesAsLlama3Does) {
  ModelConfig config = llama_rope();
  const std::vector<double> frequency = rope_frequencies(config);
  const std::pair<int, double> expected[] = {
      {29, 2.166571e-3}, {30, 1.371894e-3}, {34, 1.785078e-4}, {35, 9.556212e-5}};
  for (const auto& [i, value] : expected) EXPECT_NEAR(frequency[i] / value, 1, 1e-6) << i;

  config.llama3_rope.reset();
  const std::vector<double> plain = rope_frequencies(config);
  ASSERT_EQ(frequency.size(), 64);
  for (size_t i = 0; i <= 28; ++i) EXPECT_EQ(frequency[i], plain[i]) << i;
  for (size_t i = 29; i <= 34; ++i) {
    EXPECT_LT(frequency[i], plain[i]) << i;
    EXPECT_GT(frequency[i], plain[i] / 8) << i;
  }
  for (size_t i = 35; i < 64; ++i) EXPECT_EQ(frequency[i], plain[i] / 8) << i;
}

TEST(RopeTable, OfGroupedHeadsTakesYarnsFactorAndNoMscale) {
  ModelConfig config = llama_rope();
  config.llama3_rope.reset();
  config.yarn = YarnConfig{.factor = 4, .mscale = 1, .mscale_all_dim = 0.5, .attention_factor = 1.25};
  const auto table = make_rope_table<double>(config, 4);
  EXPECT_EQ(table.half_width, 64);
  EXPECT_NEAR(table.cosine_row(0)[5], 1.25, 1e-15);
  EXPECT_NEAR(table.sine_row(3)[0], 1.25 * std::sin(3), 1e-15);
}

TEST(RopeTable, LeavesYarnsRampUncutWhereAsked) {
  ModelConfig config = deepseek_v3_rope();
  config.yarn->truncate = false;
  // The ramp's ends are 10.472 and 22.513: pair 10 is kept whole, pair 16 has (16 - 10.472) / 12.041 of it scaled.
  const std::vector<double> frequency = rope_frequencies(config);
  const double plain = std::pow(1e4, -32.0 / 64), share = (16 - 10.472) / (22.513 - 10.472);
  EXPECT_EQ(frequency[10], std::pow(1e4, -20.0 / 64));
  EXPECT_NEAR(frequency[16] / (plain / 40 * share + plain * (1 - share)), 1, 2e-4);
  EXPECT_NEAR(frequency[22] / std::pow(1e4, -44.0 / 64), 1 - 0.975 * (22 - 10.472) / 12.041, 2e-4);
}

}  // namespace
}  // namespace aha::model::rope_table_test
