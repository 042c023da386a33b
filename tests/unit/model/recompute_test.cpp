// Layers computed again in the backward pass: the same bits, less memory.
#include <ATen/core/grad_mode.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/cos.h>
#include <ATen/ops/equal.h>
#include <c10/core/Allocator.h>
#include <c10/util/ThreadLocalDebugInfo.h>
#include <torch/csrc/autograd/autograd.h>

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>

#include "aha/ops/parallel.h"
#include "unit/model/tiny_models.h"

namespace aha::model::recompute_test {
namespace {

using at::Tensor;

struct Step {
  std::vector<Tensor> gradients, reports;
};

Step step_of(const Model& model, const PackedTokens& tokens, const ForwardOptions& options) {
  const ForwardOutput out = model.forward(tokens, options);
  const TokenScores scores = model.score(out.hidden_TD, tokens.token_T.roll(-1), 0.8);
  Tensor loss = scores.logprob_T.sum() + scores.entropy_T.sum();
  if (options.with_mtp) loss = loss + model.score(out.mtp_hidden_TD, tokens.token_T.roll(-2)).logprob_T.sum();
  if (options.with_balance_loss) loss = loss + 3.0 * out.balance_loss;
  std::vector<Tensor> values;
  for (const NamedTensor& parameter : model.parameters()) values.push_back(parameter.tensor);
  Step step{torch::autograd::grad({loss}, values, {}, {}, false, /*allow_unused=*/true), out.expert_counts};
  step.reports.push_back(loss.detach());
  if (options.record_routes) step.reports.push_back(out.routes_TLK);
  return step;
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

void expect_recomputation_changes_nothing(const Model& model, ForwardOptions options,
                                          const std::vector<int64_t>& prefix = {}) {
  PackedTokens tokens = packed_rows({9, 1, 14}, model.config().vocab_size);
  tokens.prefix = prefix;
  const Step kept = step_of(model, tokens, options);
  options.recompute = true;
  const Step again = step_of(model, tokens, options);
  expect_same_bits(again.gradients, kept.gradients);
  expect_same_bits(again.reports, kept.reports);
}

ForwardOptions everything(const ModelConfig& config) {
  return {.with_mtp = config.num_nextn_predict_layers > 0, .with_balance_loss = true, .record_routes = true};
}

TEST(Recompute, GivesTheBitsOfAPassThatKeepsItsLayers) {
  for (const ModelConfig& config : {tiny_config(), plain_config(), tiny_deepseek_v2(), tiny_qwen2(), tiny_qwen3(),
                                    tiny_qwen3_moe(), tiny_llama()}) {
    for (const at::ScalarType dtype : {at::kFloat, at::kDouble}) {
      SCOPED_TRACE(config.model_type + (dtype == at::kFloat ? ", float32" : ", float64"));
      const Model model = Model::make(config, 5, dtype);
      stir(model);
      expect_recomputation_changes_nothing(model, everything(config));
      expect_recomputation_changes_nothing(model, {.record_routes = true}, {-1, 0, 0});
    }
  }
}

TEST(Recompute, GivesTheBitsOfAdaptersAlone) {
  for (const ModelConfig& config : {tiny_config(), tiny_qwen3_moe()}) {
    SCOPED_TRACE(config.model_type);
    Model model = Model::make(config, 5);
    model.add_lora({.r = 2}, 1);
    const at::NoGradGuard no_grad;
    for (const NamedTensor& item : model.parameters()) {
      Tensor(item.tensor).copy_(0.1 * at::cos(at::arange(item.tensor.numel())).view(item.tensor.sizes()));
    }
    const at::AutoGradMode with_gradients(true);
    expect_recomputation_changes_nothing(model, everything(config));
  }
}

TEST(Recompute, TakesReplayedExpertsBothTimes) {
  const ModelConfig config = tiny_config();
  const Model model = Model::make(config, 5);
  ForwardOptions options = everything(config);
  const PackedTokens tokens = packed_rows({9, 1, 14}, config.vocab_size);
  options.routes_TLK = (model.forward(tokens, options).routes_TLK + 3).remainder(8);
  options.routes_TLK.slice(0, 4, 8).fill_(-1);
  expect_recomputation_changes_nothing(model, options);
}

TEST(Recompute, WorksOnManyThreadsAtOnce) {
  const ModelConfig config = tiny_config();
  const Model model = Model::make(config, 5);
  const PackedTokens tokens = packed_rows({9, 1, 14}, config.vocab_size);
  const Step alone = step_of(model, tokens, everything(config));
  ForwardOptions options = everything(config);
  options.recompute = true;
  std::vector<Step> steps(8);
  ops::run_workers(4, [&](int worker) {
    const at::AutoGradMode with_gradients(true);
    for (size_t i = static_cast<size_t>(worker); i < steps.size(); i += 4) steps[i] = step_of(model, tokens, options);
  });
  for (const Step& step : steps) expect_same_bits(step.gradients, alone.gradients);
}

TEST(Recompute, AsksForNothingWhereNoGradientIsWanted) {
  const ModelConfig config = tiny_config();
  const Model model = Model::make(config, 5);
  const PackedTokens tokens = packed_rows({9}, config.vocab_size);
  const at::NoGradGuard no_grad;
  const Tensor hidden_TD = model.forward(tokens, {.recompute = true}).hidden_TD;
  EXPECT_FALSE(hidden_TD.requires_grad());
  EXPECT_TRUE(at::equal(hidden_TD, model.forward(tokens).hidden_TD));
}

/// Counts what tensors of this thread hold.
class TensorBytes : public c10::MemoryReportingInfoBase {
 public:
  void reportMemoryUsage(void*, int64_t bytes, size_t, size_t, c10::Device) override {
    held_ += bytes;
    peak_ = std::max(peak_, held_);
  }
  bool memoryProfilingEnabled() const override { return true; }
  int64_t peak() const { return peak_; }

 private:
  int64_t held_ = 0, peak_ = 0;
};

TEST(Recompute, KeepsTheLayersInputsAlone) {
  ModelConfig config = tiny_qwen3();
  config.num_hidden_layers = config.first_k_dense_replace = 24;
  config.yarn.reset();
  config.hidden_size = 32;
  config.intermediate_size = 64;
  const Model model = Model::make(config, 5);
  const PackedTokens tokens = packed_rows(std::vector<int64_t>(16, 64), config.vocab_size);
  const auto peak_of = [&](bool recompute) {
    const auto bytes = std::make_shared<TensorBytes>();
    const c10::DebugInfoGuard guard(c10::DebugInfoKind::PROFILER_STATE, bytes);
    step_of(model, tokens, {.recompute = recompute});
    return bytes->peak();
  };
  const int64_t inputs = 24 * 1024 * 32 * static_cast<int64_t>(sizeof(float));
  const int64_t again = peak_of(true), kept = peak_of(false);
  EXPECT_GT(again, inputs);
  EXPECT_LT(again, 2 * inputs);
  EXPECT_GT(kept, 8 * inputs);
}

}  // namespace
}  // namespace aha::model::recompute_test
