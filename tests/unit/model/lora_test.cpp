// Adapters: where they sit, what they add, what trains, and that merging them changes nothing.
#include <ATen/core/grad_mode.h>
#include <ATen/ops/allclose.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/cos.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/zeros.h>
#include <torch/csrc/autograd/generated/variable_factories.h>

#include "aha/model/lora.h"

#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "aha/core/error.h"
#include "model/merged_weights.h"
#include "model/projection.h"
#include "support/gradient_check.h"
#include "unit/core/temporary_folder.h"
#include "unit/model/tiny_models.h"

namespace aha::model::lora_test {
namespace {

using at::Tensor;
using test::sentence_of;

std::vector<ModelConfig> all_families() {
  return {tiny_config(), tiny_deepseek_v2(), plain_config(), tiny_qwen2(),
          tiny_qwen3(),  tiny_qwen3_moe(),   tiny_llama()};
}

/// B starts at zero: give it values that matter.
void fill_b(const Model& model) {
  const at::NoGradGuard no_grad;
  int64_t phase = 0;
  for (const NamedTensor& item : model.parameters()) {
    if (!item.name.ends_with(".lora_B")) continue;
    const Tensor wave = at::cos(at::arange(item.tensor.numel(), at::kDouble) * 2.3 + ++phase);
    Tensor(item.tensor).copy_(0.1 * wave.view(item.tensor.sizes()));
  }
}

std::set<std::string> adapted(const Model& model) {
  std::set<std::string> names;
  for (const NamedTensor& item : model.parameters()) {
    if (item.name.ends_with(".lora_A")) names.insert(item.name.substr(0, item.name.size() - 7));
  }
  return names;
}

TEST(Lora, AddsTheScaledProductsOfAProjectionWorkedByHand) {
  const auto matrix = [](std::vector<double> values, int64_t columns) {
    return torch::tensor(values, at::kDouble).view({-1, columns});
  };
  // x = (1, 2): W·x = (1, 4), b = (10, 20), A·x = 3 - 2 = 1, B = (5, 7), alpha / r = 0.5.
  const Projection projection{
      matrix({1, 0, 0, 2}, 2), torch::tensor({10.0, 20.0}, at::kDouble), {matrix({3, -1}, 2), matrix({5, 7}, 1), 0.5}};
  const Tensor out = project(matrix({1, 2}, 2), projection, ops::NumberType::kFloat32);
  EXPECT_TRUE(at::equal(out, matrix({13.5, 27.5}, 2)));
}

TEST(Lora, FreshAdaptersChangeNoBit) {
  for (const ModelConfig& config : all_families()) {
    SCOPED_TRACE(config.model_type);
    Model model = Model::make(config, 3);
    stir(model);
    const ForwardOptions options{.with_mtp = config.num_nextn_predict_layers > 0};
    const PackedTokens tokens = packed_rows({20, 1, 7}, config.vocab_size);
    const ForwardOutput before = model.forward(tokens, options);
    model.add_lora({.r = 2}, 1);
    const ForwardOutput after = model.forward(tokens, options);
    EXPECT_TRUE(at::equal(before.hidden_TD, after.hidden_TD));
    if (options.with_mtp) {
      EXPECT_TRUE(at::equal(before.mtp_hidden_TD, after.mtp_hidden_TD));
    }
  }
}

TEST(Lora, DrawsAUniformlyWithinOneOverTheRootOfItsInputs) {
  Model model = Model::make(tiny_qwen2(), 3), same = model.clone(), other = model.clone();
  model.add_lora({.r = 16}, 7);
  same.add_lora({.r = 16}, 7);
  other.add_lora({.r = 16}, 8);
  const auto a = [](const Model& m, const char* name) { return m.parameter(name).detach(); };
  const Tensor q = a(model, "layers.0.attention.q_proj.lora_A");
  EXPECT_EQ(q.sizes(), (std::vector<int64_t>{16, 24}));
  EXPECT_LE(q.abs().max().item<double>(), 1 / std::sqrt(24.0));
  EXPECT_NEAR(q.std().item<double>(), 1 / std::sqrt(24.0 * 3), 0.01);
  EXPECT_NEAR(q.mean().item<double>(), 0, 0.02);
  EXPECT_TRUE(at::equal(q, a(same, "layers.0.attention.q_proj.lora_A")));
  EXPECT_FALSE(at::equal(q, a(other, "layers.0.attention.q_proj.lora_A")));
  EXPECT_FALSE(at::equal(q, a(model, "layers.1.attention.q_proj.lora_A")));
  EXPECT_TRUE(at::equal(a(model, "layers.0.mlp.gate_up.up.lora_B"), at::zeros({20, 16})));
}

TEST(Lora, SitsWhereTheTargetsSay) {
  const auto places = [](const ModelConfig& config, std::vector<std::string> targets) {
    Model model = Model::make(config, 3);
    model.add_lora({.r = 2, .target_modules = std::move(targets)}, 1);
    return adapted(model);
  };
  using Names = std::set<std::string>;
  EXPECT_EQ(places(tiny_llama(), {"k_proj"}), (Names{"layers.0.attention.k_proj", "layers.1.attention.k_proj"}));
  EXPECT_EQ(places(tiny_llama(), {"layers.1.mlp.up_proj"}), (Names{"layers.1.mlp.gate_up.up"}));
  EXPECT_EQ(places(tiny_llama(), {"model.layers.0.mlp.gate_proj"}), (Names{"layers.0.mlp.gate_up.gate"}));
  EXPECT_EQ(places(tiny_llama(), {"all-linear"}).size(), 2 * 7);
  // Of experts the shared ones alone, and nothing in the MTP module (layer 2).
  EXPECT_EQ(places(tiny_config(), {"down_proj"}), (Names{"layers.0.mlp.down", "layers.1.mlp.shared_experts.down"}));
  EXPECT_EQ(places(tiny_config(), {"shared_experts.gate_proj", "kv_b_proj"}),
            (Names{"layers.1.mlp.shared_experts.gate_up.gate", "layers.0.attention.kv_b_proj",
                   "layers.1.attention.kv_b_proj"}));
  EXPECT_EQ(places(tiny_config(), {"all-linear"}).size(), 2 * 5 + 2 * 3);
}

TEST(Lora, RefusesTargetsThatTakeNone) {
  const auto sentence = [](const ModelConfig& config, const LoraConfig& lora) {
    Model model = Model::make(config, 3);
    return sentence_of<ConfigError>([&] { model.add_lora(lora, 1); });
  };
  const std::string expected =
      "lora.target_modules: names \"lm_head\", but adapters of this model sit on q_proj, k_proj, v_proj, o_proj, "
      "gate_proj, up_proj, down_proj alone; routed experts, router, embedding and head take none";
  EXPECT_EQ(sentence(tiny_llama(), {.target_modules = {"q_proj", "lm_head"}}), expected);
  for (const char* name : {"gate", "embed_tokens", "experts", "proj", "", "kv_a_proj_with_mqa"}) {
    EXPECT_NE(sentence(tiny_qwen3_moe(), {.target_modules = {name}}), "nothing was thrown") << name;
  }
  EXPECT_EQ(sentence(tiny_llama(), {.target_modules = {}}),
            "lora.target_modules: is empty; name projections, or all-linear");
  EXPECT_EQ(sentence(tiny_llama(), {.r = 0}), "lora.r: is 0, but must be between 1 and 65536");
  EXPECT_EQ(sentence(tiny_llama(), {.alpha = 0}), "lora.alpha: must be above 0");

  Model narrow = Model::make(tiny_llama(), 3, at::kBFloat16);
  EXPECT_EQ(sentence_of<ConfigError>([&] { narrow.add_lora({}, 1); }),
            "dtype: is bfloat16, which is for reading only; adapters train beside float32 weights");
  Model model = Model::make(tiny_llama(), 3);
  EXPECT_THROW(model.merge_lora(), ShapeError);
  model.add_lora({}, 1);
  EXPECT_THROW(model.add_lora({}, 1), ShapeError);
}

TEST(Lora, TrainsTheAdaptersAlone) {
  for (const ModelConfig& config : {tiny_config(), tiny_qwen2(), tiny_qwen3_moe()}) {
    SCOPED_TRACE(config.model_type);
    Model model = Model::make(config, 3, at::kDouble);
    stir(model);
    model.add_lora({.r = 2, .alpha = 3}, 1);
    fill_b(model);
    std::vector<std::pair<std::string, Tensor>> inputs;
    for (const NamedTensor& item : model.parameters()) inputs.emplace_back(item.name, item.tensor);
    ASSERT_EQ(inputs.size(), 2 * adapted(model).size());

    const PackedTokens tokens = packed_rows({7, 5}, config.vocab_size);
    std::vector<Tensor> counts, now;
    const auto loss = [&] {
      const ForwardOutput out = model.forward(tokens);
      now = out.expert_counts;
      return model.score(out.hidden_TD, tokens.token_T.roll(-1)).logprob_T.sum();
    };
    loss().backward();
    counts = now;
    for (const NamedTensor& weight : model.weights()) {
      EXPECT_FALSE(weight.tensor.requires_grad()) << weight.name;
      EXPECT_FALSE(weight.tensor.grad().defined()) << weight.name;
    }
    const auto same_routes = [&] {
      return std::equal(now.begin(), now.end(), counts.begin(),
                        [](const Tensor& a, const Tensor& b) { return at::equal(a, b); });
    };
    tests::expect_gradients(loss, inputs, 1e-6, {.points = 8, .still_smooth = same_routes});
  }
}

TEST(Lora, MergedWeightsComputeWhatTheAdaptersDid) {
  for (ModelConfig config : all_families()) {
    SCOPED_TRACE(config.model_type);
    config.initializer_range = 0.1;  // at 0.3 the layers enlarge rounding more than their output
    for (const auto& [dtype, tolerance] : {std::pair{at::kFloat, 1e-6}, {at::kDouble, 1e-13}}) {
      Model model = Model::make(config, 3, dtype);
      model.add_lora({.r = 2, .alpha = 1}, 1);
      fill_b(model);
      const PackedTokens tokens = packed_rows({20, 1, 7}, config.vocab_size);
      const Tensor before = model.logits(tokens).detach();
      const Tensor expected = MergedWeights(model)("layers.0.mlp.gate_up");
      model.merge_lora();
      const Tensor after = model.logits(tokens).detach();
      const double size = before.abs().max().item<double>();
      EXPECT_LE((before - after).abs().max().item<double>(), tolerance * std::max(1.0, size));
      EXPECT_TRUE(at::equal(model.parameter("layers.0.mlp.gate_up").detach(), expected));
      EXPECT_FALSE(model.lora());
      EXPECT_EQ(model.parameters().size(), model.weights().size());
      EXPECT_TRUE(model.parameter("embed_tokens").requires_grad());
      EXPECT_THROW(model.parameter("layers.0.mlp.down.lora_A"), ShapeError);
    }
  }
}

TEST(Lora, AMergedWeightIsTheSumWorkedByHand) {
  Model model = Model::make(tiny_llama(), 3, at::kDouble);
  model.add_lora({.r = 2, .alpha = 4, .target_modules = {"up_proj"}}, 1);
  const Tensor weight = model.parameter("layers.0.mlp.gate_up");
  const at::NoGradGuard no_grad;
  Tensor(model.parameter("layers.0.mlp.gate_up.up.lora_A")).zero_()[0][3] = 2;
  Tensor(model.parameter("layers.0.mlp.gate_up.up.lora_B")).zero_()[5][0] = 0.25;
  const Tensor change = MergedWeights(model)("layers.0.mlp.gate_up") - weight;
  EXPECT_NEAR(change[20 + 5][3].item<double>(), 4.0 / 2 * 2 * 0.25, 1e-12);  // up's rows stand behind gate's twenty
  EXPECT_EQ(change.count_nonzero().item<int64_t>(), 1);
  EXPECT_TRUE(at::equal(MergedWeights(model)("norm"), model.parameter("norm")));
}

TEST(Lora, IsClonedAndCopied) {
  Model model = Model::make(tiny_qwen2(), 3);
  model.add_lora({.r = 2}, 1);
  fill_b(model);
  Model copy = model.clone();
  ASSERT_TRUE(copy.lora());
  EXPECT_EQ(copy.lora()->r, 2);
  const PackedTokens tokens = packed_rows({9}, 23);
  EXPECT_TRUE(at::equal(model.logits(tokens), copy.logits(tokens)));
  const char* name = "layers.0.attention.v_proj.lora_B";
  EXPECT_TRUE(copy.parameter(name).requires_grad());
  {
    const at::NoGradGuard no_grad;
    Tensor(copy.parameter(name)).zero_();
  }
  EXPECT_GT(model.parameter(name).abs().max().item<double>(), 0);
  copy.copy_from(model, 0.5);
  EXPECT_TRUE(at::allclose(copy.parameter(name), 0.5 * model.parameter(name)));
  EXPECT_THROW(Model::make(tiny_qwen2(), 3).copy_from(model), ShapeError);
}

}  // namespace
}  // namespace aha::model::lora_test
