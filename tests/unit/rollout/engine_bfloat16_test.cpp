// The engine in bfloat16: half the cache, log-probabilities near the training forward's, still the same whatever the
// company.
#include <ATen/core/Tensor.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/tensor.h>

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "unit/rollout/tiny_requests.h"

namespace aha::rollout::engine_bfloat16_test {
namespace {

using data::Completion;

model::Model calm_policy(model::ModelConfig config) {
  config.initializer_range = 0.1;
  return tiny_policy(config);
}

std::vector<float> trained_logprobs(const model::Model& policy, const data::Prompt& prompt,
                                    const Completion& completion) {
  const at::NoGradGuard no_grad;
  std::vector<int32_t> tokens = prompt.token_ids;
  tokens.insert(tokens.end(), completion.token_ids.begin(), completion.token_ids.end());
  const at::Tensor hidden_TD = policy.forward(model::pack_tokens({&tokens})).hidden_TD;
  const at::Tensor target_T =
      at::tensor(std::vector<int64_t>(completion.token_ids.begin(), completion.token_ids.end()));
  const at::Tensor logprob_T =
      policy.score(hidden_TD.slice(0, std::ssize(prompt.token_ids) - 1, -1), target_T).logprob_T.contiguous();
  return {logprob_T.const_data_ptr<float>(), logprob_T.const_data_ptr<float>() + logprob_T.numel()};
}

TEST(EngineBFloat16, LogprobsAreNearThoseOfTheTrainingForward) {
  for (const model::ModelConfig& config : {model::tiny_config(), model::tiny_qwen2(), model::tiny_qwen3_moe()}) {
    SCOPED_TRACE(config.model_type);
    const model::Model policy = calm_policy(config);
    Engine engine(policy, nullptr, {.num_threads = 2, .dtype = "bfloat16"});
    const auto batch = engine.generate(tiny_prompts({5, 70, 64}), tiny_sampling(3, 60), {});
    double sum = 0;
    int64_t count = 0, num_far = 0;
    for (const Completion& completion : batch.completions) {
      const auto expected = trained_logprobs(policy, batch.prompts[completion.prompt_index], completion);
      for (size_t t = 0; t < expected.size(); ++t) {
        const double difference = std::abs(completion.policy_logprobs[t] - expected[t]);
        num_far += difference > 2e-2;
        sum += difference;
        ++count;
      }
    }
    // A token near a tie of two experts may take another route.
    EXPECT_LE(num_far * 100, policy.config().n_routed_experts > 0 ? count : 0) << num_far;
    EXPECT_GT(sum / static_cast<double>(count), 1e-5);  // it is another number type
  }
}

TEST(EngineBFloat16, ASampleIsTheSameWhateverTheCompany) {
  for (const model::ModelConfig& config : {model::tiny_config(), model::tiny_qwen2(), model::tiny_qwen3_moe()}) {
    SCOPED_TRACE(config.model_type);
    const model::Model policy = calm_policy(config);
    const int64_t page = model::KvCache::page_bytes(policy.config(), {.type = ops::NumberType::kBFloat16});
    const auto completions = [&](EngineOptions options) {
      options.dtype = "bfloat16";
      Engine engine(policy, nullptr, options);
      return engine.generate(tiny_prompts({5, 70, 64, 1}), tiny_sampling(3, 90), {}).completions;
    };
    const std::vector<Completion> expected = completions({.num_threads = 1});
    expect_same(completions({.num_threads = 2, .max_rows = 5}), expected);
    expect_same(completions({.cache_bytes = 6 * page, .num_threads = 1}), expected);
    expect_same(completions({.num_threads = 1, .speculation = "ngram"}), expected);
  }
}

TEST(EngineBFloat16, IsTheModelsTypeUnlessAskedOtherwise) {
  model::ModelConfig config = model::tiny_qwen2();
  config.max_position_embeddings = 256;
  const model::Model half = model::Model::make(config, 3, at::kBFloat16), whole = model::Model::make(config, 3);
  const auto bytes = [](const model::Model& policy, const char* dtype) {
    Engine engine(policy, nullptr, {.num_threads = 1, .dtype = dtype});
    engine.generate(tiny_prompts({70}), tiny_sampling(2, 5), {});
    return engine.stats().peak_cache_bytes;
  };
  const int64_t page = model::KvCache::page_bytes(config);
  EXPECT_EQ(bytes(whole, "auto"), 3 * page);
  EXPECT_EQ(bytes(whole, "bfloat16"), 3 * page / 2);
  EXPECT_EQ(bytes(half, "auto"), 3 * page / 2);
  EXPECT_EQ(bytes(half, "float32"), 3 * page);
}

}  // namespace
}  // namespace aha::rollout::engine_bfloat16_test
