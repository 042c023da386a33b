// The token loop of a steady batch allocates nothing: operator new of this program counts.
#include <gtest/gtest.h>

#include <cstdlib>
#include <new>

#include "unit/rollout/tiny_requests.h"

namespace {
thread_local int64_t num_allocations = 0;
}  // namespace

void* operator new(std::size_t bytes) {
  ++num_allocations;
  if (void* memory = std::malloc(bytes == 0 ? 1 : bytes)) return memory;
  throw std::bad_alloc();
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

namespace aha::rollout::engine_allocation_test {
namespace {

/// Allocations between the 10th and the 200th token of each of four completions, by the worker that writes it.
int64_t allocations(const model::Model& policy, EngineOptions options, GenerateOptions how = {}) {
  constexpr int64_t kSamples = 4;
  Engine engine(policy, nullptr, options);
  SamplingParams params = tiny_sampling(1, 230);
  params.ignore_eos = true;
  params.temperature = 0.9;
  params.top_k = 12;
  params.top_p = 0.95;
  data::PromptBatch prompts;
  for (int64_t i = 0; i < kSamples; ++i) prompts.push_back(tiny_prompt(i, 20 + i));
  engine.generate(prompts, params, {});  // the products' own scratch grows once
  int64_t begin[kSamples] = {}, sum = 0, num_measured = 0;
  bool has_ended = false;  // what ends may allocate
  how.on_completion = [&](int64_t, const data::Completion&) { has_ended = true; };
  how.on_token = [&](int64_t request, const data::Completion& completion) {
    if (completion.token_ids.size() == 10) begin[request] = num_allocations;
    if (completion.token_ids.size() != 200 || has_ended) return;
    sum += num_allocations - begin[request];
    ++num_measured;
  };
  engine.generate(prompts, params, {.seed = 1}, how);
  EXPECT_GE(num_measured, 1);
  return sum;
}

TEST(EngineAllocation, ASteadyBatchAllocatesNothing) {
  for (const model::ModelConfig& config : {model::tiny_config(), model::tiny_qwen2(), model::tiny_qwen3_moe()}) {
    SCOPED_TRACE(config.model_type);
    const model::Model policy = tiny_policy(config);
    EXPECT_EQ(allocations(policy, {.num_threads = 1}), 0);
    EXPECT_EQ(allocations(policy, {.num_threads = 2}), 0);
    EXPECT_EQ(allocations(policy, {.num_threads = 1, .speculation = "ngram"}), 0);
  }
  EXPECT_EQ(allocations(tiny_policy(model::tiny_config()), {.num_threads = 1}, {.record_routing = true}), 0);
}

TEST(EngineAllocation, TheCounterCounts) {
  const int64_t before = num_allocations;
  EXPECT_EQ(std::make_unique<std::vector<int>>(3)->size(), 3);
  EXPECT_EQ(num_allocations - before, 2);
}

}  // namespace
}  // namespace aha::rollout::engine_allocation_test
