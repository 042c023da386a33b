// Requests of different wishes in one run, from any thread and in the midst of it, and what is refused.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <thread>

#include "aha/core/error.h"
#include "support/letter_tokenizer.h"
#include "unit/core/temporary_folder.h"
#include "unit/rollout/tiny_requests.h"

namespace aha::rollout::engine_requests_test {
namespace {

using data::Completion;
using test::sentence_of;

constexpr SampleKey kKey = {.seed = 3, .stage = "zero", .step = 5};

class EngineRequests : public testing::Test {
 protected:
  Engine engine(EngineOptions options = {.num_threads = 2}) const { return Engine(policy_, tokenizer_, options); }
  Request request(int64_t id, int64_t length, int64_t num_generations = 2, int64_t max_completion_length = 30) const {
    return {tiny_prompt(id, length), tiny_sampling(num_generations, max_completion_length), kKey, {}};
  }
  const model::Model policy_ = tiny_policy(model::tiny_config());
  const std::shared_ptr<const data::Tokenizer> tokenizer_ = std::make_shared<test::LetterTokenizer>(23, 2);
};

TEST_F(EngineRequests, EachIsAnsweredAsItWouldBeAlone) {
  std::vector<Request> requests = {request(1, 5), request(2, 64, 5, 40), request(3, 9, 1, 1), request(4, 130, 3, 90)};
  requests[1].params.temperature = 0.5;
  requests[2].params.top_k = 3;
  requests[3].key = {.seed = 77};
  requests[3].params.ignore_eos = true;
  Engine all = engine();
  for (const Request& request : requests) all.submit(request);
  const std::vector<Answer> answers = all.run();
  ASSERT_EQ(answers.size(), 4);
  for (size_t i = 0; i < requests.size(); ++i) {
    SCOPED_TRACE(i);
    EXPECT_TRUE(answers[i].is_complete());
    Engine one = engine({.num_threads = 1});
    const auto alone = one.generate({requests[i].prompt}, requests[i].params, requests[i].key).completions;
    expect_same(answers[i].completions, alone);
    for (size_t s = 0; s < alone.size(); ++s) {
      EXPECT_EQ(answers[i].completions[s].text, alone[s].text);
      EXPECT_EQ(answers[i].completions[s].prompt_index, static_cast<int64_t>(i));
    }
  }
}

TEST_F(EngineRequests, NumbersBeginAnewAfterARun) {
  Engine engine = this->engine();
  EXPECT_TRUE(engine.run().empty());
  EXPECT_EQ(engine.submit(request(1, 5)), 0);
  EXPECT_EQ(engine.submit(request(2, 5)), 1);
  EXPECT_EQ(engine.run().size(), 2);
  EXPECT_EQ(engine.submit(request(1, 5)), 0);
  EXPECT_EQ(engine.generate({tiny_prompt(4, 4)}, tiny_sampling(1, 3), kKey).completions.size(), 1);  // takes none away
  EXPECT_EQ(engine.run().size(), 1);
}

TEST_F(EngineRequests, CompletionsComeOutAsTheyEnd) {
  Engine engine = this->engine();
  for (int64_t i = 0; i < 5; ++i) engine.submit(request(i, 3 + 20 * i, 3, 4 + 12 * i));
  std::vector<std::pair<int64_t, Completion>> ended;
  GenerateOptions how;
  how.on_completion = [&](int64_t number, const Completion& completion) { ended.push_back({number, completion}); };
  const std::vector<Answer> answers = engine.run(how);
  ASSERT_EQ(ended.size(), 15);
  for (const auto& [number, completion] : ended) {
    expect_same(completion, answers[number].completions[completion.sample_index]);
    EXPECT_EQ(completion.text, answers[number].completions[completion.sample_index].text);
  }
}

TEST_F(EngineRequests, TokensComeOutAsTheyAreDrawn) {
  for (const char* speculation : {"none", "ngram"}) {
    Engine engine = this->engine({.num_threads = 2, .speculation = speculation});
    for (int64_t i = 0; i < 3; ++i) engine.submit(request(i, 5 + i, 2, 20));
    std::vector<std::vector<int32_t>> seen(6);
    GenerateOptions how;
    how.on_token = [&](int64_t number, const Completion& completion) {
      std::vector<int32_t>& tokens = seen[number * 2 + completion.sample_index];
      ASSERT_EQ(completion.token_ids.size(), tokens.size() + 1);
      tokens.push_back(completion.token_ids.back());
    };
    const std::vector<Answer> answers = engine.run(how);
    for (size_t i = 0; i < 6; ++i) EXPECT_EQ(seen[i], answers[i / 2].completions[i % 2].token_ids);
  }
}

// A chat that goes on from within its own callback: ten turns in one run.
TEST_F(EngineRequests, CallbacksMaySubmit) {
  for (const int num_threads : {1, 2, 3}) {
    Engine engine = this->engine({.num_threads = num_threads});
    engine.submit(request(0, 5, 1, 10));
    int64_t num_submitted = 1;
    GenerateOptions how;
    how.on_completion = [&](int64_t number, const Completion&) {
      if (num_submitted == 10) return;
      EXPECT_EQ(engine.submit(request(number + 1, 6 + number, 1, 10)), num_submitted++);
    };
    const std::vector<Answer> answers = engine.run(how);
    ASSERT_EQ(answers.size(), 10);
    for (int64_t i = 0; i < 10; ++i) {
      const auto alone = engine.generate({tiny_prompt(i, i == 0 ? 5 : 5 + i)}, tiny_sampling(1, 10), kKey);
      EXPECT_EQ(answers[i].completions[0].token_ids, alone.completions[0].token_ids) << i;
    }
  }
}

// Two workers have half of the cache each: what needs more waits for a phase in which one has all.
TEST_F(EngineRequests, ALateRequestMayBeLargerThanAWorkersPart) {
  const int64_t page = model::KvCache::page_bytes(policy_.config());
  Engine engine = this->engine({.cache_bytes = 6 * page, .num_threads = 2});
  for (int64_t i = 0; i < 8; ++i) engine.submit(request(i, 5, 1, 20));
  bool has_submitted = false;
  GenerateOptions how;
  how.on_completion = [&](int64_t, const Completion&) {
    if (!has_submitted) engine.submit(request(9, 200, 2, 50));
    has_submitted = true;
  };
  const std::vector<Answer> answers = engine.run(how);
  ASSERT_EQ(answers.size(), 9);
  EXPECT_TRUE(answers[8].is_complete());
  EXPECT_FALSE(answers[8].completions[1].token_ids.empty());
}

TEST_F(EngineRequests, AnyThreadMaySubmit) {
  Engine engine = this->engine();
  for (int64_t i = 0; i < 4; ++i) engine.submit(request(i, 5, 4, 100));
  std::vector<std::jthread> threads;
  for (int64_t t = 0; t < 3; ++t) {
    threads.emplace_back([&, t] {
      for (int64_t i = 0; i < 10; ++i) engine.submit(request(100 + 10 * t + i, 4, 1, 5));
    });
  }
  int64_t num_answers = std::ssize(engine.run());
  threads.clear();
  num_answers += std::ssize(engine.run());
  EXPECT_EQ(num_answers, 34);
}

TEST_F(EngineRequests, AStopDropsTheRequests) {
  Engine engine = this->engine();
  for (int64_t i = 0; i < 4; ++i) engine.submit(request(i, 5, 4, 100));
  std::stop_source stop;
  GenerateOptions how{.stop = stop.get_token()};
  how.on_completion = [&](int64_t, const Completion&) { stop.request_stop(); };
  EXPECT_THROW(engine.run(how), StoppedError);
  EXPECT_TRUE(engine.run().empty());
  EXPECT_EQ(engine.submit(request(1, 5)), 0);
  EXPECT_EQ(engine.run().size(), 1);
}

TEST_F(EngineRequests, ACallbacksErrorReachesTheCaller) {
  Engine engine = this->engine();
  for (int64_t i = 0; i < 4; ++i) engine.submit(request(i, 5, 4, 100));
  GenerateOptions how;
  how.on_completion = [&](int64_t, const Completion&) { throw InputError("reward", "no"); };
  EXPECT_THROW(engine.run(how), InputError);
  EXPECT_TRUE(engine.run().empty());
}

class EngineRefuses : public EngineRequests {
 protected:
  /// Its sentence; a good request beside it is answered.
  std::string refusal(const Request& bad, EngineOptions options = {.num_threads = 1}) const {
    Engine engine = this->engine(options);
    engine.submit(request(1, 5));
    const std::string sentence = sentence_of<Error>([&] { engine.submit(bad); });
    EXPECT_EQ(engine.submit(request(2, 5)), 1);
    EXPECT_EQ(engine.run().size(), 2);
    return sentence;
  }
  void expect_refusal(const Request& bad, const std::string& words, EngineOptions options = {.num_threads = 1}) const {
    const std::string sentence = refusal(bad, options);
    EXPECT_NE(sentence.find(words), std::string::npos) << sentence;
  }
};

TEST_F(EngineRefuses, PromptsThatCannotBe) {
  const int64_t page = model::KvCache::page_bytes(policy_.config());
  expect_refusal(request(1, 0), "request 1: is empty");
  Request foreign = request(1, 5);
  foreign.prompt.token_ids[2] = 23;
  expect_refusal(foreign, "request 1: has token 23, but the model's vocabulary ends at 22");
  foreign.prompt.token_ids[2] = -1;
  expect_refusal(foreign, "has token -1");
  expect_refusal(request(1, 200, 1, 57), "exceeds the model's context of 256");
  expect_refusal(request(1, 200, 1, 50), "raise cache_bytes", {.cache_bytes = 4 * page, .num_threads = 1});
}

TEST_F(EngineRefuses, AndForgetsWhatStoodBeforeWhenAsked) {
  Engine engine = this->engine({.num_threads = 1});
  engine.submit(request(1, 5));
  EXPECT_THROW(engine.submit(request(2, 0)), InputError);
  engine.clear();
  EXPECT_TRUE(engine.run().empty());
  EXPECT_EQ(engine.submit(request(3, 5)), 0);
  EXPECT_EQ(engine.run().size(), 1);
}

TEST_F(EngineRefuses, SamplingOptionsAtOdds) {
  const auto with = [&](auto change) {
    Request bad = request(1, 5);
    change(bad.params);
    return bad;
  };
  expect_refusal(with([](SamplingParams& p) { p.num_generations = 0; }), "num_generations");
  expect_refusal(with([](SamplingParams& p) { p.num_generations = int64_t{1} << 40; }), "num_generations");
  expect_refusal(with([](SamplingParams& p) { p.top_p = 1.5; }), "top_p");
  expect_refusal(with([](SamplingParams& p) { p.top_p = std::nan(""); }), "top_p");
  expect_refusal(with([](SamplingParams& p) { p.min_p = -1; }), "min_p");
  expect_refusal(with([](SamplingParams& p) { p.repetition_penalty = 0; }), "repetition_penalty");
  expect_refusal(with([](SamplingParams& p) { p.repetition_penalty = INFINITY; }), "repetition_penalty");
  expect_refusal(with([](SamplingParams& p) { p.bad_token_ids = {3, 23}; }), "bad_token_ids: has token 23");
  expect_refusal(with([](SamplingParams& p) {
                   for (int64_t t = 0; t < 23; ++t) p.bad_token_ids.push_back(t);
                 }),
                 "no token is left");
  expect_refusal(with([](SamplingParams& p) {
                   p.guided_json = true;
                   p.guided_choice = {"ab"};
                 }),
                 "guided_json: and guided_choice exclude each other");
  expect_refusal(with([](SamplingParams& p) {
                   p.guided_choice = {"ab"};
                   p.ignore_eos = true;
                 }),
                 "ignore_eos: contradicts");
  expect_refusal(with([](SamplingParams& p) { p.stop = {""}; }), "empty string");
}

TEST_F(EngineRefuses, BegunCompletionsThatDoNotFit) {
  Engine engine = this->engine();
  engine.submit(request(1, 5));
  const Completion good = engine.run()[0].completions[1];
  const auto with = [&](auto change) {
    Request bad = request(1, 5);
    bad.begun = {good};
    change(bad.begun[0]);
    return bad;
  };
  expect_refusal(with([](Completion& c) { c.sample_index = 2; }), "sample_index = 2");
  expect_refusal(with([](Completion& c) { c.logprobs.pop_back(); }), "request 1, sample 1: lacks");
  expect_refusal(with([](Completion& c) { c.policy_versions.clear(); }), "lacks");
  expect_refusal(with([](Completion& c) { c.token_ids[0] = 99; }), "has token 99");
  expect_refusal(with([](Completion& c) { c.routing = {1}; }), "bytes of routing");
  Request twice = request(1, 5);
  twice.begun = {good, good};
  expect_refusal(twice, "begun twice");
  Request full = with([](Completion& c) { c.finish_reason = data::FinishReason::kUnfinished; });
  full.params.max_completion_length = std::ssize(good.token_ids);
  expect_refusal(full, "max_completion_length is");
}

TEST_F(EngineRefuses, EngineOptionsThatMakeNoSense) {
  const auto refusal_of = [&](EngineOptions options) { return sentence_of<ConfigError>([&] { engine(options); }); };
  EXPECT_NE(refusal_of({.dtype = "float8"}).find("dtype"), std::string::npos);
  EXPECT_NE(refusal_of({.speculation = "oracle"}).find("speculation"), std::string::npos);
  EXPECT_NE(refusal_of({.num_draft_tokens = 0}).find("num_draft_tokens"), std::string::npos);
  const model::Model plain = tiny_policy(model::tiny_qwen2());
  EXPECT_NE(sentence_of<ConfigError>([&] { Engine(plain, nullptr, {.speculation = "mtp"}); }).find("MTP module"),
            std::string::npos);
}

}  // namespace
}  // namespace aha::rollout::engine_requests_test
