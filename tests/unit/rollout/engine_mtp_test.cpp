// Drafts by the model's own MTP module change no completion, and a module that is right saves half of the steps.
#include <ATen/core/grad_mode.h>
#include <ATen/ops/eye.h>

#include <gtest/gtest.h>

#include "unit/rollout/tiny_requests.h"

namespace aha::rollout::engine_mtp_test {
namespace {

std::vector<model::ModelConfig> mtp_configs() {
  model::ModelConfig plain = model::plain_config(), grouped = model::tiny_qwen3_moe();
  plain.num_nextn_predict_layers = grouped.num_nextn_predict_layers = 1;
  return {model::tiny_config(), plain, grouped};
}

int64_t page_bytes(const model::Model& policy, const std::string& dtype) {
  const auto type = dtype == "bfloat16" ? ops::NumberType::kBFloat16 : ops::NumberType::kFloat32;
  return model::KvCache::page_bytes(policy.config(), {.type = type, .with_mtp = true});
}

TEST(EngineMtp, DraftsChangeNoBit) {
  const data::PromptBatch prompts = tiny_prompts({1, 9, 63, 64, 100});
  for (const model::ModelConfig& config : mtp_configs()) {
    for (const std::string dtype : {"float32", "bfloat16"}) {
      SCOPED_TRACE(config.model_type + " in " + dtype);
      const model::Model policy = tiny_policy(config);
      SamplingParams params = tiny_sampling(3, 80);
      params.temperature = 0.3;
      Engine plain(policy, nullptr, {.num_threads = 1, .dtype = dtype});
      const auto expected = plain.generate(prompts, params, {.seed = 5}).completions;
      const EngineOptions usual{.num_threads = 1, .dtype = dtype, .speculation = "mtp"};
      EngineOptions few_rows = usual, few_pages = usual;
      few_rows.num_threads = 2;
      few_rows.max_rows = 9;
      few_pages.cache_bytes = 6 * page_bytes(policy, dtype);
      for (const EngineOptions& options : {usual, few_rows, few_pages}) {
        Engine engine(policy, nullptr, options);
        expect_same(engine.generate(prompts, params, {.seed = 5}).completions, expected);
        EXPECT_GT(engine.stats().accepted_draft_tokens, 0);
        EXPECT_LE(engine.stats().accepted_draft_tokens, engine.stats().draft_tokens);
      }
    }
  }
}

/// No layer adds anything, and the module hands on the successor's embedding: both say what the last token alone says.
void make_module_right(const model::Model& policy) {
  const at::NoGradGuard no_grad;
  const int64_t width = policy.config().hidden_size;
  for (const model::NamedTensor& item : policy.weights()) {
    at::Tensor tensor = item.tensor;
    if (item.name.ends_with("o_proj") || item.name.ends_with("down")) tensor.zero_();
    if (item.name.ends_with("norm")) tensor.fill_(1);
    if (item.name.ends_with("eh_proj")) {
      tensor.zero_();
      tensor.narrow(1, 0, width).copy_(at::eye(width));
    }
  }
}

TEST(EngineMtp, ARightModuleHalvesTheSteps) {
  const model::Model policy = tiny_policy(model::tiny_config());
  make_module_right(policy);
  SamplingParams params = tiny_sampling(1, 101);
  params.temperature = 0;
  params.ignore_eos = true;
  Engine plain(policy, nullptr, {.num_threads = 1});
  const auto expected = plain.generate(tiny_prompts({9}), params, {}).completions;
  EXPECT_EQ(plain.stats().steps, 101);
  Engine engine(policy, nullptr, {.num_threads = 1, .speculation = "mtp"});
  expect_same(engine.generate(tiny_prompts({9}), params, {}).completions, expected);
  // The prompt is read in a step of its own; the first token has no draft behind it; then every step gives two tokens.
  const EngineStats& stats = engine.stats();
  EXPECT_EQ(stats.draft_tokens, 50);
  EXPECT_EQ(stats.accepted_draft_tokens, 50);
  EXPECT_EQ(stats.steps, 1 + 1 + 50);
}

}  // namespace
}  // namespace aha::rollout::engine_mtp_test
