// Which completions teach, what their tokens weigh, which rows predict them: worked by hand.
#include <ATen/ops/equal.h>
#include <ATen/ops/full.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/generated/variable_factories.h>

#include "train/grpo_samples.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <set>

#include "aha/core/random.h"
#include "aha/ops/embedding.h"
#include "support/tiny_model.h"

namespace aha::train::grpo_samples_test {
namespace {

using data::FinishReason;

/// Two prompts of two completions each: lengths 1, 3 | 2, 0; the second is cut, the third not judged.
data::CompletionBatch batch() {
  data::CompletionBatch batch{.prompts = data::PromptBatch(2), .num_generations = 2, .completions = {}};
  batch.prompts[0].token_ids = {10, 11};
  batch.prompts[1].token_ids = {12};
  batch.completions.resize(4);
  const std::vector<std::vector<int32_t>> ids = {{2}, {20, 21, 22}, {23, 2}, {}};
  for (size_t i = 0; i < 4; ++i) {
    data::Completion& completion = batch.completions[i];
    completion.prompt_index = int64_t(i) / 2;
    completion.token_ids = ids[i];
    completion.finish_reason = i == 1 ? FinishReason::kLength : FinishReason::kStop;
    completion.logprobs.assign(ids[i].size(), -0.5f);
    completion.policy_logprobs.assign(ids[i].size(), -2.0f);
  }
  return batch;
}

std::vector<GrpoSample> samples_of(const data::CompletionBatch& batch, std::vector<std::optional<double>> rewards,
                                   const GrpoConfig& config) {
  reward::BatchScores scores;
  scores.total = std::move(rewards);
  auto samples = make_samples(batch, scores, config);
  set_advantages(samples, batch, {1, 2, 3, 4});
  return samples;
}

TEST(GrpoSamples, LeaveOutUnjudgedEmptyAndMaskedCompletions) {
  const auto completions = batch();
  GrpoConfig config;
  auto samples = samples_of(completions, {1.0, 0.0, std::nullopt, 1.0}, config);
  ASSERT_EQ(samples.size(), 2u);
  EXPECT_EQ(samples[0].advantage, 1);
  EXPECT_EQ(samples[1].advantage, 2);
  EXPECT_EQ(samples[1].num_inputs(), 4);
  EXPECT_EQ(samples[1].sampler_logprobs, std::vector<double>(3, -2.0));

  samples = samples_of(completions, {1.0, 0.0, 0.0, 1.0}, config);
  ASSERT_EQ(samples.size(), 3u);
  leave_out_truncated(samples);
  ASSERT_EQ(samples.size(), 2u);
  EXPECT_EQ(samples[1].advantage, 3);
}

TEST(GrpoSamples, OldLogprobsAreThoseOfTheTrainingTemperature) {
  const auto completions = batch();
  GrpoConfig config;
  config.sampling.top_p = 0.9;
  EXPECT_EQ(samples_of(completions, {1.0, 0, 0, 0}, config)[0].sampler_logprobs, std::vector<double>{-2.0});
  config.sampling.temperature = 0.7;
  EXPECT_TRUE(needs_rescoring(config.sampling));
  EXPECT_TRUE(samples_of(completions, {1.0, 0, 0, 0}, config)[0].sampler_logprobs.empty());
  config.sampling.top_p = 1.0;
  EXPECT_FALSE(needs_rescoring(config.sampling));
  EXPECT_EQ(samples_of(completions, {1.0, 0, 0, 0}, config)[0].sampler_logprobs, std::vector<double>{-0.5});
}

TEST(GrpoSamples, WhateverAltersATemperedDrawNeedsRescoring) {
  using Sampling = rollout::SamplingParams;
  const std::vector<std::function<void(Sampling&)>> alterations = {
      [](Sampling& s) { s.top_p = 0.9; },         [](Sampling& s) { s.top_k = 5; },
      [](Sampling& s) { s.min_p = 0.1; },         [](Sampling& s) { s.repetition_penalty = 1.1; },
      [](Sampling& s) { s.bad_token_ids = {3}; }, [](Sampling& s) { s.guided_choice = {"a"}; },
      [](Sampling& s) { s.guided_json = true; }};
  const auto completions = batch();
  for (size_t i = 0; i < alterations.size(); ++i) {
    SCOPED_TRACE(i);
    GrpoConfig config;
    alterations[i](config.sampling);
    EXPECT_FALSE(needs_rescoring(config.sampling));  // at temperature 1 the policy's own log-probs were recorded
    EXPECT_EQ(samples_of(completions, {1.0, 0, 0, 0}, config)[0].sampler_logprobs, std::vector<double>{-2.0});
    config.sampling.temperature = 0.7;
    EXPECT_TRUE(needs_rescoring(config.sampling));
  }
}

TEST(GrpoSamples, WeightsCountTheTokensOfTheirMinibatch) {
  const auto completions = batch();
  GrpoConfig config;
  auto samples = samples_of(completions, {1.0, 0.0, 0.0, std::nullopt}, config);
  const Random random(1, "test");
  make_minibatches(samples, 2, config, random);
  for (const auto& sample : samples) EXPECT_DOUBLE_EQ(sample.weight, 1.0 / 6);
  config.loss.loss_type = "grpo";
  make_minibatches(samples, 2, config, random);
  EXPECT_DOUBLE_EQ(samples[0].weight, 1.0 / 3);
  EXPECT_DOUBLE_EQ(samples[1].weight, 1.0 / 9);

  config.loss.loss_type = "dapo";
  config.num_minibatches = 2;
  const auto minibatches = make_minibatches(samples, 2, config, random);
  ASSERT_EQ(minibatches.size(), 2u);
  EXPECT_EQ(minibatches[0].size() + minibatches[1].size(), 3u);
  EXPECT_DOUBLE_EQ(samples[0].weight, 1.0 / 4);
  EXPECT_DOUBLE_EQ(samples[1].weight, 1.0 / 4);
  EXPECT_DOUBLE_EQ(samples[2].weight, 1.0 / 2);
}

TEST(GrpoSamples, MinibatchesHoldWholeGroupsInADrawnOrder) {
  data::CompletionBatch completions{.prompts = data::PromptBatch(8), .num_generations = 2, .completions = {}};
  for (int64_t i = 0; i < 16; ++i) {
    auto& completion = completions.completions.emplace_back();
    completion.prompt_index = i / 2;
    completion.token_ids = {3};
    completion.policy_logprobs = {0};
  }
  GrpoConfig config;
  config.num_minibatches = 4;
  reward::BatchScores scores;
  scores.total.assign(16, 1.0);
  auto samples = make_samples(completions, scores, config);
  std::set<std::set<int64_t>> first_minibatches;
  for (uint64_t step = 0; step < 8; ++step) {
    const auto minibatches = make_minibatches(samples, 8, config, Random(1, "test", {step}));
    std::set<int64_t> seen;
    for (const auto& minibatch : minibatches) {
      std::set<int64_t> prompts;
      for (const GrpoSample* sample : minibatch) prompts.insert(sample->completion->prompt_index);
      EXPECT_EQ(prompts.size(), 2u);
      EXPECT_EQ(minibatch.size(), 4u);
      seen.insert(prompts.begin(), prompts.end());
      if (&minibatch == &minibatches.front()) first_minibatches.insert(prompts);
    }
    EXPECT_EQ(seen.size(), 8u);
  }
  EXPECT_GT(first_minibatches.size(), 1u);
}

TEST(GrpoSamples, PackedRowsPredictTheCompletions) {
  const auto completions = batch();
  auto samples = samples_of(completions, {1.0, 0.0, 0.0, 0.0}, {});
  const std::vector<GrpoSample*> order = {&samples[1], &samples[2], &samples[0]};
  const SampleTokens packed = pack_samples(order);
  EXPECT_TRUE(at::equal(packed.tokens.token_T, torch::tensor({10, 11, 20, 21, 12, 23, 10, 11}, at::kLong)));
  EXPECT_EQ(packed.tokens.offsets, (std::vector<int64_t>{0, 4, 6, 8}));
  EXPECT_TRUE(at::equal(packed.row_T, torch::tensor({1, 2, 3, 4, 5, 7}, at::kLong)));
  EXPECT_TRUE(at::equal(packed.target_T, torch::tensor({20, 21, 22, 23, 2, 2}, at::kLong)));
  EXPECT_TRUE(
      at::equal(per_token(order, &GrpoSample::advantage, at::kFloat), torch::tensor({2, 2, 2, 3, 3, 1}, at::kFloat)));
  EXPECT_TRUE(
      at::equal(per_token(order, &GrpoSample::sampler_logprobs, at::kDouble), at::full({6}, -2.0, at::kDouble)));
}

TEST(GrpoSamples, ASharedPromptIsPackedOnce) {
  const auto completions = batch();
  auto samples = samples_of(completions, {1.0, 0.0, 0.0, 0.0}, {});
  const SampleTokens packed = pack_samples({&samples[1], &samples[2], &samples[0]}, /*shared_prompt=*/true);
  EXPECT_TRUE(at::equal(packed.tokens.token_T, torch::tensor({10, 11, 20, 21, 12, 23}, at::kLong)));
  EXPECT_EQ(packed.tokens.offsets, (std::vector<int64_t>{0, 2, 4, 5, 6, 6}));
  EXPECT_EQ(packed.tokens.prefix, (std::vector<int64_t>{-1, 0, -1, 2, 0}));
  EXPECT_TRUE(at::equal(packed.row_T, torch::tensor({1, 2, 3, 4, 5, 1}, at::kLong)));
  EXPECT_TRUE(at::equal(packed.target_T, torch::tensor({20, 21, 22, 23, 2, 2}, at::kLong)));
}

TEST(GrpoSamples, AreCutBySizeAsTheyAreComputed) {
  const auto completions = batch();
  auto samples = samples_of(completions, {1.0, 0.0, 0.0, 0.0}, {});
  using Batches = std::vector<std::vector<GrpoSample*>>;
  const std::vector<GrpoSample*> all = {&samples[0], &samples[1], &samples[2]};
  // 2 + 0, 2 + 2 and 1 + 1 tokens; the first two share 2.
  EXPECT_EQ(cut_samples(all, 4, /*shared_prompt=*/true), (Batches{{all[1], all[0]}, {all[2]}}));
  EXPECT_EQ(cut_samples(all, 4, /*shared_prompt=*/false), (Batches{{all[1]}, {all[0], all[2]}}));
}

/// Groups of different sizes, long and short prompts, completions of one token and more.
data::CompletionBatch mixed_batch(int64_t vocab_size) {
  const std::vector<std::vector<int64_t>> lengths = {{5, 1, 9, 30}, {1}, {2, 2, 40}, {1, 1}, {12, 3, 7, 8, 6}};
  const std::vector<int64_t> prompts = {4, 1, 35, 1, 20};
  Random random(5, "grpo_samples_test");
  const auto draw = [&](int64_t count) {
    std::vector<int32_t> ids;
    for (int64_t i = 0; i < count; ++i) ids.push_back(static_cast<int32_t>(random.between(0, vocab_size - 1)));
    return ids;
  };
  data::CompletionBatch batch{.prompts = data::PromptBatch(prompts.size()), .num_generations = 5, .completions = {}};
  for (size_t p = 0; p < prompts.size(); ++p) {
    batch.prompts[p].token_ids = draw(prompts[p]);
    for (const int64_t length : lengths[p]) {
      auto& completion = batch.completions.emplace_back();
      completion.prompt_index = static_cast<int64_t>(p);
      completion.token_ids = draw(length);
    }
  }
  return batch;
}

struct Learnt {
  double loss = 0;
  std::vector<at::Tensor> gradients;
};

/// A loss that weighs every token by its sample, and its gradient, over micro-batches.
Learnt learn(const model::Model& model, const std::vector<GrpoSample*>& samples, int64_t tokens, bool shared_prompt) {
  std::vector<at::Tensor> inputs;
  for (const auto& parameter : model.parameters()) inputs.push_back(parameter.tensor);
  Learnt learnt;
  for (const auto& batch : cut_samples(samples, tokens, shared_prompt)) {
    const SampleTokens packed = pack_samples(batch, shared_prompt);
    const at::Tensor hidden_TD = ops::embedding(model.forward(packed.tokens).hidden_TD, packed.row_T);
    const at::Tensor logprob_T = model.score(hidden_TD, packed.target_T).logprob_T;
    const at::Tensor loss = (logprob_T.square() * per_token(batch, &GrpoSample::weight, at::kDouble)).sum();
    learnt.loss += loss.item<double>();
    const auto gradients = torch::autograd::grad({loss}, inputs, {}, false, false, /*allow_unused=*/true);
    learnt.gradients.resize(gradients.size());
    for (size_t i = 0; i < gradients.size(); ++i) {
      if (gradients[i].defined()) {
        at::Tensor& sum = learnt.gradients[i];
        sum = sum.defined() ? sum + gradients[i] : gradients[i];
      }
    }
  }
  return learnt;
}

TEST(GrpoSamples, SharedPromptsHaveTheGradientOfWholeSamples) {
  const model::Model model = model::Model::make(test::tiny_config(), 3, at::kDouble);
  const auto completions = mixed_batch(24);
  std::vector<GrpoSample> samples;
  for (const auto& completion : completions.completions) {
    samples.push_back({.completion = &completion,
                       .prompt = &completions.prompts[static_cast<size_t>(completion.prompt_index)],
                       .weight = 0.1 * static_cast<double>(samples.size()) - 0.4});
  }
  std::vector<GrpoSample*> order;
  for (GrpoSample& sample : samples) order.push_back(&sample);
  const Learnt whole = learn(model, order, 4096, false);
  Random random(6, "grpo_samples_test");
  for (const int64_t tokens : {1, 40, 64, 100, 4096}) {
    SCOPED_TRACE(tokens);
    random.shuffle(order);
    const Learnt shared = learn(model, order, tokens, true);
    EXPECT_NEAR(shared.loss, whole.loss, 1e-12 * std::abs(whole.loss));
    for (size_t i = 0; i < whole.gradients.size(); ++i) {
      if (!whole.gradients[i].defined()) continue;
      const double largest = whole.gradients[i].abs().max().item<double>();
      const double error = (shared.gradients[i] - whole.gradients[i]).abs().max().item<double>();
      EXPECT_LE(error, 1e-12 * largest) << model.parameters()[i].name;
    }
  }
}

}  // namespace
}  // namespace aha::train::grpo_samples_test
