// Recorded routes: those of a forward over the whole text, whatever was put back, drafted or gone on with.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "aha/core/error.h"
#include "unit/core/temporary_folder.h"
#include "unit/rollout/tiny_requests.h"

namespace aha::rollout::engine_routing_test {
namespace {

using data::Completion;

/// The routes of a text read in one go, by a decoder.
std::vector<uint8_t> routes_of(const model::Model& policy, const std::vector<int32_t>& tokens, int64_t bytes) {
  const model::DecodeWeights weights(policy);
  model::KvCache cache(policy.config(), 4 * model::KvCache::page_bytes(policy.config()));
  std::vector<int32_t> pages;
  for (int i = 0; i < 4; ++i) pages.push_back(cache.allocate());
  model::Decoder decoder(weights, cache, std::ssize(tokens));
  std::vector<uint8_t> routes(tokens.size() * bytes);
  std::vector<model::DecodeRow> rows;
  for (size_t i = 0; i < tokens.size(); ++i) {
    rows.push_back({tokens[i], static_cast<int32_t>(i), pages.data(), false, routes.data() + i * bytes});
  }
  decoder.step(rows);
  return routes;
}

TEST(EngineRouting, IsThatOfTheWholeText) {
  for (const model::ModelConfig& config : {model::tiny_config(), model::tiny_qwen3_moe()}) {
    SCOPED_TRACE(config.model_type);
    const model::Model policy = tiny_policy(config);
    const int64_t page = model::KvCache::page_bytes(policy.config());
    constexpr int64_t kBytes = 3;  // one MoE layer, three experts a token
    const data::PromptBatch prompts = tiny_prompts({5, 70, 1, 64});
    for (const EngineOptions& options :
         {EngineOptions{.num_threads = 1}, EngineOptions{.num_threads = 2, .max_rows = 7},
          EngineOptions{.cache_bytes = 6 * page, .num_threads = 1},
          EngineOptions{.num_threads = 1, .speculation = "ngram"}}) {
      Engine engine(policy, nullptr, options);
      const auto batch = engine.generate(prompts, tiny_sampling(3, 70), {}, {.record_routing = true});
      ASSERT_EQ(batch.prompt_routing.size(), prompts.size());
      std::set<uint8_t> experts;
      for (const Completion& completion : batch.completions) {
        std::vector<int32_t> tokens = prompts[completion.prompt_index].token_ids;
        tokens.insert(tokens.end(), completion.token_ids.begin(), completion.token_ids.end() - 1);
        std::vector<uint8_t> found = batch.prompt_routing[completion.prompt_index];
        found.insert(found.end(), completion.routing.begin(), completion.routing.end());
        EXPECT_EQ(found, routes_of(policy, tokens, kBytes));
        experts.insert(found.begin(), found.end());
      }
      EXPECT_GT(experts.size(), 3);
    }
    Engine silent(policy, nullptr, {.num_threads = 1});
    const auto batch = silent.generate(prompts, tiny_sampling(3, 20), {});
    EXPECT_TRUE(batch.prompt_routing.empty());
    for (const Completion& completion : batch.completions) EXPECT_TRUE(completion.routing.empty());
  }
}

TEST(EngineRouting, GoesOnWithWhatWasRecorded) {
  const model::Model policy = tiny_policy(model::tiny_qwen3_moe());
  const auto answer = [&](std::vector<Completion> begun, int64_t enough, bool record) {
    Engine engine(policy, nullptr, {.num_threads = 1});
    for (const int64_t id : {1, 2}) {
      engine.submit({tiny_prompt(id, 9), tiny_sampling(4, id == 1 ? 60 : 7), {}, id == 1 ? begun : decltype(begun)()});
    }
    return engine.run({.record_routing = record, .enough_requests = enough})[0].completions;
  };
  const std::vector<Completion> whole = answer({}, 0, true);
  std::vector<Completion> begun = answer({}, 1, true);
  ASSERT_TRUE(std::any_of(begun.begin(), begun.end(),
                          [](const Completion& c) { return c.finish_reason == data::FinishReason::kUnfinished; }));
  for (Completion& completion : begun) {
    EXPECT_EQ(std::ssize(completion.routing), (std::ssize(completion.token_ids) - 1) * 3);
    if (completion.finish_reason == data::FinishReason::kUnfinished) completion.routing[0] ^= 64;  // kept as it came
  }
  std::vector<Completion> rest = answer(begun, 0, true);
  for (size_t s = 0; s < rest.size(); ++s) {
    if (begun[s].finish_reason == data::FinishReason::kUnfinished) rest[s].routing[0] ^= 64;
  }
  expect_same(rest, whole);
  // What was not recorded then is read from the text now.
  begun = answer({}, 1, false);
  for (Completion& completion : begun) EXPECT_TRUE(completion.routing.empty());
  rest = answer(begun, 0, true);
  for (size_t s = 0; s < rest.size(); ++s) {
    if (begun[s].finish_reason != data::FinishReason::kUnfinished) continue;
    EXPECT_EQ(rest[s].routing, whole[s].routing);
  }
}

TEST(EngineRouting, NeedsExperts) {
  const model::Model policy = tiny_policy(model::tiny_qwen2());
  Engine engine(policy, nullptr, {.num_threads = 1});
  const std::string sentence = test::sentence_of<ConfigError>(
      [&] { engine.generate(tiny_prompts({3}), tiny_sampling(1, 2), {}, {.record_routing = true}); });
  EXPECT_NE(sentence.find("record_routing: needs a mixture-of-experts model"), std::string::npos) << sentence;
}

}  // namespace
}  // namespace aha::rollout::engine_routing_test
