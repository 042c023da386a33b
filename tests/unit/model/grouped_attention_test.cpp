// Families with grouped attention against the same model in plain tensor operations, in float64.
#include <ATen/ops/arange.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/outer.h>
#include <ATen/ops/rsqrt.h>
#include <ATen/ops/sigmoid.h>
#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

#include "aha/core/error.h"
#include "unit/model/tiny_models.h"

namespace aha::model::grouped_attention_test {
namespace {

using at::Tensor;

/// Written from the papers and from how these models are published, one sequence at a time, sharing no code.
class Reference {
 public:
  explicit Reference(const Model& model) : model_(model), config_(model.config()) {}

  Tensor logits(const Tensor& token_T) const {
    Tensor x = weight("embed_tokens").index_select(0, token_T);
    for (int64_t l = 0; l < config_.num_hidden_layers; ++l) {
      const std::string layer = "layers." + std::to_string(l) + ".";
      x = x + attention(layer + "attention.", norm(x, weight(layer + "input_layernorm")));
      const Tensor normed = norm(x, weight(layer + "post_attention_layernorm"));
      x = x + (config_.is_moe_layer(l) ? experts(layer + "mlp.", normed) : mlp(layer + "mlp.", normed));
    }
    const Tensor head = weight(config_.tie_word_embeddings ? "embed_tokens" : "lm_head");
    return norm(x, weight("norm")).matmul(head.t());
  }

 private:
  Tensor weight(const std::string& name) const { return model_.parameter(name).detach(); }

  Tensor norm(const Tensor& x, const Tensor& weight) const {
    return weight * x * at::rsqrt(x.square().mean(-1, true) + config_.rms_norm_eps);
  }

  static Tensor swiglu(const Tensor& x, const Tensor& gate_up, const Tensor& down) {
    const std::vector<Tensor> halves = x.matmul(gate_up.t()).chunk(2, -1);
    return (halves[0] * at::sigmoid(halves[0]) * halves[1]).matmul(down.t());
  }
  Tensor mlp(const std::string& prefix, const Tensor& x) const {
    return swiglu(x, weight(prefix + "gate_up"), weight(prefix + "down"));
  }

  Tensor experts(const std::string& prefix, const Tensor& x) const {
    const Tensor score = x.matmul(weight(prefix + "router").t()).softmax(-1);
    auto [chosen, expert] = score.topk(config_.num_experts_per_tok, -1);
    if (config_.norm_topk_prob) chosen = chosen / chosen.sum(-1, true);
    Tensor y = at::zeros_like(x);
    for (int64_t t = 0; t < x.size(0); ++t) {
      for (int64_t k = 0; k < config_.num_experts_per_tok; ++k) {
        const int64_t e = expert[t][k].item<int64_t>();
        y[t] += chosen[t][k] * swiglu(x[t], weight(prefix + "experts.gate_up")[e], weight(prefix + "experts.down")[e]);
      }
    }
    return y;
  }

  /// The three ranges of Llama 3 by wavelength; YaRN by the index whose wavelength fits so often.
  double frequency(int64_t pair) const {
    const double width = static_cast<double>(config_.head_dim);
    const double plain = 1 / std::pow(config_.rope_theta, 2.0 * static_cast<double>(pair) / width);
    if (config_.llama3_rope) {
      const auto& scaling = *config_.llama3_rope;
      const double context = static_cast<double>(scaling.original_max_position_embeddings);
      const double wavelength = 2 * std::numbers::pi / plain;
      if (wavelength < context / scaling.high_freq_factor) return plain;
      if (wavelength > context / scaling.low_freq_factor) return plain / scaling.factor;
      const double smooth =
          (context / wavelength - scaling.low_freq_factor) / (scaling.high_freq_factor - scaling.low_freq_factor);
      return (1 - smooth) * plain / scaling.factor + smooth * plain;
    }
    if (config_.yarn) {
      const auto index = [&](double turns) {
        const double wavelength = static_cast<double>(config_.yarn->original_max_position_embeddings) / turns;
        return width / 2 * std::log(wavelength / (2 * std::numbers::pi)) / std::log(config_.rope_theta);
      };
      const double low = std::max(0.0, std::floor(index(config_.yarn->beta_fast)));
      const double high = std::min(width - 1, std::ceil(index(config_.yarn->beta_slow)));
      const double share = std::clamp((static_cast<double>(pair) - low) / std::max(high - low, 0.001), 0.0, 1.0);
      return plain * (1 - share) + plain / config_.yarn->factor * share;
    }
    return plain;
  }

  /// [T, heads, d]: x·cos + turned(x)·sin, with the halves of a head turned into each other.
  Tensor rotated(const Tensor& x) const {
    const int64_t half = config_.head_dim / 2;
    const double amplitude = config_.yarn ? config_.yarn->attention_factor : 1;
    Tensor frequencies = at::empty({half}, at::kDouble);
    for (int64_t i = 0; i < half; ++i) frequencies[i] = frequency(i);
    const Tensor angle = at::outer(at::arange(x.size(0), at::kDouble), frequencies).repeat({1, 2});
    const std::vector<Tensor> halves = x.chunk(2, -1);
    const Tensor turned = at::cat({-halves[1], halves[0]}, -1);
    return amplitude * (x * angle.cos().unsqueeze(1) + turned * angle.sin().unsqueeze(1));
  }

  Tensor heads(const std::string& prefix, char which, const Tensor& x) const {
    Tensor y = x.matmul(weight(prefix + which + "_proj").t());
    if (config_.has_qkv_bias) y = y + weight(prefix + which + "_bias");
    y = y.view({x.size(0), -1, config_.head_dim});
    if (config_.has_qk_norm && which != 'v') y = norm(y, weight(prefix + which + "_norm"));
    return which == 'v' ? y : rotated(y);
  }

  Tensor attention(const std::string& prefix, const Tensor& x) const {
    const int64_t num_tokens = x.size(0), group = config_.num_attention_heads / config_.num_key_value_heads;
    const Tensor q = heads(prefix, 'q', x).transpose(0, 1);
    const Tensor k = heads(prefix, 'k', x).repeat_interleave(group, 1).transpose(0, 1);
    const Tensor v = heads(prefix, 'v', x).repeat_interleave(group, 1).transpose(0, 1);
    const Tensor later = at::ones({num_tokens, num_tokens}, at::kBool).triu(1);
    const Tensor score = q.matmul(k.transpose(1, 2)) / std::sqrt(static_cast<double>(config_.head_dim));
    const Tensor mixed = score.masked_fill(later, -INFINITY).softmax(-1).matmul(v);
    Tensor y = mixed.transpose(0, 1).reshape({num_tokens, -1}).matmul(weight(prefix + "o_proj").t());
    return config_.has_o_bias ? y + weight(prefix + "o_bias") : y;
  }

  const Model& model_;
  const ModelConfig& config_;
};

ModelConfig with_all_biases() {
  ModelConfig config = tiny_qwen3();
  config.has_qkv_bias = config.has_o_bias = true;
  return config;
}

std::vector<ModelConfig> grouped_configs() {
  return {tiny_qwen2(), tiny_qwen3(), tiny_qwen3_moe(), tiny_llama(), with_all_biases()};
}

TEST(GroupedAttention, MatchesAPlainModelInFloat64) {
  for (const ModelConfig& config : grouped_configs()) {
    SCOPED_TRACE(config.model_type);
    const Model model = Model::make(config, 3, at::kDouble);
    stir(model);
    const std::vector<int64_t> lengths{33, 1, 50};  // past the original length of the scaled ones
    const PackedTokens tokens = packed_rows(lengths, config.vocab_size);
    const Tensor logits = model.logits(tokens).detach();
    for (size_t i = 0; i < lengths.size(); ++i) {
      const auto part = [&](const Tensor& t) { return t.narrow(0, tokens.offsets[i], lengths[i]); };
      const Tensor expected = Reference(model).logits(part(tokens.token_T));
      EXPECT_LE((part(logits) - expected).abs().max().item<double>(), 1e-10 * expected.abs().max().item<double>());
    }
  }
}

TEST(GroupedAttention, Float32FollowsFloat64) {
  for (const ModelConfig& config : grouped_configs()) {
    SCOPED_TRACE(config.model_type);
    const Model exact = Model::make(config, 3, at::kDouble);
    Model rounded = Model::make(config, 3);
    stir(exact);
    rounded.copy_from(exact);
    const PackedTokens tokens = packed_rows({33, 1, 50}, config.vocab_size);
    const Tensor a = exact.logits(tokens), b = rounded.logits(tokens).to(at::kDouble);
    EXPECT_LE((a - b).abs().max().item<double>(), 1e-4 * a.abs().max().item<double>());
  }
}

TEST(GroupedAttention, ASequenceHasTheSameBitsAloneAndPacked) {
  for (const ModelConfig& config : grouped_configs()) {
    const Model model = Model::make(config, 3);
    const std::vector<int64_t> lengths{40, 1, 33};
    const PackedTokens tokens = packed_rows(lengths, config.vocab_size);
    const Tensor all = model.forward(tokens).hidden_TD;
    for (size_t i = 0; i < lengths.size(); ++i) {
      const auto part = [&](const Tensor& t) { return t.narrow(0, tokens.offsets[i], lengths[i]); };
      const Tensor alone = model.forward({part(tokens.token_T), {0, lengths[i]}}).hidden_TD;
      EXPECT_TRUE(at::equal(alone, part(all))) << config.model_type << i;
    }
    EXPECT_EQ(model.forward(packed_rows({}, config.vocab_size)).hidden_TD.size(0), 0);
  }
}

TEST(GroupedAttention, HasTheParametersItsConfigCountsAndStartsThemAsItShould) {
  for (const ModelConfig& config : grouped_configs()) {
    const Model model = Model::make(config, 1);
    int64_t total = 0;
    for (const NamedTensor& parameter : model.parameters()) total += parameter.tensor.numel();
    EXPECT_EQ(total, config.num_parameters()) << config.model_type;
    EXPECT_TRUE(model.buffers().empty()) << "no bias on the gates";
  }
  const Model model = Model::make(with_all_biases(), 1);
  EXPECT_EQ(model.parameter("layers.1.attention.k_proj").sizes(), (std::vector<int64_t>{12, 12}));
  EXPECT_TRUE(at::equal(model.parameter("layers.1.attention.k_bias"), at::zeros({12})));
  EXPECT_TRUE(at::equal(model.parameter("layers.1.attention.k_norm"), at::ones({6})));
}

TEST(ExpertBias, OfModelsWithoutOneStaysAway) {
  for (const ModelConfig& config : {tiny_qwen3_moe(), tiny_deepseek_v2()}) {
    Model model = Model::make(config, 1);
    const ForwardOutput out = model.forward(packed_rows({12}, config.vocab_size), {.with_balance_loss = true});
    ASSERT_EQ(out.expert_counts.size(), 1);
    EXPECT_EQ(out.expert_counts[0].sum().item<int64_t>(), 12 * 3);
    EXPECT_GT(out.balance_loss.item<double>(), 0);
    update_expert_bias(model, out.expert_counts, 0.1);
    EXPECT_TRUE(model.buffers().empty());
  }
}

}  // namespace
}  // namespace aha::model::grouped_attention_test
