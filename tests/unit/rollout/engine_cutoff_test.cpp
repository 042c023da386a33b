// Over-sampling with a cut-off, and going on where it cut: the same completions whatever threads and memory.
#include <gtest/gtest.h>

#include <algorithm>

#include "unit/rollout/tiny_requests.h"

namespace aha::rollout::engine_cutoff_test {
namespace {

using data::Completion;
using data::FinishReason;

constexpr SampleKey kKey = {.seed = 9, .stage = "grpo", .step = 4};
constexpr int64_t kRequests = 6, kGenerations = 4;

class EngineCutoff : public testing::Test {
 protected:
  std::vector<Request> requests() const {
    std::vector<Request> requests;
    const data::PromptBatch prompts = tiny_prompts({5, 70, 64, 1, 33, 20});
    for (const data::Prompt& prompt : prompts) requests.push_back({prompt, tiny_sampling(kGenerations, 60), kKey, {}});
    return requests;
  }
  std::vector<Answer> run(const std::vector<Request>& requests, const GenerateOptions& how,
                          EngineOptions options = {.num_threads = 1}) const {
    Engine engine(policy_, nullptr, options);
    for (const Request& request : requests) engine.submit(request);
    return engine.run(how);
  }
  const model::Model policy_ = tiny_policy(model::tiny_config());
};

/// Tokens until the n-th request is complete, were all written side by side.
int64_t tokens_until(const std::vector<Answer>& whole, int64_t n) {
  std::vector<int64_t> longest;
  for (const Answer& answer : whole) {
    longest.push_back(0);
    for (const Completion& completion : answer.completions) {
      longest.back() = std::max<int64_t>(longest.back(), std::ssize(completion.token_ids));
    }
  }
  std::sort(longest.begin(), longest.end());
  return longest[n - 1];
}

Completion cut(Completion completion, int64_t count) {
  if (std::ssize(completion.token_ids) <= count) return completion;
  completion.token_ids.resize(count);
  completion.logprobs.resize(count);
  completion.policy_logprobs.resize(count);
  completion.policy_versions.resize(count);
  completion.finish_reason = FinishReason::kUnfinished;
  return completion;
}

TEST_F(EngineCutoff, EverySampleGetsWhatItWouldSideBySide) {
  const std::vector<Answer> whole = run(requests(), {});
  const int64_t page = model::KvCache::page_bytes(policy_.config());
  const EngineOptions others[] = {{.num_threads = 1},
                                  {.num_threads = 2},
                                  {.num_threads = 3, .max_rows = 5},
                                  {.num_threads = 1, .max_sequences = 2},
                                  {.cache_bytes = 5 * page, .num_threads = 1},
                                  {.cache_bytes = 9 * page, .num_threads = 1, .max_rows = 7},
                                  {.num_threads = 1, .speculation = "ngram"}};
  for (const int64_t enough : {1, 3, 5, 6, 7}) {
    const int64_t count = enough < kRequests ? tokens_until(whole, enough) : 1000;
    std::vector<Answer> expected = whole;
    int64_t num_cut = 0;
    for (Answer& answer : expected) {
      for (Completion& completion : answer.completions) completion = cut(completion, count);
      num_cut += !answer.is_complete();
    }
    EXPECT_LE(num_cut, std::max<int64_t>(kRequests - enough, 0));
    for (const EngineOptions& options : others) {
      SCOPED_TRACE(testing::Message() << enough << " of " << kRequests << ", " << options.num_threads << " threads, "
                                      << options.max_rows << " rows, " << options.cache_bytes << " bytes");
      expect_same(run(requests(), {.enough_requests = enough}, options), expected);
    }
  }
}

TEST_F(EngineCutoff, OnlyWhatStaysIsAnnounced) {
  std::vector<std::pair<int64_t, Completion>> announced;
  int64_t last_done = 0;
  GenerateOptions how{.enough_requests = 2};
  how.on_completion = [&](int64_t request, const Completion& completion) {
    announced.push_back({request, completion});
  };
  how.progress = [&](int64_t done, int64_t total) {
    EXPECT_EQ(done, last_done + 1);
    EXPECT_EQ(total, kRequests * kGenerations);
    last_done = done;
  };
  const std::vector<Answer> answers = run(requests(), how, {.num_threads = 2});
  int64_t num_ended = 0;
  for (const Answer& answer : answers) {
    for (const Completion& completion : answer.completions) {
      num_ended += completion.finish_reason != FinishReason::kUnfinished;
    }
  }
  EXPECT_EQ(std::ssize(announced), num_ended);
  EXPECT_LT(num_ended, kRequests * kGenerations);
  for (const auto& [request, completion] : announced) {
    expect_same(completion, answers[request].completions[completion.sample_index]);
  }
}

// With the same weights, cut and gone on with comes to what one run writes.
TEST_F(EngineCutoff, WhatWasCutIsGoneOnWith) {
  const std::vector<Answer> whole = run(requests(), {.policy_version = 7});
  const int64_t page = model::KvCache::page_bytes(policy_.config());
  for (const EngineOptions& options : {EngineOptions{.num_threads = 1}, EngineOptions{.num_threads = 3, .max_rows = 6},
                                       EngineOptions{.cache_bytes = 6 * page, .num_threads = 1}}) {
    std::vector<Request> rest = requests();
    int64_t num_runs = 0;
    bool is_complete = false;
    while (!is_complete) {
      ASSERT_LT(++num_runs, 10);
      std::vector<Answer> answers = run(rest, {.policy_version = 7, .enough_requests = num_runs}, options);
      is_complete = std::all_of(answers.begin(), answers.end(), [](const Answer& a) { return a.is_complete(); });
      if (is_complete) expect_same(answers, whole);
      for (int64_t r = 0; r < kRequests; ++r) rest[r].begun = std::move(answers[r].completions);
    }
    EXPECT_GT(num_runs, 1);
  }
}

TEST_F(EngineCutoff, EachTokenKnowsItsPolicy) {
  std::vector<Request> rest = requests();
  std::vector<Answer> first = run(rest, {.policy_version = 3, .enough_requests = 1});
  for (int64_t r = 0; r < kRequests; ++r) rest[r].begun = first[r].completions;
  const std::vector<Answer> second = run(rest, {.policy_version = 4}, {.num_threads = 2});
  int64_t num_mixed = 0;
  for (int64_t r = 0; r < kRequests; ++r) {
    for (int64_t s = 0; s < kGenerations; ++s) {
      const Completion& completion = second[r].completions[s];
      const int64_t num_first = std::ssize(first[r].completions[s].token_ids);
      ASSERT_EQ(completion.policy_versions.size(), completion.token_ids.size());
      for (int64_t t = 0; t < std::ssize(completion.token_ids); ++t) {
        EXPECT_EQ(completion.policy_versions[t], t < num_first ? 3 : 4);
      }
      num_mixed += std::ssize(completion.token_ids) > num_first;
    }
  }
  EXPECT_GT(num_mixed, 3);
}

// Samples that are finished stay as they are; those that are not there begin.
TEST_F(EngineCutoff, FinishedOnesAreKeptAndMissingOnesBegin) {
  const std::vector<Answer> whole = run(requests(), {});
  std::vector<Request> rest = requests();
  rest[0].begun = {whole[0].completions[2]};
  rest[0].begun[0].logprobs[0] = -123;
  int64_t num_announced = 0, first_done = 0;
  GenerateOptions how;
  how.on_completion = [&](int64_t, const Completion&) { ++num_announced; };
  how.progress = [&](int64_t done, int64_t) {
    if (first_done == 0) first_done = done;
  };
  std::vector<Answer> answers = run(rest, how);
  EXPECT_EQ(answers[0].completions[2].logprobs[0], -123);
  EXPECT_EQ(num_announced, kRequests * kGenerations - 1);
  EXPECT_EQ(first_done, 2);
  answers[0].completions[2].logprobs[0] = whole[0].completions[2].logprobs[0];
  expect_same(answers, whole);
}

}  // namespace
}  // namespace aha::rollout::engine_cutoff_test
