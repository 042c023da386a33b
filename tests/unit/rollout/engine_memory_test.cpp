// Caches too small for all: who is put back comes again to the same bits, and memory stays within the plan.
#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

#include "aha/core/error.h"
#include "unit/rollout/tiny_requests.h"

namespace aha::rollout::engine_memory_test {
namespace {

struct Written {
  data::CompletionBatch batch;
  EngineStats stats;
};

Written write(const model::Model& policy, const EngineOptions& options, const data::PromptBatch& prompts,
              const SamplingParams& params, const GenerateOptions& how = {}) {
  Engine engine(policy, nullptr, options);
  data::CompletionBatch batch = engine.generate(prompts, params, {.seed = 3}, how);
  return {std::move(batch), engine.stats()};
}

TEST(EngineMemory, ThosePutBackEndAsTheyWouldHaveAnyway) {
  for (const model::ModelConfig& config : {model::tiny_config(), model::tiny_qwen2(), model::tiny_qwen3_moe()}) {
    SCOPED_TRACE(config.model_type);
    const model::Model policy = tiny_policy(config);
    const int64_t page = model::KvCache::page_bytes(policy.config());
    const data::PromptBatch prompts = tiny_prompts({5, 70, 64, 1, 130, 20});
    SamplingParams params = tiny_sampling(6, 120);
    params.ignore_eos = true;
    const Written expected = write(policy, {.num_threads = 1}, prompts, params);
    EXPECT_EQ(expected.stats.preemptions, 0);
    int64_t num_preemptions = 0;
    for (const int64_t num_pages : {5, 6, 9, 14, 23}) {
      for (const int64_t max_rows : {3, 40}) {
        SCOPED_TRACE(testing::Message() << num_pages << " pages, " << max_rows << " rows");
        const Written small =
            write(policy, {.cache_bytes = num_pages * page, .num_threads = 1, .max_rows = max_rows}, prompts, params);
        expect_same(small.batch.completions, expected.batch.completions);
        num_preemptions += small.stats.preemptions;
        EXPECT_LE(small.stats.peak_cache_bytes, num_pages * page);
        EXPECT_GE(small.stats.computed_tokens, expected.stats.computed_tokens);
      }
    }
    EXPECT_GT(num_preemptions, 4);
    const Written three = write(policy, {.cache_bytes = 30 * page, .num_threads = 3}, prompts, params);
    expect_same(three.batch.completions, expected.batch.completions);
  }
}

// With room for a page more for each that writes, nobody is put back within kPageTokens tokens of an admission.
TEST(EngineMemory, ReadingAgainIsASmallPartOfTheWork) {
  const model::Model policy = tiny_policy(model::tiny_qwen2());
  const int64_t page = model::KvCache::page_bytes(policy.config());
  SamplingParams params = tiny_sampling(32, 200);
  params.ignore_eos = true;
  const Written free = write(policy, {.num_threads = 1}, tiny_prompts({40}), params);
  const Written tight = write(policy, {.cache_bytes = 24 * page, .num_threads = 1}, tiny_prompts({40}), params);
  EXPECT_GT(tight.stats.preemptions, 0);
  EXPECT_LT(tight.stats.computed_tokens, 2 * free.stats.computed_tokens);
  EXPECT_GT(tight.stats.peak_cache_bytes, 20 * page);  // what there is is used
}

TEST(EngineMemory, AGroupHoldsItsPromptOnce) {
  const model::Model policy = tiny_policy(model::tiny_qwen2());
  const int64_t page = model::KvCache::page_bytes(policy.config());
  SamplingParams params = tiny_sampling(8, 4);
  params.ignore_eos = true;
  const EngineStats stats = write(policy, {.num_threads = 1}, tiny_prompts({200}), params).stats;
  EXPECT_EQ(stats.computed_tokens, 200 + 8 * 3);
  EXPECT_EQ(stats.peak_cache_bytes, (3 + 8) * page);  // three full pages for all, the fourth for each
  EXPECT_EQ(stats.steps, 1 + 3);
}

// Samples that were put back find the prompt where another of their group still writes.
TEST(EngineMemory, ThosePutBackShareThePromptAgain) {
  const model::Model policy = tiny_policy(model::tiny_qwen2());
  const int64_t page = model::KvCache::page_bytes(policy.config());
  SamplingParams params = tiny_sampling(4, 60);
  params.ignore_eos = true;
  const Written tight = write(policy, {.cache_bytes = 7 * page, .num_threads = 1}, tiny_prompts({190}), params);
  const Written free = write(policy, {.num_threads = 1}, tiny_prompts({190}), params);
  expect_same(tight.batch.completions, free.batch.completions);
  EXPECT_LT(tight.stats.computed_tokens, free.stats.computed_tokens + 2 * 190);
}

int64_t resident_bytes() {
  std::ifstream statm("/proc/self/statm");
  int64_t total = 0, resident = 0;
  statm >> total >> resident;
  return resident * sysconf(_SC_PAGESIZE);
}

// A cache filled to the brim is resident as planned, and not a byte of it before.
TEST(EngineMemory, TheCacheIsResidentAsPlanned) {
  model::ModelConfig config = model::tiny_qwen2();
  config.num_hidden_layers = 8;
  config.first_k_dense_replace = 8;
  const model::Model policy = tiny_policy(config);
  constexpr int64_t kPlan = int64_t{24} << 20;
  Engine engine(policy, nullptr, {.cache_bytes = kPlan, .num_threads = 1, .max_sequences = 128});
  SamplingParams params = tiny_sampling(1, 2);
  engine.generate(tiny_prompts({3}), params, {});
  const int64_t before = resident_bytes();
  params = tiny_sampling(128, 200);
  params.ignore_eos = true;
  engine.generate(tiny_prompts({10}), params, {});
  EXPECT_GT(engine.stats().peak_cache_bytes, kPlan * 95 / 100);
  EXPECT_LE(engine.stats().peak_cache_bytes, kPlan);
  EXPECT_GT(resident_bytes() - before, kPlan * 90 / 100);
  EXPECT_LT(resident_bytes() - before, kPlan + (int64_t{4} << 20));
}

}  // namespace
}  // namespace aha::rollout::engine_memory_test
