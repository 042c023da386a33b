// Reward models and DPO against plain float64 losses, one sequence at a time; what must not change their gradients.
#include <ATen/ops/log_softmax.h>
#include <ATen/ops/softplus.h>
#include <ATen/ops/zeros.h>
#include <torch/csrc/autograd/autograd.h>

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "aha/core/error.h"
#include "aha/train/dpo_trainer.h"
#include "aha/train/reward_trainer.h"
#include "support/tiny_model.h"

namespace aha::train::preference_trainers_test {
namespace {

using at::Tensor;
using data::LabelledSequence;
using data::PreferencePair;
using test::copy_of_parameters;
using test::equal_parameters;
using test::random_sequences;
using test::relative_difference;
using test::tiny_model;

constexpr double kRate = 1e6;

// With an epsilon this large AdamW's first update is the gradient itself.
PreferenceUpdateConfig plain_descent(int64_t tokens = 2048) {
  return {.optimizer = {.adam_epsilon = kRate, .max_grad_norm = 0}, .tokens_per_micro_batch = tokens};
}

model::Model tiny_judge(at::ScalarType dtype = at::kDouble) { return tiny_model({}, dtype).as_reward_model(2); }

std::vector<PreferencePair> random_pairs(int64_t count) {
  auto sequences = random_sequences(2 * count);
  std::vector<PreferencePair> pairs;
  for (int64_t i = 0; i < count; ++i) {
    pairs.push_back({std::move(sequences[2 * i]), std::move(sequences[2 * i + 1]), 0.1 * double(i % 3)});
  }
  return pairs;
}

std::vector<LabelledSequence> random_labelled(int64_t count) {
  std::vector<LabelledSequence> labelled;
  for (auto& sequence : random_sequences(count))
    labelled.push_back({std::move(sequence), labelled.size() % 2 ? 1. : 0.});
  labelled.back().label = 0.25;
  return labelled;
}

struct Outcome {
  PreferenceReport report;
  std::vector<Tensor> gradient;
};

template <class Trainer, class Batch>
Outcome one_step(model::Model& model, Trainer&& trainer, const Batch& batch) {
  const auto before = copy_of_parameters(model);
  Outcome outcome{trainer.step(batch, kRate), {}};
  const auto after = copy_of_parameters(model);
  for (size_t i = 0; i < before.size(); ++i) outcome.gradient.push_back(before[i] - after[i]);
  return outcome;
}

template <class Batch>
Outcome reward_step(const RewardTrainerConfig& config, const Batch& batch, int threads = 2,
                    at::ScalarType dtype = at::kDouble) {
  model::Model judge = tiny_judge(dtype);
  return one_step(judge, RewardTrainer(judge, config, threads), batch);
}

model::Model tiny_reference(at::ScalarType dtype = at::kDouble) { return tiny_model({}, dtype, /*seed=*/9); }

Outcome dpo_step(const DpoConfig& config, const std::vector<PreferencePair>& batch, int threads = 2,
                 at::ScalarType dtype = at::kDouble) {
  model::Model policy = tiny_model({}, dtype);
  return one_step(policy, DpoTrainer(policy, tiny_reference(dtype), config, threads), batch);
}

std::vector<Tensor> gradient_of(const Tensor& loss, const model::Model& model) {
  std::vector<Tensor> values;
  for (const auto& parameter : model.parameters()) values.push_back(parameter.tensor);
  auto gradients = torch::autograd::grad({loss}, values, {}, false, false, /*allow_unused=*/true);
  for (size_t i = 0; i < values.size(); ++i) {
    if (!gradients[i].defined()) gradients[i] = at::zeros_like(values[i]);
  }
  return gradients;
}

// Written out: the last hidden state's product with the score head.
Tensor reward_of(const model::Model& judge, const data::TrainingSequence& sequence) {
  const Tensor hidden_TD = judge.forward(model::pack_tokens({&sequence.token_ids})).hidden_TD;
  return (hidden_TD[-1] * judge.parameter("score")[0]).sum();
}

// Written out: log-softmax of all logits.
Tensor logprob_of(const model::Model& model, const data::TrainingSequence& sequence) {
  const Tensor logprob_TV = at::log_softmax(model.logits(model::pack_tokens({&sequence.token_ids})), 1);
  Tensor sum = at::zeros({}, at::kDouble);
  for (size_t t = 1; t < sequence.token_ids.size(); ++t) {
    if (sequence.weights[t] != 0) sum = sum + logprob_TV[int64_t(t) - 1][sequence.token_ids[t]];
  }
  return sum;
}

TEST(RewardTrainer, PairwiseGradientEqualsAPlainLossOneSequenceAtATime) {
  const auto pairs = random_pairs(5);
  const Outcome outcome = reward_step({.update = plain_descent(40), .center_rewards_coefficient = 0.05}, pairs);
  const model::Model judge = tiny_judge();
  Tensor loss = at::zeros({}, at::kDouble);
  double right = 0, lead = 0, lowest = 1e9;
  for (const PreferencePair& pair : pairs) {
    const Tensor chosen = reward_of(judge, pair.chosen), rejected = reward_of(judge, pair.rejected);
    loss = loss + at::softplus(rejected + pair.margin - chosen) + 0.05 * (chosen + rejected) * (chosen + rejected);
    right += (chosen > rejected).item<bool>();
    lead += (chosen - rejected).item<double>();
    lowest = std::min({lowest, chosen.item<double>(), rejected.item<double>()});
  }
  loss = loss / 5;
  EXPECT_NEAR(outcome.report.metrics.at("loss"), loss.item<double>(), 1e-12);
  EXPECT_EQ(outcome.report.metrics.at("accuracy"), right / 5);
  EXPECT_NEAR(outcome.report.metrics.at("margin"), lead / 5, 1e-12);
  EXPECT_NEAR(outcome.report.metrics.at("min_reward"), lowest, 1e-12);
  EXPECT_LE(relative_difference(outcome.gradient, gradient_of(loss, judge)), 1e-6);
}

TEST(RewardTrainer, PointwiseGradientEqualsAPlainLossOneSequenceAtATime) {
  const auto labelled = random_labelled(7);
  const Outcome outcome = reward_step({.update = plain_descent(30)}, labelled);
  const model::Model judge = tiny_judge();
  Tensor loss = at::zeros({}, at::kDouble);
  double right = 0, sum = 0;
  for (const LabelledSequence& one : labelled) {
    const Tensor reward = reward_of(judge, one.sequence);
    loss = loss + one.label * at::softplus(-reward) + (1 - one.label) * at::softplus(reward);
    right += (reward.item<double>() > 0) == (one.label > 0.5);
    sum += reward.item<double>();
  }
  loss = loss / 7;
  EXPECT_NEAR(outcome.report.metrics.at("loss"), loss.item<double>(), 1e-12);
  EXPECT_NEAR(outcome.report.metrics.at("accuracy"), right / 7, 1e-12);
  EXPECT_NEAR(outcome.report.metrics.at("mean_reward"), sum / 7, 1e-12);
  EXPECT_FALSE(outcome.report.metrics.contains("margin"));
  EXPECT_LE(relative_difference(outcome.gradient, gradient_of(loss, judge)), 1e-6);
}

TEST(DpoTrainer, GradientEqualsAPlainLossOneSequenceAtATime) {
  const auto pairs = random_pairs(5);
  const DpoConfig config{.update = plain_descent(40), .loss = {.beta = 0.3, .label_smoothing = 0.1}};
  const Outcome outcome = dpo_step(config, pairs);
  const model::Model policy = tiny_model({}, at::kDouble), reference = tiny_reference();
  Tensor loss = at::zeros({}, at::kDouble);
  double chosen_reward = 0, rejected_logp = 0, right = 0;
  for (const PreferencePair& pair : pairs) {
    const Tensor chosen = logprob_of(policy, pair.chosen), rejected = logprob_of(policy, pair.rejected);
    const Tensor up = 0.3 * (chosen - logprob_of(reference, pair.chosen).detach());
    const Tensor down = 0.3 * (rejected - logprob_of(reference, pair.rejected).detach());
    loss = loss + (0.9 * at::softplus(down - up) - 0.1 * at::softplus(up - down)) / 0.8;
    chosen_reward += up.item<double>() / 5;
    rejected_logp += rejected.item<double>() / 5;
    right += (up > down).item<bool>() / 5.0;
  }
  loss = loss / 5;
  EXPECT_NEAR(outcome.report.metrics.at("loss"), loss.item<double>(), 1e-11);
  EXPECT_NEAR(outcome.report.metrics.at("rewards/chosen"), chosen_reward, 1e-11);
  EXPECT_NEAR(outcome.report.metrics.at("rewards/accuracies"), right, 1e-12);
  EXPECT_NEAR(outcome.report.metrics.at("logps/rejected"), rejected_logp, 1e-11);
  EXPECT_GT(outcome.report.metrics.at("entropy"), 0);
  EXPECT_LT(outcome.report.metrics.at("entropy"), std::log(24.0));
  EXPECT_LE(relative_difference(outcome.gradient, gradient_of(loss, policy)), 1e-6);
}

TEST(DpoTrainer, BeginsWhereThePolicyIsTheReference) {
  const auto pairs = random_pairs(4);
  model::Model policy = tiny_model();
  DpoTrainer trainer(policy, policy.clone(), {}, 1);
  const PreferenceReport report = trainer.measure(pairs);
  EXPECT_NEAR(report.metrics.at("loss"), std::log(2.0), 1e-7);
  EXPECT_EQ(report.metrics.at("rewards/margins"), 0);
  EXPECT_EQ(report.metrics.at("rewards/accuracies"), 0);  // none is above the other
}

TEST(PreferenceTrainers, GradientIsTheSameForAnyMicroBatch) {
  const auto pairs = random_pairs(30);
  const auto labelled = random_labelled(30);
  const auto all = [&](int64_t tokens) {
    const RewardTrainerConfig reward{.update = plain_descent(tokens), .center_rewards_coefficient = 0.1};
    const DpoConfig dpo{.update = plain_descent(tokens)};
    return std::vector<Outcome>{reward_step(reward, pairs), reward_step(reward, labelled), dpo_step(dpo, pairs)};
  };
  const std::vector<Outcome> whole = all(1'000'000);
  for (const int64_t tokens : {1, 70}) {
    const std::vector<Outcome> cut = all(tokens);
    for (size_t i = 0; i < whole.size(); ++i) {
      EXPECT_GT(whole[i].report.metrics.at("grad_norm"), 0);
      EXPECT_LE(relative_difference(cut[i].gradient, whole[i].gradient), 1e-12) << tokens << " " << i;
      for (const auto& [name, value] : whole[i].report.metrics) {
        EXPECT_NEAR(cut[i].report.metrics.at(name), value, 1e-10) << name;
      }
    }
  }
}

TEST(PreferenceTrainers, BitsDoNotDependOnThreads) {
  const auto pairs = random_pairs(30);
  const RewardTrainerConfig reward{.update = {.tokens_per_micro_batch = 64}};
  const DpoConfig dpo{.update = {.tokens_per_micro_batch = 64}};
  const Outcome judge = reward_step(reward, pairs, 1, at::kFloat), policy = dpo_step(dpo, pairs, 1, at::kFloat);
  EXPECT_TRUE(equal_parameters(judge.gradient, reward_step(reward, pairs, 3, at::kFloat).gradient));
  EXPECT_TRUE(equal_parameters(policy.gradient, dpo_step(dpo, pairs, 3, at::kFloat).gradient));
}

TEST(PreferenceTrainers, MeasuringChangesNothingAndSaysWhatAStepSays) {
  const auto pairs = random_pairs(6);
  model::Model judge = tiny_judge();
  RewardTrainer trainer(judge, {}, 2);
  const auto before = copy_of_parameters(judge);
  const PreferenceReport measured = trainer.measure(pairs);
  EXPECT_TRUE(equal_parameters(before, copy_of_parameters(judge)));
  const PreferenceReport stepped = trainer.step(pairs, 1e-3);
  for (const auto& [name, value] : measured.metrics) EXPECT_NEAR(stepped.metrics.at(name), value, 1e-12) << name;
}

TEST(PreferenceTrainers, LearnWhichTokenIsLiked) {
  // Completions of token 20 are better than those of token 21, whatever stands before.
  auto pairs = random_pairs(16);
  for (PreferencePair& pair : pairs) {
    pair.rejected = pair.chosen;
    pair.margin = 0;
    for (size_t t = 0; t < pair.chosen.weights.size(); ++t) {
      if (pair.chosen.weights[t] == 0) continue;
      pair.chosen.token_ids[t] = 20;
      pair.rejected.token_ids[t] = 21;
    }
  }
  model::Model judge = tiny_judge(at::kFloat), policy = tiny_model();
  RewardTrainer reward(judge, {}, 2);
  DpoTrainer dpo(policy, policy.clone(), {}, 2);
  for (int step = 0; step < 15; ++step) {
    reward.step(pairs, 1e-2);
    dpo.step(pairs, 1e-2);
  }
  EXPECT_EQ(reward.measure(pairs).metrics.at("accuracy"), 1);
  EXPECT_LT(reward.measure(pairs).metrics.at("loss"), 0.1);
  EXPECT_EQ(dpo.measure(pairs).metrics.at("rewards/accuracies"), 1);
  EXPECT_GT(dpo.measure(pairs).metrics.at("rewards/margins"), 1);
}

TEST(PreferenceTrainers, ALossThatIsNotFiniteChangesNothing) {
  auto pairs = random_pairs(3);
  pairs[1].margin = std::numeric_limits<double>::infinity();
  model::Model judge = tiny_judge();
  RewardTrainer trainer(judge, {}, 1);
  const auto before = copy_of_parameters(judge);
  const PreferenceReport report = trainer.step(pairs, 1e-3);
  EXPECT_TRUE(report.skipped);
  EXPECT_EQ(report.metrics.at("skipped"), 1);
  EXPECT_TRUE(equal_parameters(before, copy_of_parameters(judge)));
  EXPECT_EQ(trainer.optimizer().steps_done(), 0);
}

TEST(PreferenceTrainers, RefuseModelsOfTheOtherKind) {
  model::Model writer = tiny_model(), judge = tiny_judge(at::kFloat);
  EXPECT_THROW(RewardTrainer(writer, {}, 1), InputError);
  EXPECT_THROW(DpoTrainer(judge, judge.clone(), {}, 1).measure(random_pairs(1)), InputError);
}

}  // namespace
}  // namespace aha::train::preference_trainers_test
