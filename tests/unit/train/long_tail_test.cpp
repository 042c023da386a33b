// Steps that end before all of their groups do: what is trained on, what is gone on with, and that nothing is lost.
#include <gtest/gtest.h>

#include <cmath>

#include "aha/core/error.h"
#include "unit/core/temporary_folder.h"
#include "unit/train/letter_game.h"

namespace aha::train::long_tail_test {
namespace {

using aha::test::copy_of_parameters;
using aha::test::equal_parameters;
using aha::test::tiny_model;
using letter_game::make_trainer;
using letter_game::prompts;
using letter_game::share_of_low_letters;
using letter_game::small_config;

constexpr int64_t kGroup = 2, kEnough = 3, kAsked = 6;

/// Lengths from 1 to 100; three groups of six end a step.
GrpoConfig cut_config(bool partial_rollouts) {
  GrpoConfig config = small_config();
  config.sampling.num_generations = kGroup;
  config.sampling.max_completion_length = 100;
  config.enough_prompts = kEnough;
  config.partial_rollouts = partial_rollouts;
  config.max_staleness = 100;
  return config;
}

/// As a stage does it: as many new prompts as are not carried.
StepReport step(GrpoTrainer& trainer, int64_t step) {
  return trainer.step(prompts(kAsked - trainer.num_carried()), step, 20);
}

int64_t num_tokens(const data::CompletionBatch& batch) {
  int64_t sum = 0;
  for (const data::Completion& completion : batch.completions) sum += std::ssize(completion.token_ids);
  return sum;
}

void expect_equal(const data::CompletionBatch& a, const data::CompletionBatch& b) {
  ASSERT_EQ(a.completions.size(), b.completions.size());
  for (size_t i = 0; i < a.completions.size(); ++i) {
    EXPECT_EQ(a.completions[i].token_ids, b.completions[i].token_ids) << i;
    EXPECT_EQ(a.completions[i].logprobs, b.completions[i].logprobs) << i;
    EXPECT_EQ(a.completions[i].policy_versions, b.completions[i].policy_versions) << i;
    EXPECT_EQ(a.completions[i].text, b.completions[i].text) << i;
  }
}

TEST(LongTail, RewardsThatBeginEarlyAreThoseOfTheWholeBatch) {
  model::Model policy = tiny_model();
  const auto judge = [](const std::string& text) -> std::optional<double> {
    if (text.size() == 2) throw InputError("here", "it broke");
    return share_of_low_letters(text);
  };
  GrpoTrainer trainer = make_trainer(policy, small_config(), judge, 3);
  const StepReport report = trainer.step(prompts(5), 0, 10);
  const reward::BatchScores scores = letter_game::scorer(judge).score(report.completions);
  ASSERT_GT(scores.num_failed[0], 0);
  EXPECT_EQ(report.scores.values, scores.values);
  EXPECT_EQ(report.scores.total, scores.total);
  EXPECT_EQ(report.scores.num_failed, scores.num_failed);
  EXPECT_FALSE(report.metrics.contains("rollout/drawn_tokens"));  // of steps that are cut off alone
}

TEST(LongTail, AStepTrainsOnTheFirstGroupsThatAreComplete) {
  model::Model policy = tiny_model();
  GrpoTrainer trainer = make_trainer(policy, cut_config(false));
  const StepReport report = step(trainer, 0);
  ASSERT_EQ(report.completions.prompts.size(), static_cast<size_t>(kEnough));
  ASSERT_EQ(report.completions.completions.size(), static_cast<size_t>(kEnough * kGroup));
  for (const data::Completion& completion : report.completions.completions) {
    EXPECT_NE(completion.finish_reason, data::FinishReason::kUnfinished);
  }
  EXPECT_EQ(trainer.num_carried(), 0);
  const auto& metrics = report.metrics;
  EXPECT_EQ(metrics.at("rollout/old_token_ratio"), 0);
  EXPECT_GT(metrics.at("rollout/dropped_tokens"), 0);
  EXPECT_EQ(metrics.at("rollout/drawn_tokens"),
            static_cast<double>(num_tokens(report.completions)) + metrics.at("rollout/dropped_tokens"));

  // They are what they would be if nothing had been cut off.
  model::Model again = tiny_model();
  GrpoConfig whole = cut_config(false);
  whole.enough_prompts = 0;
  const StepReport all = make_trainer(again, whole).step(prompts(kAsked), 0, 20);
  for (const data::Completion& completion : report.completions.completions) {
    const int64_t id = report.completions.prompts[static_cast<size_t>(completion.prompt_index)].id;
    const data::Completion& same =
        all.completions.completions[static_cast<size_t>(id * kGroup + completion.sample_index)];
    EXPECT_EQ(completion.token_ids, same.token_ids);
    EXPECT_EQ(completion.logprobs, same.logprobs);
  }
}

TEST(LongTail, ThreadsDoNotChangeWhatIsCutOff) {
  std::vector<at::Tensor> expected;
  for (const int num_threads : {1, 2, 3}) {
    model::Model policy = tiny_model();
    GrpoTrainer trainer = make_trainer(policy, cut_config(true), share_of_low_letters, num_threads);
    for (int64_t i = 0; i < 3; ++i) step(trainer, i);
    if (expected.empty()) expected = copy_of_parameters(policy);
    EXPECT_TRUE(equal_parameters(expected, copy_of_parameters(policy))) << num_threads;
  }
}

// With a learning rate of 0 the policy stays: then a completion in pieces is the completion in one.
TEST(LongTail, PiecesOfACompletionMakeTheWholeOne) {
  model::Model policy = tiny_model();
  GrpoConfig config = cut_config(true);
  config.schedule.learning_rate = 0;
  GrpoTrainer trainer = make_trainer(policy, config);
  model::Model twin = tiny_model();
  GrpoTrainer yardstick = make_trainer(twin, config);
  double num_stale = 0, drawn = 0, trained = 0;
  for (int64_t i = 0; i < 6; ++i) {
    const StepReport report = step(trainer, i);
    drawn += report.metrics.at("rollout/drawn_tokens");
    trained += static_cast<double>(num_tokens(report.completions));
    EXPECT_EQ(report.metrics.at("rollout/dropped_tokens"), 0);
    for (const data::Completion& completion : report.completions.completions) {
      const data::Prompt& prompt = report.completions.prompts[static_cast<size_t>(completion.prompt_index)];
      ASSERT_EQ(completion.policy_versions.size(), completion.token_ids.size());
      EXPECT_TRUE(std::is_sorted(completion.policy_versions.begin(), completion.policy_versions.end()));
      const int64_t begin = completion.policy_versions.front();
      num_stale += begin < i ? 1 : 0;
      const rollout::SampleKey key{.seed = letter_game::kSeed, .stage = "test", .step = static_cast<uint64_t>(begin)};
      const auto whole = yardstick.engine().generate({prompt}, config.sampling, key);
      const data::Completion& same = whole.completions[static_cast<size_t>(completion.sample_index)];
      EXPECT_EQ(completion.token_ids, same.token_ids);
      EXPECT_EQ(completion.policy_logprobs, same.policy_logprobs);
      EXPECT_EQ(completion.text, same.text);
      EXPECT_EQ(completion.finish_reason, same.finish_reason);
    }
  }
  EXPECT_GT(num_stale, 0);
  EXPECT_GE(drawn, trained);
}

TEST(LongTail, OldTokensKeepTheLogProbsOfThePolicyThatDrewThem) {
  model::Model policy = tiny_model();
  const model::Model first = policy.clone();
  GrpoTrainer trainer = make_trainer(policy, cut_config(true));
  step(trainer, 0);
  ASSERT_GT(trainer.num_carried(), 0);
  const StepReport report = step(trainer, 1);
  int64_t num_old = 0, num_new = 0;
  for (const data::Completion& completion : report.completions.completions) {
    if (completion.policy_versions.front() == 1) continue;
    const data::Prompt& prompt = report.completions.prompts[static_cast<size_t>(completion.prompt_index)];
    const std::vector<std::vector<int32_t>> tokens = {[&] {
      std::vector<int32_t> all = prompt.token_ids;
      all.insert(all.end(), completion.token_ids.begin(), completion.token_ids.end());
      return all;
    }()};
    const at::Tensor logprob_TV = first.logits(model::pack_tokens({&tokens[0]})).log_softmax(1);
    for (size_t t = 0; t < completion.token_ids.size(); ++t) {
      const auto row = static_cast<int64_t>(prompt.token_ids.size() + t) - 1;
      const double of_first = logprob_TV[row][completion.token_ids[t]].item<double>();
      const bool is_old = completion.policy_versions[t] == 0;
      (is_old ? num_old : num_new) += 1;
      if (is_old) {
        EXPECT_NEAR(completion.policy_logprobs[t], of_first, 1e-5);
      }
    }
  }
  EXPECT_GT(num_old, 0);
  EXPECT_GT(num_new, 0);
  const auto& metrics = report.metrics;
  const double old_share = static_cast<double>(num_old) / static_cast<double>(num_tokens(report.completions));
  EXPECT_DOUBLE_EQ(metrics.at("rollout/old_token_ratio"), old_share);
  EXPECT_DOUBLE_EQ(metrics.at("rollout/mean_staleness"), old_share);  // all of them one step old
  EXPECT_GT(metrics.at("sampling/sampling_logp_difference/max"), 1e-3);
  EXPECT_GT(metrics.at("sampling/importance_sampling_ratio/max"), 1.001);
}

TEST(LongTail, CompleteGroupsThatWereOneTooManyComeNext) {
  model::Model policy = tiny_model();
  GrpoConfig config = cut_config(true);
  config.sampling.max_completion_length = 1;  // all groups are complete after one token
  GrpoTrainer trainer = make_trainer(policy, config);
  const StepReport first = step(trainer, 0);
  EXPECT_EQ(first.metrics.at("rollout/drawn_tokens"), static_cast<double>(kAsked * kGroup));
  EXPECT_EQ(trainer.num_carried(), kAsked - kEnough);
  const StepReport second = step(trainer, 1);
  EXPECT_EQ(second.metrics.at("rollout/drawn_tokens"), 0);
  EXPECT_EQ(second.metrics.at("rollout/old_token_ratio"), 1);
  for (int64_t i = 0; i < kEnough; ++i) {
    EXPECT_EQ(first.completions.prompts[static_cast<size_t>(i)].id, i);
    EXPECT_EQ(second.completions.prompts[static_cast<size_t>(i)].id, kEnough + i);
  }
}

TEST(LongTail, WhatIsTooOldBeginsAnew) {
  model::Model policy = tiny_model();
  GrpoConfig config = cut_config(true);
  config.max_staleness = 1;
  GrpoTrainer trainer = make_trainer(policy, config);
  double restarted = 0, dropped = 0;
  for (int64_t i = 0; i < 10; ++i) {
    const StepReport report = step(trainer, i);
    restarted += report.metrics.at("rollout/restarted_groups");
    dropped += report.metrics.at("rollout/dropped_tokens");
    for (const data::Completion& completion : report.completions.completions) {
      EXPECT_GE(completion.policy_versions.front(), i - 1);
    }
  }
  EXPECT_GT(restarted, 0);
  EXPECT_GE(dropped, restarted * kGroup);
}

TEST(LongTail, ResumesWithTheSameBits) {
  GrpoConfig config = cut_config(true);
  config.loss.beta = 0.05;
  config.num_minibatches = 2;
  model::Model policy = tiny_model();
  GrpoTrainer trainer = make_trainer(policy, config);
  for (int64_t i = 0; i < 3; ++i) step(trainer, i);
  ASSERT_GT(trainer.num_carried(), 0);
  const aha::test::TemporaryFolder folder;
  policy.save(folder.path());
  trainer.save(folder.path());

  model::Model again = model::load(folder.path());
  GrpoTrainer resumed = make_trainer(again, config);
  resumed.load(folder.path(), prompts(kAsked));
  EXPECT_EQ(resumed.num_carried(), trainer.num_carried());
  for (int64_t i = 3; i < 6; ++i) {
    const StepReport report = step(trainer, i), same = step(resumed, i);
    expect_equal(report.completions, same.completions);
    EXPECT_EQ(report.metrics.at("loss"), same.metrics.at("loss"));
    EXPECT_EQ(report.metrics.at("rollout/mean_staleness"), same.metrics.at("rollout/mean_staleness"));
  }
  EXPECT_TRUE(equal_parameters(copy_of_parameters(policy), copy_of_parameters(again)));
}

TEST(LongTail, AStopLeavesWhatIsCarried) {
  model::Model policy = tiny_model(), twin = tiny_model();
  GrpoTrainer trainer = make_trainer(policy, cut_config(true)), undisturbed = make_trainer(twin, cut_config(true));
  step(trainer, 0);
  step(undisturbed, 0);
  const int64_t carried = trainer.num_carried();
  std::stop_source source;
  source.request_stop();
  EXPECT_THROW(trainer.step(prompts(kAsked - carried), 1, 20, source.get_token()), StoppedError);
  EXPECT_EQ(trainer.num_carried(), carried);
  expect_equal(step(trainer, 1).completions, step(undisturbed, 1).completions);
  EXPECT_TRUE(equal_parameters(copy_of_parameters(policy), copy_of_parameters(twin)));
}

TEST(LongTail, DraftsChangeNothing) {
  for (const bool partial_rollouts : {false, true}) {
    model::Model policy = tiny_model(), twin = tiny_model();
    GrpoTrainer plain = make_trainer(policy, cut_config(partial_rollouts));
    GrpoTrainer drafting = make_trainer(twin, cut_config(partial_rollouts), share_of_low_letters, 2, "ngram");
    for (int64_t i = 0; i < 2; ++i) expect_equal(step(plain, i).completions, step(drafting, i).completions);
    EXPECT_GT(drafting.engine().stats().draft_tokens, 0);
    EXPECT_TRUE(equal_parameters(copy_of_parameters(policy), copy_of_parameters(twin)));
  }
}

TEST(LongTail, RefusesWhatCannotBeGoneOnWith) {
  model::Model policy = tiny_model();
  GrpoConfig config = cut_config(true);
  config.enough_prompts = 0;
  EXPECT_THROW(make_trainer(policy, config), ConfigError);
  config = cut_config(true);
  config.sampling.temperature = 0.7;
  EXPECT_NO_THROW(make_trainer(policy, config));
  config.sampling.repetition_penalty = 1.2;
  EXPECT_THROW(make_trainer(policy, config), ConfigError);
  config = cut_config(true);
  config.max_staleness = 0;
  EXPECT_THROW(make_trainer(policy, config), ConfigError);
  EXPECT_THROW(make_trainer(policy, cut_config(false)).step(prompts(kEnough - 1), 0, 10), ConfigError);
  config = cut_config(false);
  config.num_minibatches = kEnough + 1;
  EXPECT_THROW(make_trainer(policy, config).step(prompts(kAsked), 0, 10), ConfigError);
}

}  // namespace
}  // namespace aha::train::long_tail_test
