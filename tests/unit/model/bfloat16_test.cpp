// Models whose weights are held in bfloat16: widened where they are multiplied, and for reading only.
#include <ATen/ops/equal.h>

#include <gtest/gtest.h>

#include "aha/core/error.h"
#include "unit/model/tiny_models.h"

namespace aha::model::bfloat16_test {
namespace {

using at::Tensor;

std::vector<ModelConfig> all_families() {
  return {tiny_config(), tiny_deepseek_v2(), plain_config(), tiny_qwen2(),
          tiny_qwen3(),  tiny_qwen3_moe(),   tiny_llama()};
}

TEST(BFloat16, ComputesAsTheSameWeightsInFloat32) {
  for (const ModelConfig& config : all_families()) {
    SCOPED_TRACE(config.model_type);
    const Model narrow = Model::make(config, 5, at::kBFloat16);
    stir(narrow);
    Model wide = Model::make(config, 5);
    wide.copy_from(narrow);
    const bool with_mtp = config.num_nextn_predict_layers > 0;
    const PackedTokens tokens = packed_rows({20, 1, 7}, config.vocab_size);
    const ForwardOptions options{.with_mtp = with_mtp, .with_balance_loss = true};
    const ForwardOutput a = narrow.forward(tokens, options), b = wide.forward(tokens, options);
    EXPECT_EQ(a.hidden_TD.scalar_type(), at::kFloat);
    EXPECT_TRUE(at::equal(a.hidden_TD, b.hidden_TD));
    EXPECT_TRUE(at::equal(a.balance_loss, b.balance_loss));
    if (with_mtp) {
      EXPECT_TRUE(at::equal(a.mtp_hidden_TD, b.mtp_hidden_TD));
    }
    EXPECT_TRUE(at::equal(narrow.logits(tokens), wide.logits(tokens)));
    const Tensor target_T = tokens.token_T.roll(-1);
    EXPECT_TRUE(at::equal(narrow.score(a.hidden_TD, target_T).logprob_T, wide.score(b.hidden_TD, target_T).logprob_T));
  }
}

TEST(BFloat16, StaysNearFloat32) {
  for (ModelConfig config : all_families()) {
    SCOPED_TRACE(config.model_type);
    config.initializer_range = 0.05;
    const Model exact = Model::make(config, 5);
    Model rounded = Model::make(config, 5, at::kBFloat16);
    rounded.copy_from(exact);
    const PackedTokens tokens = packed_rows({20, 1, 7}, config.vocab_size);
    const Tensor difference = exact.logits(tokens).log_softmax(1) - rounded.logits(tokens).log_softmax(1);
    EXPECT_LE(difference.abs().max().item<double>(), 2e-2);
    EXPECT_GT(difference.abs().max().item<double>(), 0);
  }
}

TEST(BFloat16, HoldsWeightsInHalfTheMemoryAndTrainsNone) {
  const Model model = Model::make(tiny_qwen3_moe(), 5, at::kBFloat16);
  EXPECT_EQ(model.dtype(), at::kBFloat16);
  int64_t bytes = 0;
  for (const NamedTensor& weight : model.weights()) {
    bytes += static_cast<int64_t>(weight.tensor.nbytes());
    EXPECT_FALSE(weight.tensor.requires_grad()) << weight.name;
  }
  EXPECT_EQ(bytes, 2 * model.config().num_parameters());
  EXPECT_TRUE(model.parameters().empty());
  EXPECT_TRUE(model.clone().parameters().empty());
  EXPECT_FALSE(model.forward(packed_rows({5}, 23)).hidden_TD.requires_grad());
}

TEST(BFloat16, OtherDtypesAreNoModels) { EXPECT_THROW(Model::make(tiny_qwen2(), 5, at::kHalf), ShapeError); }

}  // namespace
}  // namespace aha::model::bfloat16_test
