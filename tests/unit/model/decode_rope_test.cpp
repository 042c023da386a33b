// A decoder's rope angles against the table that training reads.
#include "model/decode_rope.h"

#include <gtest/gtest.h>

#include "aha/ops/cpu_math.h"
#include "model/rope_table.h"
#include "unit/model/tiny_models.h"

namespace aha::model::decode_rope_test {
namespace {

TEST(DecodeRope, TurnsByTheTableThatTrainingReads) {
  for (ModelConfig config : {tiny_config(), tiny_deepseek_v2(), tiny_qwen3(), tiny_llama()}) {
    SCOPED_TRACE(config.model_type);
    const int64_t width = config.rope_dim();
    const RopeTable<float> table = make_rope_table<float>(config, 150);
    DecodeRope rope(config, 150);
    // Forwards by less than a page, by more, to a page's edge, back, and to the end.
    for (const int64_t position : {0, 5, 63, 64, 130, 20, 149}) {
      rope.reach(position);
      std::vector<float> found, expected;
      for (int64_t i = 0; i < width; ++i) found.push_back(static_cast<float>(i) - 1.5f);
      expected = found;
      rope.turn(found.data(), position);
      const auto turn = config.rope_interleave ? ops::rope_row<float> : ops::rope_half_row<float>;
      turn(expected.data(), table.cosine_row(position), table.sine_row(position), width, 1);
      EXPECT_EQ(found, expected) << position;
    }
  }
}

TEST(DecodeRope, HalvesOrPairs) {
  ModelConfig config = tiny_grouped();  // a head of 6: angles 1, 10000^(-1/3), …
  DecodeRope halves(config, 2);
  config.rope_interleave = true;
  DecodeRope pairs(config, 2);
  halves.reach(1);
  pairs.reach(1);
  float x[6] = {1}, y[6] = {1};
  halves.turn(x, 1);
  pairs.turn(y, 1);
  EXPECT_NEAR(x[0], std::cos(1.0), 1e-7);
  EXPECT_NEAR(x[3], std::sin(1.0), 1e-7);
  EXPECT_NEAR(y[1], std::sin(1.0), 1e-7);
}

}  // namespace
}  // namespace aha::model::decode_rope_test
