// The engine over other caches than the latent one, and every end id there is.
#include <ATen/core/grad_mode.h>
#include <torch/csrc/autograd/generated/variable_factories.h>

#include <gtest/gtest.h>

#include <algorithm>

#include "aha/model/decoder.h"
#include "aha/rollout/engine.h"
#include "support/letter_tokenizer.h"
#include "unit/model/tiny_models.h"

namespace aha::rollout::engine_families_test {
namespace {

using data::Completion;
using data::CompletionBatch;
using model::Model;
using model::ModelConfig;

constexpr SampleKey kKey = {.seed = 3};

data::PromptBatch prompts_of(std::initializer_list<int64_t> lengths) {
  data::PromptBatch prompts;
  for (const int64_t length : lengths) {
    data::Prompt prompt;
    prompt.id = length;
    prompt.token_ids = model::token_row(length, 23, static_cast<int32_t>(length));
    prompts.push_back(std::move(prompt));
  }
  return prompts;
}

SamplingParams sampling(int64_t num_generations, int64_t max_completion_length) {
  SamplingParams params;
  params.num_generations = num_generations;
  params.max_completion_length = max_completion_length;
  return params;
}

Model stirred(ModelConfig config) {
  config.max_position_embeddings = 256;
  Model model = Model::make(config, 11);
  model::stir(model);
  return model;
}

/// What the training forward says of a completion's tokens.
at::Tensor trained_logprobs(const Model& model, const std::vector<int32_t>& prompt, const Completion& completion) {
  std::vector<int32_t> tokens = prompt;
  tokens.insert(tokens.end(), completion.token_ids.begin(), completion.token_ids.end());
  const at::Tensor hidden_TD = model.forward(model::pack_tokens({&tokens})).hidden_TD;
  return model.score(hidden_TD.slice(0, std::ssize(prompt) - 1, -1), torch::tensor(completion.token_ids).to(at::kLong))
      .logprob_T;
}

TEST(EngineFamilies, SampledLogprobsAreThoseOfTheTrainingForward) {
  for (const ModelConfig& config : {model::tiny_config(), model::tiny_deepseek_v2(), model::tiny_qwen2(),
                                    model::tiny_qwen3(), model::tiny_qwen3_moe(), model::tiny_llama()}) {
    SCOPED_TRACE(config.model_type);
    const Model policy = stirred(config);
    Engine engine(policy, nullptr, {.num_threads = 2, .exact_logprobs = true});
    const CompletionBatch batch = engine.generate(prompts_of({1, 17, 64, 70}), sampling(4, 90), kKey);
    const at::NoGradGuard no_grad;
    for (const Completion& completion : batch.completions) {
      ASSERT_EQ(completion.token_ids.size(), 90);
      const at::Tensor expected =
          trained_logprobs(policy, batch.prompts[completion.prompt_index].token_ids, completion);
      EXPECT_TRUE(at::equal(torch::tensor(completion.policy_logprobs), expected));
    }
  }
}

// Samples share their prompt's pages, which small caches hold for few of them at a time.
TEST(EngineFamilies, GroupedCachesChangeNoSample) {
  const Model policy = stirred(model::tiny_qwen2());
  const int64_t page = model::KvCache::page_bytes(policy.config());
  EXPECT_EQ(page, 2 * 24 * 4 * 64);
  const auto run = [&](const EngineOptions& options) {
    std::vector<std::vector<int32_t>> tokens;
    Engine engine(policy, nullptr, options);
    for (const Completion& completion : engine.generate(prompts_of({65, 3, 130}), sampling(5, 40), kKey).completions) {
      tokens.push_back(completion.token_ids);
    }
    return tokens;
  };
  const auto expected = run({.num_threads = 1});
  EXPECT_EQ(run({.num_threads = 3, .max_rows = 7}), expected);
  EXPECT_EQ(run({.cache_bytes = 5 * page, .num_threads = 1}), expected);
  EXPECT_EQ(run({.cache_bytes = 9 * page, .num_threads = 1}), expected);
}

TEST(EngineFamilies, AnyEndIdOfTokenizerOrConfigEnds) {
  ModelConfig config = model::tiny_qwen2();
  config.eos_token_ids = {4, 9};
  const Model policy = stirred(config);
  Engine engine(policy, std::make_shared<test::LetterTokenizer>(23, 2), {.num_threads = 1});
  const auto is_end = [](int32_t token) { return token == 2 || token == 4 || token == 9; };
  std::vector<int64_t> num_ended(23);
  for (const Completion& completion : engine.generate(prompts_of({5, 6}), sampling(40, 30), kKey).completions) {
    const auto end = std::find_if(completion.token_ids.begin(), completion.token_ids.end(), is_end);
    const bool has_end = end != completion.token_ids.end();
    EXPECT_EQ(completion.finish_reason, has_end ? data::FinishReason::kStop : data::FinishReason::kLength);
    EXPECT_EQ(end, completion.token_ids.end() - has_end);
    EXPECT_EQ(completion.text.size(), completion.token_ids.size() - has_end);  // the end token writes nothing
    if (has_end) ++num_ended[*end];
  }
  for (const int token : {2, 4, 9}) EXPECT_GT(num_ended[token], 0) << token;
}

}  // namespace
}  // namespace aha::rollout::engine_families_test
