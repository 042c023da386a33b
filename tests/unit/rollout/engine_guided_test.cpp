// Completions that must be one of some strings, through the engine: put back, drafted and gone on with.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "aha/core/error.h"
#include "support/letter_tokenizer.h"
#include "unit/core/temporary_folder.h"
#include "unit/rollout/tiny_requests.h"

namespace aha::rollout::engine_guided_test {
namespace {

using data::Completion;
using data::FinishReason;

// Without 'c', which ends completions of this tokenizer.
const std::vector<std::string> kChoices = {"ab", "abab", "dog", "do", std::string(150, 'e')};

class EngineGuided : public testing::Test {
 protected:
  static SamplingParams sampling() {
    SamplingParams params = tiny_sampling(12, 180);
    params.guided_choice = kChoices;
    return params;
  }
  Engine engine(const EngineOptions& options) const { return Engine(policy_, tokenizer_, options); }
  const model::Model policy_ = tiny_policy(model::tiny_qwen2());
  const std::shared_ptr<const data::Tokenizer> tokenizer_ = std::make_shared<test::LetterTokenizer>(23, 2);
};

TEST_F(EngineGuided, EveryCompletionIsOneOfTheChoices) {
  const SamplingParams params = sampling();
  const int64_t page = model::KvCache::page_bytes(policy_.config());
  Engine plain = engine({.num_threads = 1});
  const auto expected = plain.generate(tiny_prompts({5, 64, 70}), params, {}).completions;
  std::set<std::string> texts;
  for (const Completion& completion : expected) {
    EXPECT_EQ(completion.finish_reason, FinishReason::kStop);
    EXPECT_NE(std::find(kChoices.begin(), kChoices.end(), completion.text), kChoices.end()) << completion.text;
    texts.insert(completion.text);
  }
  EXPECT_GT(texts.size(), 2);
  int64_t num_preemptions = 0;
  for (const EngineOptions& options :
       {EngineOptions{.num_threads = 2, .max_rows = 5}, EngineOptions{.cache_bytes = 7 * page, .num_threads = 1},
        EngineOptions{.cache_bytes = 10 * page, .num_threads = 1},
        EngineOptions{.num_threads = 1, .speculation = "ngram"}}) {
    Engine other = engine(options);
    expect_same(other.generate(tiny_prompts({5, 64, 70}), params, {}).completions, expected);
    num_preemptions += other.stats().preemptions;
  }
  EXPECT_GT(num_preemptions, 0);
}

TEST_F(EngineGuided, GoesOnWhereItWasCut) {
  Engine engine = this->engine({.num_threads = 1});
  Request request{tiny_prompt(1, 5), sampling(), {}, {}};
  request.params.guided_choice = {"ab", std::string(40, 'e')};
  const std::vector<Completion> whole = engine.generate({request.prompt}, request.params, request.key).completions;
  engine.submit({tiny_prompt(2, 5), tiny_sampling(1, 1), {}, {}});
  engine.submit(request);
  request.begun = engine.run({.enough_requests = 1})[1].completions;
  EXPECT_EQ(request.begun[0].finish_reason, FinishReason::kUnfinished);
  engine.submit(request);
  expect_same(engine.run()[0].completions, whole);

  request.begun[0].token_ids[0] = 9;
  EXPECT_NE(test::sentence_of<InputError>([&] { engine.submit(request); }).find("does not go on"), std::string::npos);
}

}  // namespace
}  // namespace aha::rollout::engine_guided_test
