// Drafts change no completion, and those that are right are counted.
#include <gtest/gtest.h>

#include "support/letter_tokenizer.h"
#include "unit/rollout/tiny_requests.h"

namespace aha::rollout::engine_speculation_test {
namespace {

/// Prompts that repeat themselves, so that drafts are found at once.
data::PromptBatch repeating_prompts() {
  data::PromptBatch prompts;
  for (const int64_t length : {1, 9, 63, 64, 100}) {
    data::Prompt prompt;
    prompt.id = length;
    for (int64_t i = 0; i < length; ++i) prompt.token_ids.push_back(static_cast<int32_t>(3 + i % 5));
    prompts.push_back(std::move(prompt));
  }
  return prompts;
}

const model::ModelConfig kConfigs[] = {model::tiny_config(), model::plain_config(), model::tiny_deepseek_v2(),
                                       model::tiny_qwen2(),  model::tiny_qwen3(),   model::tiny_qwen3_moe(),
                                       model::tiny_llama()};

TEST(EngineSpeculation, NgramDraftsChangeNoBit) {
  for (const model::ModelConfig& config : kConfigs) {
    SCOPED_TRACE(config.model_type);
    const model::Model policy = tiny_policy(config);
    const int64_t page = model::KvCache::page_bytes(policy.config());
    SamplingParams params = tiny_sampling(3, 80);
    params.temperature = 0.3;
    Engine plain(policy, nullptr, {.num_threads = 1});
    const auto expected = plain.generate(repeating_prompts(), params, {.seed = 5}).completions;
    EXPECT_EQ(plain.stats().draft_tokens, 0);
    EngineOptions options{.num_threads = 1, .speculation = "ngram"};
    for (const EngineOptions& variant :
         {options, EngineOptions{.num_threads = 2, .max_rows = 9, .speculation = "ngram", .num_draft_tokens = 7},
          EngineOptions{.cache_bytes = 6 * page, .num_threads = 1, .speculation = "ngram", .num_draft_tokens = 1}}) {
      Engine engine(policy, nullptr, variant);
      expect_same(engine.generate(repeating_prompts(), params, {.seed = 5}).completions, expected);
      EXPECT_GT(engine.stats().draft_tokens, 0);
      EXPECT_LE(engine.stats().accepted_draft_tokens, engine.stats().draft_tokens);
    }
  }
}

// Each draft that is right saves the step in which it would have been drawn.
TEST(EngineSpeculation, RightDraftsSaveSteps) {
  const model::Model policy = tiny_policy(model::tiny_qwen2());
  SamplingParams params = tiny_sampling(1, 100);
  params.temperature = 0;
  params.ignore_eos = true;
  const data::PromptBatch prompts = repeating_prompts();
  Engine plain(policy, nullptr, {.num_threads = 1});
  const auto expected = plain.generate({prompts[1]}, params, {}).completions;
  EXPECT_EQ(plain.stats().steps, 100);
  Engine engine(policy, nullptr, {.num_threads = 1, .speculation = "ngram"});
  expect_same(engine.generate({prompts[1]}, params, {}).completions, expected);
  const EngineStats& stats = engine.stats();
  EXPECT_EQ(stats.steps, 100 - stats.accepted_draft_tokens);
  EXPECT_EQ(stats.computed_tokens, 9 + stats.steps - 1 + stats.draft_tokens);
}

// The model's own head: each sample reads the prompt's last token for itself.
TEST(EngineSpeculation, TheModelsOwnDraftsChangeNoBit) {
  const model::Model policy = tiny_policy(model::tiny_config());
  const int64_t page = model::KvCache::page_bytes(policy.config(), {.with_mtp = true});
  SamplingParams params = tiny_sampling(4, 80);
  params.temperature = 0.5;
  Engine plain(policy, nullptr, {.num_threads = 1});
  const GenerateOptions recorded{.record_routing = true};
  const data::CompletionBatch expected = plain.generate(repeating_prompts(), params, {.seed = 5}, recorded);
  for (const EngineOptions& options :
       {EngineOptions{.num_threads = 1, .speculation = "mtp"},
        EngineOptions{.num_threads = 2, .max_rows = 9, .speculation = "mtp"},
        EngineOptions{.cache_bytes = 7 * page, .num_threads = 1, .speculation = "mtp"}}) {
    Engine engine(policy, nullptr, options);
    const data::CompletionBatch found = engine.generate(repeating_prompts(), params, {.seed = 5}, recorded);
    expect_same(found.completions, expected.completions);
    EXPECT_EQ(found.prompt_routing, expected.prompt_routing);
    const EngineStats& stats = engine.stats();
    EXPECT_GT(stats.draft_tokens, stats.completion_tokens / 4);
    EXPECT_GT(stats.accepted_draft_tokens, 0);
    EXPECT_LT(stats.accepted_draft_tokens, stats.draft_tokens);
  }
}

TEST(EngineSpeculation, StopsAndLengthsHoldWithinDrafts) {
  const model::Model policy = tiny_policy(model::tiny_qwen2());
  const auto tokenizer = std::make_shared<test::LetterTokenizer>(23, 2);
  for (const int64_t length : {1, 2, 3, 17}) {
    SamplingParams params = tiny_sampling(8, length);
    params.temperature = 0.2;
    params.stop = {"ef", "kk"};
    Engine plain(policy, tokenizer, {.num_threads = 1});
    Engine engine(policy, tokenizer, {.num_threads = 1, .speculation = "ngram"});
    const auto expected = plain.generate(repeating_prompts(), params, {}).completions;
    const auto found = engine.generate(repeating_prompts(), params, {}).completions;
    expect_same(found, expected);
    for (size_t i = 0; i < found.size(); ++i) EXPECT_EQ(found[i].text, expected[i].text);
  }
}

}  // namespace
}  // namespace aha::rollout::engine_speculation_test
