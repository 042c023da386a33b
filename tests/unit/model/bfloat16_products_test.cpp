// Training with products rounded to bfloat16: near float32, and the same bits in any company.
#include <ATen/ops/cos.h>
#include <torch/csrc/autograd/autograd.h>

#include <gtest/gtest.h>

#include "aha/core/error.h"
#include "unit/model/tiny_models.h"

namespace aha::model::bfloat16_products_test {
namespace {

using at::Tensor;

const ForwardOptions kRounded{.products = ops::NumberType::kBFloat16};

struct Pass {
  Tensor logprob_T;
  std::vector<Tensor> gradients, counts;
};

Pass pass(const Model& model, const PackedTokens& tokens, const ForwardOptions& options) {
  std::vector<Tensor> values;
  for (const NamedTensor& parameter : model.parameters()) values.push_back(parameter.tensor);
  const ForwardOutput out = model.forward(tokens, options);
  const Tensor logprob_T = model.score(out.hidden_TD, tokens.token_T.roll(-1), 1.0, options.products).logprob_T;
  return {logprob_T.detach(), torch::autograd::grad({logprob_T.sum()}, values, {}, false, false, true),
          out.expert_counts};
}

double relative_distance(const std::vector<Tensor>& a, const std::vector<Tensor>& b) {
  double difference = 0, size = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    if (!b[i].defined()) continue;
    difference += (a[i] - b[i]).to(at::kDouble).square().sum().item<double>();
    size += b[i].to(at::kDouble).square().sum().item<double>();
  }
  return std::sqrt(difference / size);
}

std::vector<ModelConfig> all_families() {
  return {tiny_config(), tiny_deepseek_v2(), plain_config(), tiny_qwen2(),
          tiny_qwen3(),  tiny_qwen3_moe(),   tiny_llama()};
}

// A bfloat16 number is off by 2^-9 = 0.002 at most; a dozen products follow each other.
TEST(BFloat16Products, GiveTheGradientsOfFloat32UpToTheirRounding) {
  int num_compared = 0;
  for (ModelConfig config : all_families()) {
    SCOPED_TRACE(config.model_type);
    config.initializer_range = 0.1;
    const Model model = Model::make(config, 5);
    const PackedTokens tokens = packed_rows({20, 1, 7}, config.vocab_size);
    const Pass exact = pass(model, tokens, {}), rounded = pass(model, tokens, kRounded);
    bool same_routes = true;  // a near tie of the router may fall the other way
    for (size_t i = 0; i < exact.counts.size(); ++i) same_routes &= exact.counts[i].equal(rounded.counts[i]);
    if (!same_routes) continue;
    ++num_compared;
    const double distance = relative_distance(rounded.gradients, exact.gradients);
    EXPECT_LE(distance, 1e-2);
    EXPECT_GE(distance, 1e-4);
    EXPECT_LE((rounded.logprob_T - exact.logprob_T).abs().max().item<double>(), 2e-2);
  }
  EXPECT_GE(num_compared, 5);
}

TEST(BFloat16Products, SameBitsTwiceAndForASequenceInAnyCompany) {
  const ModelConfig config = tiny_config();
  const Model model = Model::make(config, 5);
  const PackedTokens together = packed_rows({7, 20, 3}, config.vocab_size);
  const Pass first = pass(model, together, kRounded), second = pass(model, together, kRounded);
  EXPECT_TRUE(first.logprob_T.equal(second.logprob_T));
  for (size_t i = 0; i < first.gradients.size(); ++i) {
    ASSERT_EQ(first.gradients[i].defined(), second.gradients[i].defined());
    if (first.gradients[i].defined()) {
      EXPECT_TRUE(first.gradients[i].equal(second.gradients[i])) << i;
    }
  }
  const PackedTokens alone{together.token_T.slice(0, 7, 27).clone(), {0, 20}};
  EXPECT_TRUE(
      model.forward(alone, kRounded).hidden_TD.equal(model.forward(together, kRounded).hidden_TD.slice(0, 7, 27)));
}

TEST(BFloat16Products, AreRefusedInFloat64) {
  const ModelConfig config = tiny_config();
  const Model model = Model::make(config, 5, at::kDouble);
  EXPECT_THROW(model.forward(packed_rows({4}, config.vocab_size), kRounded), ShapeError);
}

}  // namespace
}  // namespace aha::model::bfloat16_products_test
