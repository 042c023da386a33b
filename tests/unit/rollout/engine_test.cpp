// What a completion is, and that nothing but its key and the weights decides it.
#include <ATen/core/grad_mode.h>
#include <torch/csrc/autograd/generated/variable_factories.h>

#include "aha/rollout/engine.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "aha/core/error.h"
#include "aha/data/packing.h"
#include "aha/model/decoder.h"
#include "support/letter_tokenizer.h"
#include "support/tiny_model.h"
#include "unit/core/temporary_folder.h"

namespace aha::rollout::engine_test {
namespace {

using data::Completion;
using data::CompletionBatch;
using test::LetterTokenizer;
using test::sentence_of;

constexpr int32_t kEos = 2;

data::Prompt make_prompt(int64_t id, int64_t length) {
  data::Prompt prompt;
  prompt.id = id;
  for (int64_t i = 0; i < length; ++i) prompt.token_ids.push_back(static_cast<int32_t>(3 + (id * 7 + i * i * 3) % 20));
  return prompt;
}

/// Prompts of 1 to 70 tokens: shorter than a page, exactly one, longer.
data::PromptBatch mixed_prompts() {
  data::PromptBatch prompts;
  int64_t id = 100;
  for (const int64_t length : {1, 5, 63, 64, 65, 17, 70, 2, 30}) prompts.push_back(make_prompt(id++, length));
  return prompts;
}

SamplingParams sampling(int64_t num_generations, int64_t max_completion_length) {
  SamplingParams params;
  params.num_generations = num_generations;
  params.max_completion_length = max_completion_length;
  return params;
}

bool same(const Completion& a, const Completion& b) {
  return a.token_ids == b.token_ids && a.logprobs == b.logprobs && a.policy_logprobs == b.policy_logprobs &&
         a.finish_reason == b.finish_reason && a.text == b.text && a.sample_index == b.sample_index;
}

void expect_same(const CompletionBatch& a, const CompletionBatch& b) {
  ASSERT_EQ(a.completions.size(), b.completions.size());
  for (size_t i = 0; i < a.completions.size(); ++i) EXPECT_TRUE(same(a.completions[i], b.completions[i])) << i;
}

class EngineTest : public testing::Test {
 protected:
  CompletionBatch generate(const EngineOptions& options, const data::PromptBatch& prompts, const SamplingParams& params,
                           const SampleKey& key = {.seed = 3, .stage = "zero", .step = 5}) {
    Engine engine(model_, tokenizer_, options);
    return engine.generate(prompts, params, key);
  }
  std::string refusal(const EngineOptions& options, const data::PromptBatch& prompts, const SamplingParams& params) {
    return sentence_of<InputError>([&] { generate(options, prompts, params); });
  }

  const model::Model model_ = test::tiny_model({.with_query_latent = true});
  const std::shared_ptr<const data::Tokenizer> tokenizer_ = std::make_shared<LetterTokenizer>(24, kEos);
};

TEST_F(EngineTest, CompletionsStandInPromptOrderAndEndWhereTheyShould) {
  const CompletionBatch batch = generate({.num_threads = 2}, mixed_prompts(), sampling(5, 40));
  ASSERT_EQ(batch.completions.size(), 45);
  int64_t stopped = 0;
  for (size_t i = 0; i < batch.completions.size(); ++i) {
    const Completion& completion = batch.completions[i];
    EXPECT_EQ(completion.prompt_index, static_cast<int64_t>(i) / 5);
    EXPECT_EQ(completion.sample_index, static_cast<int64_t>(i) % 5);
    ASSERT_EQ(completion.token_ids.size(), completion.logprobs.size());
    ASSERT_EQ(completion.token_ids.size(), completion.policy_logprobs.size());
    const auto eos = std::find(completion.token_ids.begin(), completion.token_ids.end(), kEos);
    const bool is_stopped = completion.finish_reason == data::FinishReason::kStop;
    stopped += is_stopped;
    EXPECT_EQ(is_stopped, eos != completion.token_ids.end());
    EXPECT_EQ(eos, completion.token_ids.end() - (is_stopped ? 1 : 0));
    EXPECT_LE(completion.token_ids.size(), 40);
    EXPECT_TRUE(is_stopped || completion.token_ids.size() == 40);
    EXPECT_EQ(completion.text.size(), completion.token_ids.size() - (is_stopped ? 1 : 0));
  }
  EXPECT_GT(stopped, 5);
  EXPECT_LT(stopped, 45);
}

TEST_F(EngineTest, ASampleIsItsKeysWhateverThreadsRowsMemoryAndCompany) {
  const data::PromptBatch prompts = mixed_prompts();
  const SamplingParams params = sampling(4, 50);
  const CompletionBatch expected = generate({.num_threads = 1}, prompts, params);
  const int64_t page = model::KvCache::page_bytes(model_.config());
  const EngineOptions others[] = {
      {.num_threads = 2},
      {.num_threads = 3, .max_rows = 5},
      {.num_threads = 1, .max_rows = 1},
      {.num_threads = 1, .max_rows = 7},
      {.num_threads = 2, .max_sequences = 3},
      {.cache_bytes = 4 * page, .num_threads = 1},  // one sample at a time
      {.cache_bytes = 22 * page, .num_threads = 2},
  };
  for (const EngineOptions& options : others) {
    SCOPED_TRACE(testing::Message() << options.num_threads << " threads, " << options.max_rows << " rows, "
                                    << options.max_sequences << " sequences, " << options.cache_bytes << " bytes");
    expect_same(generate(options, prompts, params), expected);
  }

  data::PromptBatch reversed(prompts.rbegin(), prompts.rend());
  const CompletionBatch backwards = generate({.num_threads = 2}, reversed, params);
  const CompletionBatch fewer = generate({.num_threads = 1}, {prompts[4]}, sampling(2, 50));
  for (int64_t p = 0; p < 9; ++p) {
    for (int64_t s = 0; s < 4; ++s) {
      EXPECT_TRUE(same(backwards.completions[(8 - p) * 4 + s], expected.completions[p * 4 + s])) << p << " " << s;
    }
  }
  for (int64_t s = 0; s < 2; ++s) EXPECT_TRUE(same(fewer.completions[s], expected.completions[16 + s])) << s;
}

TEST_F(EngineTest, EveryPartOfTheKeyCounts) {
  const data::PromptBatch prompts = {make_prompt(1, 5)};
  const SamplingParams params = sampling(2, 20);
  const auto tokens = [&](const SampleKey& key) { return generate({}, prompts, params, key).completions[0].token_ids; };
  const SampleKey key{.seed = 1, .stage = "a", .step = 0};
  EXPECT_EQ(tokens(key), tokens(key));
  EXPECT_NE(tokens(key), tokens({.seed = 2, .stage = "a", .step = 0}));
  EXPECT_NE(tokens(key), tokens({.seed = 1, .stage = "b", .step = 0}));
  EXPECT_NE(tokens(key), tokens({.seed = 1, .stage = "a", .step = 1}));
  data::PromptBatch other = prompts;
  other[0].id = 2;
  EXPECT_NE(tokens(key), generate({}, other, params, key).completions[0].token_ids);
  const CompletionBatch batch = generate({}, prompts, params, key);
  EXPECT_NE(batch.completions[0].token_ids, batch.completions[1].token_ids);
}

TEST_F(EngineTest, DrawsAreThoseOfTheCountedStream) {
  const data::PromptBatch prompts = {make_prompt(77, 9)};
  const Completion completion = generate({}, prompts, sampling(3, 20)).completions[2];
  const Random random(3, "sample/zero", {5, 77, 2});
  std::vector<int32_t> tokens = prompts[0].token_ids;
  tokens.insert(tokens.end(), completion.token_ids.begin(), completion.token_ids.end());
  const at::NoGradGuard no_grad;
  const at::Tensor logits = model_.logits(model::pack_tokens({&tokens}));
  Sampler sampler(24);
  for (size_t t = 0; t < completion.token_ids.size(); ++t) {
    const at::Tensor row = logits[static_cast<int64_t>(8 + t)].contiguous();
    const SampledToken expected =
        sampler.sample(row.data_ptr<float>(), {}, random.uniform_at(static_cast<uint32_t>(t)));
    EXPECT_EQ(completion.token_ids[t], expected.token);
    EXPECT_NEAR(completion.policy_logprobs[t], expected.policy_logprob, 1e-5);
  }
}

TEST_F(EngineTest, LogprobsAreThoseOfTheTrainingForward) {
  SamplingParams params = sampling(2, 58);
  params.temperature = 0.7;
  params.ignore_eos = true;
  const CompletionBatch batch = generate({.num_threads = 2}, mixed_prompts(), params);
  const at::NoGradGuard no_grad;
  for (const Completion& completion : batch.completions) {
    const auto& prompt = batch.prompts[completion.prompt_index].token_ids;
    ASSERT_EQ(completion.token_ids.size(), 58);
    std::vector<int32_t> tokens = prompt;
    tokens.insert(tokens.end(), completion.token_ids.begin(), completion.token_ids.end());
    const at::Tensor logits = model_.logits(model::pack_tokens({&tokens})).slice(0, std::ssize(prompt) - 1, -1);
    const at::Tensor ids = torch::tensor(completion.token_ids).to(at::kLong).unsqueeze(1);
    const auto expect_near = [&](const std::vector<float>& found, const at::Tensor& scaled) {
      const at::Tensor expected = scaled.log_softmax(1).gather(1, ids).squeeze(1);
      EXPECT_LE((torch::tensor(found) - expected).abs().max().item<double>(), 1e-5);
    };
    expect_near(completion.policy_logprobs, logits);
    expect_near(completion.logprobs, logits / 0.7);
  }
}

TEST_F(EngineTest, GreedyTakesTheModelsArgmax) {
  SamplingParams params = sampling(1, 30);
  params.temperature = 0;
  params.ignore_eos = true;
  const CompletionBatch batch = generate({}, mixed_prompts(), params);
  const at::NoGradGuard no_grad;
  for (const Completion& completion : batch.completions) {
    std::vector<int32_t> tokens = batch.prompts[completion.prompt_index].token_ids;
    const int64_t length = std::ssize(tokens);
    tokens.insert(tokens.end(), completion.token_ids.begin(), completion.token_ids.end());
    const at::Tensor best = model_.logits(model::pack_tokens({&tokens})).argmax(1);
    for (int64_t t = 0; t < 30; ++t) EXPECT_EQ(completion.token_ids[t], best[length - 1 + t].item<int64_t>()) << t;
  }
}

TEST_F(EngineTest, StopStringsEndACompletionAndAreCutOff) {
  SamplingParams params = sampling(8, 60);
  const CompletionBatch free = generate({}, {make_prompt(3, 6)}, params);
  // Two letters that some completion wrote in its middle.
  std::string stop;
  for (const Completion& completion : free.completions) {
    if (completion.text.size() > 10) stop = completion.text.substr(5, 2);
  }
  ASSERT_EQ(stop.size(), 2);
  params.stop = {"no such text", stop};
  const CompletionBatch cut = generate({.num_threads = 2}, {make_prompt(3, 6)}, params);
  int64_t num_cut = 0;
  for (size_t i = 0; i < cut.completions.size(); ++i) {
    const Completion& before = free.completions[i];
    const Completion& after = cut.completions[i];
    const size_t end = before.text.find(stop);
    if (end == std::string::npos) {
      EXPECT_TRUE(same(before, after));
      continue;
    }
    ++num_cut;
    EXPECT_EQ(after.text, before.text.substr(0, end));
    EXPECT_EQ(after.finish_reason, data::FinishReason::kStop);
    EXPECT_EQ(after.token_ids.size(), end + stop.size());  // the tokens of the stop string were drawn
  }
  EXPECT_GT(num_cut, 0);
}

TEST_F(EngineTest, WithoutATokenizerIdsAloneComeAndTheConfigEnds) {
  Engine engine(model_, nullptr, {});
  const CompletionBatch bare =
      engine.generate(mixed_prompts(), sampling(2, 30), {.seed = 3, .stage = "zero", .step = 5});
  const CompletionBatch full = generate({}, mixed_prompts(), sampling(2, 30));
  for (size_t i = 0; i < bare.completions.size(); ++i) {
    EXPECT_EQ(bare.completions[i].token_ids, full.completions[i].token_ids);
    EXPECT_TRUE(bare.completions[i].text.empty());
  }
  SamplingParams params = sampling(1, 5);
  params.stop = {"x"};
  EXPECT_NE(sentence_of<InputError>([&] { engine.generate(mixed_prompts(), params, {}); }).find("needs a tokenizer"),
            std::string::npos);
}

TEST_F(EngineTest, IdsBeyondTheTokenizersVocabularyWriteNothing) {
  Engine engine(model_, std::make_shared<LetterTokenizer>(20, kEos), {});
  SamplingParams params = sampling(4, 40);
  params.stop = {"q"};
  int64_t num_silent = 0;
  for (const Completion& completion : engine.generate(mixed_prompts(), params, {}).completions) {
    for (const char letter : completion.text) EXPECT_LT(letter, 'a' + 20);
    num_silent +=
        std::count_if(completion.token_ids.begin(), completion.token_ids.end(), [](int32_t t) { return t >= 20; });
  }
  EXPECT_GT(num_silent, 0);
}

TEST_F(EngineTest, UpdatedWeightsAreUsedFromThenOn) {
  model::Model policy = model_.clone();
  Engine engine(policy, tokenizer_, {.num_threads = 2});
  const auto run = [&] { return engine.generate(mixed_prompts(), sampling(2, 30), {}); };
  const CompletionBatch before = run();
  {
    const at::NoGradGuard no_grad;
    at::Tensor(policy.parameter("lm_head")).neg_();
  }
  expect_same(run(), before);
  engine.update_weights();
  const CompletionBatch after = run();
  EXPECT_NE(after.completions[0].token_ids, before.completions[0].token_ids);
  Engine fresh(policy, tokenizer_, {.num_threads = 1});
  expect_same(fresh.generate(mixed_prompts(), sampling(2, 30), {}), after);
}

TEST_F(EngineTest, ReleasedWeightsComeBackAsThePolicyIsThen) {
  model::Model policy = model_.clone();
  Engine engine(policy, tokenizer_, {.num_threads = 2});
  const auto run = [&] { return engine.generate(mixed_prompts(), sampling(2, 30), {}); };
  const CompletionBatch before = run();
  const int64_t bytes = engine.weights().bytes();
  engine.release_weights();
  EXPECT_LT(engine.weights().bytes(), bytes / 10);
  expect_same(run(), before);
  EXPECT_EQ(engine.weights().bytes(), bytes);
  engine.release_weights();
  {
    const at::NoGradGuard no_grad;
    at::Tensor(policy.parameter("lm_head")).neg_();
  }
  Engine fresh(policy, tokenizer_, {.num_threads = 1});
  expect_same(run(), fresh.generate(mixed_prompts(), sampling(2, 30), {}));
}

TEST_F(EngineTest, CountsAndReports) {
  Engine engine(model_, tokenizer_, {.num_threads = 2});
  std::vector<int64_t> done;
  SamplingParams params = sampling(3, 10);
  params.ignore_eos = true;
  const auto progress = [&](int64_t now, int64_t total) {
    EXPECT_EQ(total, 27);
    done.push_back(now);
  };
  engine.generate(mixed_prompts(), params, {}, {{}, progress});
  ASSERT_EQ(done.size(), 27);
  for (int64_t i = 0; i < 27; ++i) EXPECT_EQ(done[i], i + 1);
  EXPECT_EQ(engine.stats().prompt_tokens, 1 + 5 + 63 + 64 + 65 + 17 + 70 + 2 + 30);
  EXPECT_EQ(engine.stats().completion_tokens, 270);
  EXPECT_GT(engine.stats().seconds, 0);
  EXPECT_TRUE(engine.generate({}, params, {}).completions.empty());
}

TEST_F(EngineTest, AStopIsObeyedAndTheEngineGoesOnAfterwards) {
  Engine engine(model_, tokenizer_, {.num_threads = 2});
  const CompletionBatch expected = engine.generate(mixed_prompts(), sampling(4, 50), {});
  std::stop_source stop;
  const auto progress = [&](int64_t done, int64_t) {
    if (done == 3) stop.request_stop();
  };
  EXPECT_THROW(engine.generate(mixed_prompts(), sampling(4, 50), {}, {stop.get_token(), progress}), StoppedError);
  expect_same(engine.generate(mixed_prompts(), sampling(4, 50), {}), expected);
}

TEST_F(EngineTest, AWorkersErrorReachesTheCaller) {
  model::Model policy = model_.clone();
  {
    const at::NoGradGuard no_grad;
    at::Tensor(policy.parameter("lm_head")).fill_(std::nanf(""));
  }
  Engine engine(policy, tokenizer_, {.num_threads = 2});
  EXPECT_NE(sentence_of<Error>([&] { engine.generate(mixed_prompts(), sampling(4, 50), {}); }).find("not finite"),
            std::string::npos);
}

TEST_F(EngineTest, RefusesWhatCannotBeDone) {
  const int64_t page = model::KvCache::page_bytes(model_.config());
  const data::PromptBatch good = {make_prompt(1, 5)};
  data::PromptBatch empty = {good[0], make_prompt(2, 0)};
  EXPECT_NE(refusal({}, empty, sampling(1, 5)).find("prompt 1: is empty"), std::string::npos);
  data::PromptBatch foreign = good;
  foreign[0].token_ids[2] = 24;
  EXPECT_NE(refusal({}, foreign, sampling(1, 5)).find("prompt 0: has token 24"), std::string::npos);
  EXPECT_NE(refusal({}, good, sampling(1, 124)).find("context of 128"), std::string::npos);
  EXPECT_NO_THROW(generate({}, good, sampling(1, 123)));
  EXPECT_NE(refusal({.cache_bytes = page, .num_threads = 1}, good, sampling(1, 5)).find("raise cache_bytes"),
            std::string::npos);
  EXPECT_NO_THROW(generate({.cache_bytes = 2 * page, .num_threads = 1}, good, sampling(1, 5)));

  SamplingParams bad = sampling(1, 5);
  bad.stop = {""};
  EXPECT_THROW(generate({}, good, bad), InputError);
  bad = sampling(0, 5);
  EXPECT_THROW(generate({}, good, bad), ConfigError);
  bad = sampling(1, 5);
  bad.temperature = -1;
  EXPECT_THROW(generate({}, good, bad), ConfigError);
  bad.temperature = std::nan("");
  EXPECT_THROW(generate({}, good, bad), ConfigError);
  EXPECT_THROW(Engine(model_, tokenizer_, {.max_rows = 0}), ConfigError);
  EXPECT_THROW(Engine(model_, tokenizer_, {.max_sequences = 0}), ConfigError);
}

}  // namespace
}  // namespace aha::rollout::engine_test
