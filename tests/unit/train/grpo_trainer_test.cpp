// GRPO on a game of one letter: it learns, reports, resumes, and does nothing where there is nothing to learn from.
#include "aha/train/grpo_trainer.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "aha/core/error.h"
#include "train/grpo_metrics.h"
#include "unit/core/temporary_folder.h"
#include "unit/train/letter_game.h"

namespace aha::train::grpo_trainer_test {
namespace {

using aha::test::copy_of_parameters;
using aha::test::equal_parameters;
using aha::test::relative_difference;
using aha::test::tiny_model;
using letter_game::make_trainer;
using letter_game::prompts;
using letter_game::share_of_low_letters;
using letter_game::small_config;
using letter_game::starts_with_k;
using letter_game::TextReward;

StepReport first_step(const GrpoConfig& config, int num_threads) {
  model::Model policy = tiny_model();
  return make_trainer(policy, config, share_of_low_letters, num_threads).step(prompts(4), 0, 10);
}

TEST(GrpoTrainer, LearnsTheRewardedFirstLetter) {
  model::Model policy = tiny_model();
  GrpoConfig config = small_config();
  config.sampling.num_generations = 32;
  GrpoTrainer trainer = make_trainer(policy, config, starts_with_k);
  const double before = trainer.step(prompts(4), 0, 20).metrics.at("reward");
  double after = 0;
  for (int64_t step = 1; step < 20; ++step) after = trainer.step(prompts(4), step, 20).metrics.at("reward");
  EXPECT_LT(before, 0.2);
  EXPECT_GT(after, before + 0.4);
}

TEST(GrpoTrainer, GoesOnAfterAPromptThatIsRefused) {
  model::Model policy = tiny_model();
  GrpoTrainer trainer = make_trainer(policy, small_config(), starts_with_k);
  data::PromptBatch bad = prompts(4);
  bad.back().token_ids.clear();
  EXPECT_THROW(trainer.step(bad, 0, 10), InputError);
  EXPECT_EQ(std::ssize(trainer.step(prompts(4), 0, 10).completions.prompts), 4);
}

TEST(GrpoTrainer, OnPolicyTheRatioIsOneAndNothingIsClipped) {
  for (const double temperature : {1.0, 0.7}) {
    model::Model policy = tiny_model();
    GrpoConfig config = small_config();
    config.schedule.learning_rate = 1e-12;
    config.loss.loss_type = "grpo";
    config.sampling.temperature = temperature;
    GrpoTrainer trainer = make_trainer(policy, config);
    for (int64_t step = 0; step < 2; ++step) {
      const auto metrics = trainer.step(prompts(4), step, 10).metrics;
      EXPECT_NEAR(metrics.at("loss"), 0, 1e-6);  // the advantages of a group cancel
      EXPECT_LE(metrics.at("sampling/sampling_logp_difference/max"), 1e-5);
      EXPECT_NEAR(metrics.at("sampling/importance_sampling_ratio/min"), 1, 1e-5);
      EXPECT_NEAR(metrics.at("sampling/importance_sampling_ratio/max"), 1, 1e-5);
      EXPECT_EQ(metrics.at("clip_ratio/region_mean"), 0);
      EXPECT_GT(metrics.at("grad_norm"), 0);
      EXPECT_GT(metrics.at("entropy"), 0.5);
      EXPECT_EQ(metrics.at("skipped_steps"), 0);
    }
  }
}

TEST(GrpoTrainer, FilteredAndTemperedSamplesAreScoredAgain) {
  model::Model policy = tiny_model();
  GrpoConfig config = small_config();
  config.sampling.temperature = 0.7;
  config.sampling.top_p = 0.8;
  const auto metrics = make_trainer(policy, config).step(prompts(4), 0, 10).metrics;
  EXPECT_LE(metrics.at("sampling/sampling_logp_difference/max"), 1e-5);
}

TEST(GrpoTrainer, RepeatedPassesLeaveThePolicyThatSampled) {
  model::Model policy = tiny_model();
  GrpoConfig config = small_config();
  config.num_iterations = 4;
  config.num_minibatches = 2;
  config.schedule.learning_rate = 5e-2;
  const auto metrics = make_trainer(policy, config).step(prompts(4), 0, 10).metrics;
  EXPECT_GT(metrics.at("clip_ratio/region_mean"), 0);
  EXPECT_GE(metrics.at("clip_ratio/high_max"), metrics.at("clip_ratio/high_mean"));
  EXPECT_LE(metrics.at("clip_ratio/low_min"), metrics.at("clip_ratio/low_mean"));
  EXPECT_LE(metrics.at("sampling/sampling_logp_difference/max"), 1e-5);  // of the first update alone
}

TEST(GrpoTrainer, ResumesWithTheSameBits) {
  GrpoConfig config = small_config();
  config.loss.beta = 0.05;
  config.num_iterations = 2;
  config.num_minibatches = 2;
  config.sync_ref_model = true;
  config.ref_model_sync_steps = 8;  // every second step, with four updates each
  config.ref_model_mixup_alpha = 0.5;
  config.bias_update_rate = 0.001;
  model::Model policy = tiny_model();
  GrpoTrainer trainer = make_trainer(policy, config);
  for (int64_t step = 0; step < 3; ++step) trainer.step(prompts(4), step, 6);
  const aha::test::TemporaryFolder folder;
  policy.save(folder.path());
  trainer.save(folder.path());

  model::Model again = model::load(folder.path());
  GrpoTrainer resumed = make_trainer(again, config);
  resumed.load(folder.path());
  for (int64_t step = 3; step < 6; ++step) {
    const double loss = trainer.step(prompts(4), step, 6).metrics.at("loss");
    EXPECT_EQ(resumed.step(prompts(4), step, 6).metrics.at("loss"), loss);
  }
  EXPECT_TRUE(equal_parameters(copy_of_parameters(policy), copy_of_parameters(again)));
}

TEST(GrpoTrainer, ReferenceStaysUntilItIsReplaced) {
  GrpoConfig config = small_config();
  config.loss.beta = 0.1;
  config.sync_ref_model = true;
  config.ref_model_sync_steps = 2;
  model::Model policy = tiny_model();
  GrpoTrainer trainer = make_trainer(policy, config);
  EXPECT_NEAR(trainer.step(prompts(4), 0, 10).metrics.at("kl"), 0, 1e-9);
  EXPECT_GT(trainer.step(prompts(4), 1, 10).metrics.at("kl"), 1e-5);
  const auto metrics = trainer.step(prompts(4), 2, 10).metrics;  // replaced after two steps
  EXPECT_NEAR(metrics.at("kl"), 0, 1e-9);
  EXPECT_NEAR(metrics.at("loss"), metrics.at("policy_loss"), 1e-9);
}

TEST(GrpoTrainer, LossIsPolicyLossPlusPenalty) {
  GrpoConfig config = small_config();
  config.loss.beta = 0.5;
  model::Model policy = tiny_model();
  GrpoTrainer trainer = make_trainer(policy, config);
  trainer.step(prompts(4), 0, 10);
  const auto metrics = trainer.step(prompts(4), 1, 10).metrics;
  EXPECT_GT(metrics.at("kl"), 1e-5);
  EXPECT_NEAR(metrics.at("loss"), metrics.at("policy_loss") + 0.5 * metrics.at("kl"), 1e-6);
}

// Steps that have nothing to learn from leave the weights alone and no metric is NaN.
void expect_no_update(const GrpoConfig& config, TextReward::Judge judge) {
  model::Model policy = tiny_model();
  const auto before = copy_of_parameters(policy);
  const auto metrics = make_trainer(policy, config, std::move(judge)).step(prompts(4), 0, 10).metrics;
  EXPECT_TRUE(equal_parameters(before, copy_of_parameters(policy)));
  EXPECT_EQ(metrics.at("loss"), 0);
  EXPECT_EQ(metrics.at("steps_without_signal"), 1);
  EXPECT_EQ(metrics.at("skipped_steps"), 0);
  for (const auto& [name, value] : metrics) EXPECT_TRUE(std::isfinite(value)) << name;
}

TEST(GrpoTrainer, EqualRewardsTeachNothing) {
  expect_no_update(small_config(), [](const std::string&) { return 1.0; });
}

TEST(GrpoTrainer, UnjudgedCompletionsTeachNothing) {
  expect_no_update(small_config(), [](const std::string&) { return std::nullopt; });
}

TEST(GrpoTrainer, TruncatedCompletionsTeachNothingIfMasked) {
  GrpoConfig config = small_config();
  config.sampling.ignore_eos = true;
  config.mask_truncated_completions = true;
  expect_no_update(config, share_of_low_letters);
}

TEST(GrpoTrainer, EqualGroupsAreMeasuredButNotTaught) {
  // Two of the groups are judged alike; the same step must come out as when all samples go through the gradient.
  model::Model policy = tiny_model({}, at::kDouble), twin = tiny_model({}, at::kDouble);
  GrpoConfig config = small_config(), with_reference = small_config();
  with_reference.loss.beta = 1e-300;  // sends every sample through the gradient, and weighs nothing
  const auto judge = [](const std::string& text) -> std::optional<double> {
    return text.size() < 4 ? 0.0 : text.starts_with('k') ? 1.0 : 0.5;
  };
  const auto metrics = make_trainer(policy, config, judge).step(prompts(4), 0, 10).metrics;
  const auto expected = make_trainer(twin, with_reference, judge).step(prompts(4), 0, 10).metrics;
  for (const char* name : {"loss", "entropy", "grad_norm", "clip_ratio/region_mean", "moe/max_load"}) {
    EXPECT_NEAR(metrics.at(name), expected.at(name), 1e-9) << name;
  }
  EXPECT_LE(relative_difference(copy_of_parameters(policy), copy_of_parameters(twin)), 1e-6);
}

TEST(GrpoTrainer, NonFiniteLossIsSkippedAndCounted) {
  model::Model policy = tiny_model();
  const auto before = copy_of_parameters(policy);
  GrpoConfig config = small_config();
  config.advantage.scale_rewards = "none";
  config.num_iterations = 2;
  const auto judge = [](const std::string& text) { return 1e200 * *share_of_low_letters(text); };  // too much for float
  const auto metrics = make_trainer(policy, config, judge).step(prompts(4), 0, 10).metrics;
  EXPECT_EQ(metrics.at("skipped_steps"), 2);
  EXPECT_EQ(metrics.at("grad_norm"), 0);
  EXPECT_TRUE(equal_parameters(before, copy_of_parameters(policy)));
}

TEST(GrpoTrainer, ShuffledAdvantagesAreAPermutation) {
  GrpoConfig config = small_config();
  const auto straight = first_step(config, 1).advantages;
  config.shuffle_advantages = true;
  auto shuffled = first_step(config, 1).advantages;
  EXPECT_NE(straight, shuffled);
  EXPECT_TRUE(std::is_permutation(straight.begin(), straight.end(), shuffled.begin()));
  EXPECT_EQ(shuffled, first_step(config, 3).advantages);
}

TEST(GrpoTrainer, CompletionMetricsAreThoseOfTheCompletions) {
  const StepReport report = first_step(small_config(), 2);
  const auto& metrics = report.metrics;
  double tokens = 0, terminated_tokens = 0, terminated = 0, reward = 0, longest = 0;
  for (size_t i = 0; i < 32; ++i) {
    const auto& completion = report.completions.completions[i];
    const auto length = static_cast<double>(completion.token_ids.size());
    tokens += length;
    longest = std::max(longest, length);
    reward += *report.scores.total[i] / 32;
    if (completion.finish_reason == data::FinishReason::kLength) continue;
    terminated += 1;
    terminated_tokens += length;
  }
  ASSERT_GT(terminated, 0);
  EXPECT_DOUBLE_EQ(metrics.at("num_tokens"), tokens + 32 * 3);
  EXPECT_DOUBLE_EQ(metrics.at("completions/mean_length"), tokens / 32);
  EXPECT_DOUBLE_EQ(metrics.at("completions/max_length"), longest);
  EXPECT_DOUBLE_EQ(metrics.at("completions/mean_terminated_length"), terminated_tokens / terminated);
  EXPECT_DOUBLE_EQ(metrics.at("completions/clipped_ratio"), 1 - terminated / 32);
  EXPECT_NEAR(metrics.at("reward"), reward, 1e-12);
  EXPECT_NEAR(metrics.at("rewards/letter/mean"), reward, 1e-12);
  EXPECT_GT(metrics.at("reward_std"), 0);
  EXPECT_EQ(metrics.at("learning_rate"), 1e-2);
}

TEST(GrpoTrainer, PhasesAddUpToTheStep) {
  GrpoConfig config = small_config();
  config.loss.beta = 0.1;
  const Metrics metrics = first_step(config, 2).metrics;
  double sum = 0;
  for (const char* phase : {"generate", "reward", "logprobs", "forward", "backward", "optimizer", "other"}) {
    const double seconds = metrics.at(std::string("time/") + phase);
    EXPECT_GT(seconds, 0) << phase;
    sum += seconds;
  }
  EXPECT_NEAR(sum, metrics.at("step_time"), 1e-9);
  EXPECT_DOUBLE_EQ(metrics.at("tokens_per_second"), metrics.at("num_tokens") / metrics.at("step_time"));
  EXPECT_GT(metrics.at("peak_rss_bytes"), 1e6);
}

TEST(GrpoTrainer, AStopChangesNothing) {
  model::Model policy = tiny_model();
  const auto before = copy_of_parameters(policy);
  GrpoTrainer trainer = make_trainer(policy, small_config());
  std::stop_source source;
  source.request_stop();
  EXPECT_THROW(trainer.step(prompts(4), 0, 10, source.get_token()), StoppedError);
  EXPECT_TRUE(equal_parameters(before, copy_of_parameters(policy)));
}

TEST(GrpoTrainer, RefusesWhatCannotTeach) {
  model::Model policy = tiny_model();
  GrpoConfig config = small_config();
  config.sampling.num_generations = 1;
  EXPECT_THROW(make_trainer(policy, config), ConfigError);
  config = small_config();
  config.sampling.temperature = 0;
  EXPECT_THROW(make_trainer(policy, config), ConfigError);
  config = small_config();
  config.num_minibatches = 5;
  EXPECT_THROW(make_trainer(policy, config).step(prompts(4), 0, 10), ConfigError);
  config = small_config();
  config.loss.loss_type = "gspo";
  EXPECT_THROW(make_trainer(policy, config), ConfigError);
}

}  // namespace
}  // namespace aha::train::grpo_trainer_test
