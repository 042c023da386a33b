// GRPO on a game of one letter, against a plain float64 gradient, and what must not change its bits.
#include <ATen/ops/log_softmax.h>
#include <ATen/ops/zeros.h>
#include <torch/csrc/autograd/autograd.h>

#include "aha/train/grpo_trainer.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "aha/core/error.h"
#include "unit/core/temporary_folder.h"
#include "unit/train/letter_game.h"

namespace aha::train::grpo_trainer_test {
namespace {

using aha::test::copy_of_parameters;
using aha::test::equal_parameters;
using aha::test::relative_difference;
using aha::test::tiny_model;
using at::Tensor;
using letter_game::make_trainer;
using letter_game::prompts;
using letter_game::share_of_low_letters;
using letter_game::small_config;
using letter_game::starts_with_k;
using letter_game::TextReward;

struct Outcome {
  StepReport report;
  std::vector<Tensor> gradient, after;
};

// With an epsilon this large AdamW's first update is the gradient itself.
constexpr double kRate = 1e6;
Outcome one_plain_step(GrpoConfig config, int num_threads, at::ScalarType dtype = at::kDouble) {
  config.schedule.learning_rate = kRate;
  config.optimizer = {.adam_epsilon = kRate, .max_grad_norm = 0};
  model::Model policy = tiny_model({}, dtype);
  const auto before = copy_of_parameters(policy);
  GrpoTrainer trainer = make_trainer(policy, config, share_of_low_letters, num_threads);
  Outcome outcome{trainer.step(prompts(4), 0, 10), {}, copy_of_parameters(policy)};
  for (size_t p = 0; p < before.size(); ++p) outcome.gradient.push_back(before[p] - outcome.after[p]);
  return outcome;
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

TEST(GrpoTrainer, GradientEqualsAPlainPolicyGradient) {
  for (const char* loss_type : {"grpo", "dapo", "dr_grpo"}) {
    GrpoConfig config = small_config();
    config.loss.loss_type = loss_type;
    const Outcome outcome = one_plain_step(config, 2);
    const auto& completions = outcome.report.completions;

    // On-policy the ratio is 1: the gradient is that of -Σ weight · advantage · log-prob.
    const model::Model model = tiny_model({}, at::kDouble);
    double num_tokens = 0;
    for (const auto& completion : completions.completions) num_tokens += double(completion.token_ids.size());
    Tensor loss = at::zeros({}, at::kDouble);
    for (size_t i = 0; i < completions.completions.size(); ++i) {
      const auto& completion = completions.completions[i];
      std::vector<int32_t> tokens = completions.prompts[size_t(completion.prompt_index)].token_ids;
      const size_t prompt_length = tokens.size(), length = completion.token_ids.size();
      tokens.insert(tokens.end(), completion.token_ids.begin(), completion.token_ids.end());
      const Tensor logprob_TV = at::log_softmax(model.logits(model::pack_tokens({&tokens})), 1);
      double weight = 1 / num_tokens;
      if (config.loss.loss_type == "grpo") weight = 1.0 / (32.0 * double(length));
      if (config.loss.loss_type == "dr_grpo") weight = 1.0 / (32.0 * 6.0);
      for (size_t t = 0; t < length; ++t) {
        const Tensor logprob = logprob_TV[int64_t(prompt_length + t - 1)][completion.token_ids[t]];
        loss = loss - logprob * (weight * outcome.report.advantages[i]);
      }
    }
    std::vector<Tensor> values;
    for (const auto& parameter : model.parameters()) values.push_back(parameter.tensor);
    const auto expected = torch::autograd::grad({loss}, values, {}, false, false, true);
    EXPECT_LE(relative_difference(outcome.gradient, expected), 1e-5) << loss_type;
  }
}

TEST(GrpoTrainer, GradientIsTheSameForAnyMicroBatch) {
  GrpoConfig config = small_config();
  config.loss.beta = 0.1;
  config.tokens_per_micro_batch = 1'000'000;
  const Outcome whole = one_plain_step(config, 1);
  for (const int64_t tokens : {1, 30, 100}) {
    config.tokens_per_micro_batch = tokens;
    const Outcome cut = one_plain_step(config, 2);
    EXPECT_LE(relative_difference(cut.gradient, whole.gradient), 1e-12) << tokens;
    EXPECT_NEAR(cut.report.metrics.at("loss"), whole.report.metrics.at("loss"), 1e-12);
    EXPECT_NEAR(cut.report.metrics.at("entropy"), whole.report.metrics.at("entropy"), 1e-12);
  }
}

TEST(GrpoTrainer, BitsDoNotDependOnThreads) {
  GrpoConfig config = small_config();
  config.num_minibatches = 2;
  config.tokens_per_micro_batch = 40;
  const Outcome one = one_plain_step(config, 1, at::kFloat);
  for (const int threads : {2, 3}) {
    EXPECT_TRUE(equal_parameters(one.after, one_plain_step(config, threads, at::kFloat).after)) << threads;
  }
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
  const auto straight = one_plain_step(config, 1).report.advantages;
  config.shuffle_advantages = true;
  auto shuffled = one_plain_step(config, 1).report.advantages;
  EXPECT_NE(straight, shuffled);
  EXPECT_TRUE(std::is_permutation(straight.begin(), straight.end(), shuffled.begin()));
  EXPECT_EQ(shuffled, one_plain_step(config, 3).report.advantages);
}

TEST(GrpoTrainer, CompletionMetricsAreThoseOfTheCompletions) {
  const Outcome outcome = one_plain_step(small_config(), 2);
  const auto& metrics = outcome.report.metrics;
  double tokens = 0, terminated_tokens = 0, terminated = 0, reward = 0, longest = 0;
  for (size_t i = 0; i < 32; ++i) {
    const auto& completion = outcome.report.completions.completions[i];
    const auto length = static_cast<double>(completion.token_ids.size());
    tokens += length;
    longest = std::max(longest, length);
    reward += *outcome.report.scores.total[i] / 32;
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
  EXPECT_EQ(metrics.at("learning_rate"), kRate);
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
