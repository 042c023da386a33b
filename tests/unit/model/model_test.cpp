// Making, copying and balancing models; what the forward pass promises of packing, threads and the MTP module.
#include <ATen/core/grad_mode.h>
#include <ATen/ops/allclose.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/eye.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/zeros.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/generated/variable_factories.h>

#include "aha/model/model.h"

#include <gtest/gtest.h>

#include <thread>

#include "aha/core/error.h"
#include "unit/model/tiny_models.h"

namespace aha::model::model_test {
namespace {

using at::Tensor;

PackedTokens packed(std::vector<std::vector<int32_t>> rows) {
  std::vector<const std::vector<int32_t>*> pointers;
  for (const auto& row : rows) pointers.push_back(&row);
  return pack_tokens(pointers);
}

void clear(const Tensor& tensor) {
  const at::NoGradGuard no_grad;
  Tensor(tensor).zero_();
}

TEST(Model, HasTheParametersItsConfigCounts) {
  for (const ModelConfig& config : {tiny_config(), plain_config()}) {
    const Model model = Model::make(config, 1);
    int64_t total = 0;
    for (const NamedTensor& parameter : model.parameters()) total += parameter.tensor.numel();
    EXPECT_EQ(total, config.num_parameters());
  }
  const Model model = Model::make(tiny_config(), 1);
  EXPECT_EQ(model.parameter("layers.1.mlp.experts.gate_up").sizes(), (std::vector<int64_t>{8, 20, 12}));
  EXPECT_EQ(model.parameter("layers.2.eh_proj").sizes(), (std::vector<int64_t>{12, 24}));
  ASSERT_EQ(model.buffers().size(), 2);
  EXPECT_EQ(model.buffer("layers.2.mlp.expert_bias").scalar_type(), at::kFloat);
  EXPECT_THROW(model.parameter("layers.9.enorm"), ShapeError);
  EXPECT_THROW(Model::make(plain_config(), 1).parameter("lm_head"), ShapeError);
}

TEST(Model, IsASeedsAndStartsAsTheConfigSays) {
  const Model a = Model::make(tiny_config(), 1), b = Model::make(tiny_config(), 1), c = Model::make(tiny_config(), 2);
  const auto weight = [](const Model& model) { return model.parameter("layers.1.mlp.experts.gate_up"); };
  EXPECT_TRUE(at::equal(weight(a), weight(b)));
  EXPECT_FALSE(at::equal(weight(a), weight(c)));
  EXPECT_NEAR(weight(a).std().item<double>(), 0.3, 0.02);
  EXPECT_NEAR(weight(a).mean().item<double>(), 0, 0.02);
  EXPECT_TRUE(at::equal(a.parameter("norm"), at::ones({12})));
  EXPECT_TRUE(at::equal(a.buffer("layers.1.mlp.expert_bias"), at::zeros({8})));
}

TEST(Model, Float32FollowsFloat64) {
  const ModelConfig config = tiny_config();
  const PackedTokens tokens = packed_rows({9, 30, 1}, config.vocab_size);
  const Model exact = Model::make(config, 3, at::kDouble), rounded = Model::make(config, 3);
  const Tensor a = exact.logits(tokens), b = rounded.logits(tokens);
  EXPECT_LE((a - b.to(at::kDouble)).abs().max().item<double>(), 1e-4 * a.abs().max().item<double>());
}

TEST(Model, ASequenceHasTheSameBitsAloneAndPackedAndTwice) {
  const ModelConfig config = tiny_config();
  const Model model = Model::make(config, 3);
  const std::vector<int64_t> lengths{40, 1, 33, 5};
  const PackedTokens tokens = packed_rows(lengths, config.vocab_size);
  const ForwardOutput all = model.forward(tokens, {.with_mtp = true});
  EXPECT_TRUE(at::equal(all.hidden_TD, model.forward(tokens).hidden_TD));
  for (size_t i = 0; i < lengths.size(); ++i) {
    const auto part = [&](const Tensor& t) { return t.narrow(0, tokens.offsets[i], lengths[i]); };
    const ForwardOutput alone = model.forward({part(tokens.token_T), {0, lengths[i]}}, {.with_mtp = true});
    EXPECT_TRUE(at::equal(alone.hidden_TD, part(all.hidden_TD))) << i;
    EXPECT_TRUE(at::equal(alone.mtp_hidden_TD, part(all.mtp_hidden_TD))) << i;
  }
}

TEST(Model, SeesTheTokensBeforeAndNoneAfter) {
  const ModelConfig config = tiny_config();
  const Model model = Model::make(config, 4);
  std::vector<int32_t> row = token_row(10, config.vocab_size, 3);
  const Tensor before = model.forward(packed({row})).hidden_TD;
  row[6] = (row[6] + 1) % 23;
  const Tensor after = model.forward(packed({row})).hidden_TD;
  EXPECT_TRUE(at::equal(before.narrow(0, 0, 6), after.narrow(0, 0, 6)));
  for (int64_t t = 6; t < 10; ++t) EXPECT_FALSE(at::equal(before[t], after[t])) << t;
}

TEST(Model, ScoreAgreesWithLogits) {
  const ModelConfig config = plain_config();
  const Model model = Model::make(config, 4, at::kDouble);
  const PackedTokens tokens = packed_rows({12}, config.vocab_size);
  const Tensor target_T = tokens.token_T.roll(-1);
  const Tensor expected = (model.logits(tokens) / 0.7).log_softmax(1).gather(1, target_T.unsqueeze(1)).squeeze(1);
  const Tensor scored = model.score(model.forward(tokens).hidden_TD, target_T, 0.7).logprob_T;
  EXPECT_LE((scored - expected).abs().max().item<double>(), 1e-12);
}

/// A model whose MTP block passes its input through, so that only norms and eh_proj remain.
Model passing_model(int64_t first_column) {
  Model model = Model::make(tiny_config(), 6, at::kDouble);
  for (const NamedTensor& parameter : model.parameters()) {
    const bool is_output = parameter.name.ends_with("o_proj") || parameter.name.ends_with("down");
    if (is_output) clear(parameter.tensor);
  }
  const Tensor projection = model.parameter("layers.2.eh_proj");
  clear(projection);
  const at::NoGradGuard no_grad;
  projection.narrow(1, first_column, 12).copy_(at::eye(12, at::kDouble));
  return model;
}

Tensor unit_rows(const Tensor& x) { return x / (x.square().mean(1, true) + 1e-6).sqrt(); }

TEST(ModelMtp, JoinsTheNextEmbeddingThenTheUnnormedHiddenState) {
  const PackedTokens tokens = packed({{4, 9, 2}, {7}, {1, 5}});
  const Tensor embedding = Model::make(tiny_config(), 6, at::kDouble).parameter("embed_tokens");
  const auto rows = [&](std::vector<int64_t> ids) { return embedding.index_select(0, torch::tensor(ids)); };
  // Rows without a next token in their sequence (2, 3 and 5) are zero.
  const Tensor has_next = torch::tensor({1.0, 1.0, 0.0, 0.0, 1.0, 0.0}, at::kDouble).unsqueeze(1);

  const Tensor from_embedding = passing_model(0).forward(tokens, {.with_mtp = true}).mtp_hidden_TD;
  const Tensor next = unit_rows(unit_rows(rows({9, 2, 0, 0, 5, 0}))) * has_next;
  EXPECT_LE((from_embedding - next).abs().max().item<double>(), 1e-6);

  const Tensor from_hidden = passing_model(12).forward(tokens, {.with_mtp = true}).mtp_hidden_TD;
  const Tensor own = unit_rows(unit_rows(rows({4, 9, 2, 7, 1, 5}))) * has_next;
  EXPECT_LE((from_hidden - own).abs().max().item<double>(), 1e-6);
}

TEST(ModelMtp, CountsItsExpertsLastAndNeedsAModule) {
  const ModelConfig config = tiny_config();
  const Model model = Model::make(config, 4);
  const PackedTokens tokens = packed_rows({6, 4}, config.vocab_size);
  EXPECT_EQ(model.forward(tokens).expert_counts.size(), 1);
  const ForwardOutput out = model.forward(tokens, {.with_mtp = true, .with_balance_loss = true});
  ASSERT_EQ(out.expert_counts.size(), 2);
  EXPECT_EQ(out.expert_counts[0].sum().item<int64_t>(), 10 * 3);
  EXPECT_EQ(out.expert_counts[1].sum().item<int64_t>(), 8 * 3);
  EXPECT_GT(out.balance_loss.item<double>(), 0);
  EXPECT_THROW(Model::make(plain_config(), 1).forward(tokens, {.with_mtp = true}), ShapeError);
}

TEST(Model, RefusesTokensItDoesNotKnowAndSequencesTooLong) {
  const Model model = Model::make(tiny_config(), 4);
  const auto message = [&](const PackedTokens& tokens) {
    try {
      model.forward(tokens);
    } catch (const Error& error) {
      return std::string(error.what());
    }
    return std::string("nothing thrown");
  };
  EXPECT_EQ(message(packed({{1, 23}})), "token 1: has id 23, but the model's vocabulary has 23");
  EXPECT_EQ(message(packed_rows({3, 65}, 23)),
            "sequence 1: has 65 tokens, but the model's max_position_embeddings is 64");
  EXPECT_THROW(model.forward({at::zeros({3}, at::kLong), {0, 2}}), ShapeError);
  EXPECT_EQ(model.forward(packed_rows({64}, 23), {.with_mtp = true}).hidden_TD.size(0), 64);
  EXPECT_EQ(model.forward(packed({})).hidden_TD.size(0), 0);
}

TEST(Model, KeepsNoGraphWithoutGradients) {
  const Model model = Model::make(tiny_config(), 4);
  const at::NoGradGuard no_grad;
  EXPECT_FALSE(model.forward(packed_rows({5}, 23)).hidden_TD.requires_grad());
}

TEST(Model, TwoThreadsGetTheBitsOfOne) {
  const ModelConfig config = tiny_config();
  const Model model = Model::make(config, 4);
  const auto gradients = [&](int64_t length) {
    const PackedTokens tokens = packed_rows({length, 12}, config.vocab_size);
    const Tensor loss = -model.score(model.forward(tokens).hidden_TD, tokens.token_T.roll(-1)).logprob_T.mean();
    std::vector<Tensor> inputs;
    for (const NamedTensor& parameter : model.parameters()) inputs.push_back(parameter.tensor);
    return torch::autograd::grad({loss}, inputs, {}, false, false, /*allow_unused=*/true);
  };
  const std::vector<std::vector<Tensor>> serial{gradients(20), gradients(31)};
  for (int repeat = 0; repeat < 5; ++repeat) {
    std::vector<std::vector<Tensor>> parallel(2);
    {
      const std::jthread first([&] { parallel[0] = gradients(20); });
      const std::jthread second([&] { parallel[1] = gradients(31); });
    }
    for (size_t worker = 0; worker < 2; ++worker) {
      for (size_t i = 0; i < serial[worker].size(); ++i) {
        if (!serial[worker][i].defined()) continue;
        EXPECT_TRUE(at::equal(serial[worker][i], parallel[worker][i])) << model.parameters()[i].name;
      }
    }
  }
}

TEST(Model, CloneIsIndependentAndCopyFromMixes) {
  const Model a = Model::make(tiny_config(), 1);
  Model b = a.clone();
  const PackedTokens tokens = packed_rows({8}, 23);
  EXPECT_TRUE(at::equal(a.logits(tokens), b.logits(tokens)));
  clear(b.parameter("embed_tokens"));
  EXPECT_GT(a.parameter("embed_tokens").abs().max().item<double>(), 0);
  EXPECT_TRUE(b.parameter("embed_tokens").requires_grad());

  {
    const at::NoGradGuard no_grad;
    Tensor(a.buffer("layers.1.mlp.expert_bias")).fill_(0.5);
  }
  b.copy_from(a, 0.25);
  EXPECT_TRUE(at::allclose(b.parameter("embed_tokens"), 0.25 * a.parameter("embed_tokens")));
  EXPECT_NEAR(b.buffer("layers.1.mlp.expert_bias")[0].item<double>(), 0.125, 1e-7);
  b.copy_from(a);
  EXPECT_TRUE(at::equal(a.logits(tokens), b.logits(tokens)));
}

TEST(ExpertBias, MovesAgainstTheLoadAndKeepsItsSum) {
  Model model = Model::make(tiny_config(), 1);
  // Mean 4: three above, four below, one at the mean; changes -r, +r, 0 with mean r/8.
  const Tensor count_E = torch::tensor({10, 6, 5, 4, 3, 2, 1, 1}, at::kLong);
  update_expert_bias(model, {count_E}, 0.008);
  const Tensor bias_E = model.buffer("layers.1.mlp.expert_bias");
  const std::vector<double> expected{-0.009, -0.009, -0.009, -0.001, 0.007, 0.007, 0.007, 0.007};
  for (size_t i = 0; i < 8; ++i) EXPECT_NEAR(bias_E[static_cast<int64_t>(i)].item<double>(), expected[i], 1e-7) << i;
  EXPECT_EQ(model.buffer("layers.2.mlp.expert_bias").abs().sum().item<double>(), 0);
  EXPECT_THROW(update_expert_bias(model, {}, 0.1), ShapeError);
}

}  // namespace
}  // namespace aha::model::model_test
