// Recorded experts taken again: the same bits from a model's own record, a plain formula's numbers from another.
#include <ATen/core/grad_mode.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/cos.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/full_like.h>
#include <ATen/ops/mm.h>
#include <ATen/ops/rsqrt.h>
#include <ATen/ops/sigmoid.h>
#include <ATen/ops/silu.h>
#include <ATen/ops/softmax.h>
#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>
#include <torch/csrc/autograd/autograd.h>

#include <gtest/gtest.h>

#include "aha/core/error.h"
#include "unit/model/tiny_models.h"

namespace aha::model::replay_test {
namespace {

using at::Tensor;

ModelConfig two_moe_layers(ModelConfig config) {
  config.num_hidden_layers = 3;
  return config;
}

std::vector<Tensor> tensors_of(const std::vector<NamedTensor>& named) {
  std::vector<Tensor> tensors;
  for (const NamedTensor& item : named) tensors.push_back(item.tensor);
  return tensors;
}

Tensor loss_of(const Model& model, const ForwardOutput& out, const Tensor& token_T) {
  Tensor loss = model.score(out.hidden_TD, token_T.roll(-1)).logprob_T.sum() + 3.0 * out.balance_loss;
  if (out.mtp_hidden_TD.defined()) loss = loss + model.score(out.mtp_hidden_TD, token_T.roll(-2)).logprob_T.sum();
  return loss;
}

/// What a forward and a backward pass give, one after the other.
std::vector<Tensor> results_of(const Model& model, const PackedTokens& tokens, const ForwardOptions& options) {
  const ForwardOutput out = model.forward(tokens, options);
  std::vector<Tensor> results = torch::autograd::grad(
      {loss_of(model, out, tokens.token_T)}, tensors_of(model.parameters()), {}, {}, false, /*allow_unused=*/true);
  results.push_back(out.hidden_TD.detach());
  results.push_back(out.routes_TLK);
  results.insert(results.end(), out.expert_counts.begin(), out.expert_counts.end());
  return results;
}

void expect_same_bits(const std::vector<Tensor>& a, const std::vector<Tensor>& b) {
  ASSERT_EQ(a.size(), b.size());
  for (size_t i = 0; i < a.size(); ++i) {
    ASSERT_EQ(a[i].defined(), b[i].defined()) << i;
    if (a[i].defined()) {
      EXPECT_TRUE(at::equal(a[i], b[i])) << i;
    }
  }
}

TEST(Replay, OfTheOwnRecordChangesNoBit) {
  for (const ModelConfig& config :
       {two_moe_layers(tiny_config()), two_moe_layers(tiny_deepseek_v2()), two_moe_layers(tiny_qwen3_moe())}) {
    SCOPED_TRACE(config.model_type);
    const Model model = Model::make(config, 5);
    stir(model);
    const PackedTokens tokens = packed_rows({9, 1, 14}, config.vocab_size);
    ForwardOptions options{
        .with_mtp = config.num_nextn_predict_layers > 0, .with_balance_loss = true, .record_routes = true};
    const std::vector<Tensor> own = results_of(model, tokens, options);
    options.routes_TLK = model.forward(tokens, options).routes_TLK;
    EXPECT_EQ(options.routes_TLK.sizes(), (std::vector<int64_t>{24, 2, 3}));
    expect_same_bits(results_of(model, tokens, options), own);
    // Rows that begin with -1 come to the same choice by themselves.
    options.routes_TLK = options.routes_TLK.clone();
    options.routes_TLK.slice(0, 0, 24, 2).fill_(-1);
    options.routes_TLK.select(1, 1).slice(0, 5, 11).fill_(-1);
    expect_same_bits(results_of(model, tokens, options), own);
  }
}

TEST(Replay, OfADenseModelIsARecordWithoutLayers) {
  const ModelConfig config = tiny_qwen3();
  const Model model = Model::make(config, 5);
  const PackedTokens tokens = packed_rows({4}, config.vocab_size);
  const Tensor routes_TLK = model.forward(tokens, {.record_routes = true}).routes_TLK;
  EXPECT_EQ(routes_TLK.size(1), 0);
  EXPECT_TRUE(at::equal(model.forward(tokens, {.routes_TLK = routes_TLK}).hidden_TD, model.forward(tokens).hidden_TD));
}

Tensor normed(const Tensor& x, const Tensor& weight, double eps) {
  return weight * (x * at::rsqrt(x.square().mean(1, true) + eps));
}

Tensor swiglu_of(const Tensor& x, const Tensor& gate_up, const Tensor& down) {
  const std::vector<Tensor> halves = at::mm(x, gate_up.t()).chunk(2, 1);
  return at::mm(at::silu(halves[0]) * halves[1], down.t());
}

/// One layer whose attention adds nothing, all experts computed for all tokens, the others' weights zero.
Tensor dense_hidden(const Model& model, const Tensor& token_T, const Tensor& taken_TK) {
  const ModelConfig& config = model.config();
  const auto weight = [&](const std::string& name) { return model.parameter("layers.0." + name); };
  const Tensor x = model.parameter("embed_tokens").index_select(0, token_T);
  const Tensor mlp_in = normed(x, weight("post_attention_layernorm"), config.rms_norm_eps);
  const Tensor logits = at::mm(mlp_in, weight("mlp.router").t());
  const Tensor score = config.scoring_func == "softmax" ? at::softmax(logits, 1) : at::sigmoid(logits);
  const Tensor mask = at::zeros_like(score).scatter(1, taken_TK.to(at::kLong), 1.0);
  Tensor share = score * mask * config.routed_scaling_factor;
  if (config.norm_topk_prob) share = share / ((score * mask).sum(1, true) + 1e-20);
  Tensor sum = x;
  for (int64_t e = 0; e < config.n_routed_experts; ++e) {
    const Tensor out = swiglu_of(mlp_in, weight("mlp.experts.gate_up")[e], weight("mlp.experts.down")[e]);
    sum = sum + share.select(1, e).unsqueeze(1) * out;
  }
  if (config.n_shared_experts > 0) {
    sum = sum + swiglu_of(mlp_in, weight("mlp.shared_experts.gate_up"), weight("mlp.shared_experts.down"));
  }
  return normed(sum, model.parameter("norm"), config.rms_norm_eps);
}

ModelConfig one_moe_layer(ModelConfig config) {
  config.num_hidden_layers = 1;
  config.num_nextn_predict_layers = 0;
  config.first_k_dense_replace = 0;
  config.dense_layers = {};
  return config;
}

TEST(Replay, OfAnotherRecordWeighsItsExpertsByTheScoresAsTheyAre) {
  for (const ModelConfig& family : {tiny_config(), tiny_deepseek_v2(), tiny_qwen3_moe()}) {
    SCOPED_TRACE(family.model_type);
    const ModelConfig config = one_moe_layer(family);
    const Model model = Model::make(config, 5, at::kDouble);
    stir(model);
    {
      const at::NoGradGuard no_grad;
      Tensor(model.parameter("layers.0.attention.o_proj")).zero_();
    }
    const PackedTokens tokens = packed_rows({9, 14}, config.vocab_size);
    const Tensor own_TLK = model.forward(tokens, {.record_routes = true}).routes_TLK;
    // Every expert becomes its neighbour, whatever its group.
    const ForwardOptions options{.record_routes = true, .routes_TLK = (own_TLK + 1).remainder(8)};
    const ForwardOutput out = model.forward(tokens, options);
    EXPECT_TRUE(at::equal(out.routes_TLK, options.routes_TLK));
    EXPECT_TRUE(at::equal(out.expert_counts[0], model.forward(tokens).expert_counts[0].roll(1)));

    const Tensor expected = dense_hidden(model, tokens.token_T, options.routes_TLK.select(1, 0));
    EXPECT_LE((out.hidden_TD - expected).abs().max().item<double>(), 1e-12);
    EXPECT_GT((out.hidden_TD - model.forward(tokens).hidden_TD).abs().max().item<double>(), 1e-3);
    const Tensor wave = at::cos(at::arange(expected.numel(), at::kDouble)).view(expected.sizes());
    const auto gradients = [&](const Tensor& hidden) {
      return torch::autograd::grad({(hidden * wave).sum()}, tensors_of(model.parameters()), {}, {}, false,
                                   /*allow_unused=*/true);
    };
    const std::vector<Tensor> mine = gradients(out.hidden_TD), plain = gradients(expected);
    for (size_t i = 0; i < mine.size(); ++i) {
      if (!plain[i].defined()) continue;  // of attention, whose output is multiplied by zero
      const double largest = plain[i].abs().max().item<double>();
      EXPECT_LE((mine[i] - plain[i]).abs().max().item<double>(), 1e-12 * largest) << model.parameters()[i].name;
    }
  }
}

TEST(Replay, NamesTheMistake) {
  const ModelConfig config = two_moe_layers(tiny_qwen3_moe());
  const Model model = Model::make(config, 5);
  const PackedTokens tokens = packed_rows({4}, config.vocab_size);
  const Tensor routes_TLK = model.forward(tokens, {.record_routes = true}).routes_TLK;
  const auto sentence = [&](const Tensor& routes) -> std::string {
    try {
      model.forward(tokens, {.routes_TLK = routes});
    } catch (const ShapeError& error) {
      return error.what();
    }
    return "";
  };
  const auto with = [&](std::vector<int32_t> row) {
    const Tensor changed = routes_TLK.clone();
    for (int64_t k = 0; k < 3; ++k) changed[2][1][k].fill_(row[static_cast<size_t>(k)]);
    return changed;
  };
  EXPECT_EQ(sentence(with({0, 8, 1})), "[route] replay: token 2 takes expert 8, but must take those in [0, 8)");
  EXPECT_EQ(sentence(with({0, -1, 1})), "[route] replay: token 2 takes expert -1, but must take those in [0, 8)");
  EXPECT_EQ(sentence(with({4, 2, 4})), "[route] replay: token 2 takes expert 4 twice");
  EXPECT_EQ(sentence(with({-1, 7, 7})), "");
  EXPECT_EQ(sentence(routes_TLK.slice(2, 0, 2)), "[route] replay: K is 2, but the call has K = 3");
  EXPECT_NE(sentence(routes_TLK.slice(1, 0, 1)).find("routes must be [T, MoE layers, K]"), std::string::npos);
  EXPECT_NE(sentence(routes_TLK.to(at::kLong)).find("dtype is Long"), std::string::npos);
}

}  // namespace
}  // namespace aha::model::replay_test
