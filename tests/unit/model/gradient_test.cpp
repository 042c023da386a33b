// The whole model's gradients against finite differences, every parameter tensor, routes held fixed.
#include <ATen/core/grad_mode.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/cos.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/linspace.h>

#include <gtest/gtest.h>

#include "support/gradient_check.h"
#include "unit/model/tiny_models.h"

namespace aha::model::gradient_test {
namespace {

using at::Tensor;

/// Log-probabilities of the next token, of the one after next through the MTP module, and the balance loss.
struct WholeLoss {
  const Model& model;
  PackedTokens tokens;
  ForwardOptions options;
  std::vector<Tensor> counts;

  Tensor run() {
    const ForwardOutput out = model.forward(tokens, options);
    counts = out.expert_counts;
    const Tensor target_T = tokens.token_T.roll(-1);
    Tensor loss = (model.score(out.hidden_TD, target_T, 0.8).logprob_T * wave(target_T.numel())).sum();
    if (options.with_mtp) {
      loss = loss + (model.score(out.mtp_hidden_TD, target_T.roll(-1)).logprob_T * wave(target_T.numel())).sum();
    }
    return options.with_balance_loss ? loss + 3.0 * out.balance_loss : loss;
  }
  static Tensor wave(int64_t length) { return at::cos(at::arange(length, at::kDouble)); }
};

bool same_counts(const std::vector<Tensor>& a, const std::vector<Tensor>& b) {
  for (size_t i = 0; i < a.size(); ++i) {
    if (!at::equal(a[i], b[i])) return false;
  }
  return true;
}

void check_whole_model(const ModelConfig& config, const ForwardOptions& options) {
  const Model model = Model::make(config, 5, at::kDouble);
  if (config.attention == AttentionKind::kGrouped) stir(model);
  {
    const at::NoGradGuard no_grad;
    for (const NamedTensor& buffer : model.buffers()) {
      Tensor(buffer.tensor).copy_(at::linspace(-0.05, 0.05, buffer.tensor.numel()));
    }
  }
  WholeLoss whole{model, packed_rows({1, 7, 5}, config.vocab_size), options, {}};
  whole.run();
  const std::vector<Tensor> counts = whole.counts;

  std::vector<std::pair<std::string, Tensor>> inputs;
  for (const NamedTensor& parameter : model.parameters()) {
    if (!options.with_mtp && parameter.name.starts_with("layers.2.")) continue;
    inputs.emplace_back(parameter.name, parameter.tensor);
  }
  tests::expect_gradients([&] { return whole.run(); }, inputs, 1e-6,
                          {.points = 24, .still_smooth = [&] { return same_counts(whole.counts, counts); }});
}

TEST(ModelGradient, WithQueryLatentsGroupsSharedExpertYarnMtpAndBalanceLoss) {
  check_whole_model(tiny_config(), {.with_mtp = true, .with_balance_loss = true});
}

TEST(ModelGradient, WithoutAllOfThemAndTied) { check_whole_model(plain_config(), {}); }

TEST(ModelGradient, OfFamiliesWithSoftmaxGatesAndGroupedQueries) {
  for (const ModelConfig& config : {tiny_deepseek_v2(), tiny_qwen2(), tiny_qwen3(), tiny_qwen3_moe(), tiny_llama()}) {
    SCOPED_TRACE(config.model_type);
    check_whole_model(config, {.with_balance_loss = true});
  }
}

TEST(ModelGradient, WithDenseLayersAlone) {
  ModelConfig config = plain_config();
  config.n_routed_experts = 0;
  config.first_k_dense_replace = config.num_hidden_layers;
  config.tie_word_embeddings = false;
  check_whole_model(config, {.with_balance_loss = true});
}

}  // namespace
}  // namespace aha::model::gradient_test
