// SFT against a plain float64 loss, and what must not change its gradient.
#include <ATen/ops/log_softmax.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/zeros.h>
#include <torch/csrc/autograd/autograd.h>

#include "aha/train/sft_trainer.h"

#include <gtest/gtest.h>

#include "aha/core/error.h"
#include "support/tiny_model.h"
#include "unit/core/temporary_folder.h"

namespace aha::train::sft_trainer_test {
namespace {

using at::Tensor;
using test::copy_of_parameters;
using test::equal_parameters;
using test::random_sequences;
using test::relative_difference;
using test::tiny_model;

constexpr double kRate = 1e6;

// With an epsilon this large AdamW's first update is the gradient itself.
OptimizerConfig plain_descent() { return {.adam_epsilon = kRate, .max_grad_norm = 0}; }

std::vector<Tensor> minus(const std::vector<Tensor>& a, const std::vector<Tensor>& b) {
  std::vector<Tensor> differences;
  for (size_t i = 0; i < a.size(); ++i) differences.push_back(a[i] - b[i]);
  return differences;
}

struct Outcome {
  SftReport report;
  std::vector<Tensor> gradient;
};

Outcome one_step(const SftConfig& config, const std::vector<data::TrainingSequence>& batch, int num_threads,
                 at::ScalarType dtype = at::kDouble) {
  model::Model model = tiny_model({.with_mtp = true}, dtype);
  const auto before = copy_of_parameters(model);
  SftTrainer trainer(model, config, num_threads);
  Outcome outcome{trainer.step(batch, kRate), {}};
  outcome.gradient = minus(before, copy_of_parameters(model));
  return outcome;
}

// Weighted negative log-likelihood of tokens from `ahead` on, given hidden states of a whole sequence.
Tensor weighted_nll(const model::Model& model, const Tensor& hidden_TD, const data::TrainingSequence& sequence,
                    size_t ahead) {
  const Tensor logprob_TV = at::log_softmax(at::matmul(hidden_TD, model.parameter("lm_head").t()), 1);
  Tensor nll = at::zeros({}, at::kDouble);
  for (size_t t = ahead; t < sequence.token_ids.size(); ++t) {
    nll = nll - logprob_TV[int64_t(t - ahead)][sequence.token_ids[t]] * double(sequence.weights[t]);
  }
  return nll;
}

TEST(SftTrainer, GradientEqualsAPlainLossOneSequenceAtATime) {
  const auto batch = random_sequences(6);
  const SftConfig config{.optimizer = plain_descent(), .mtp_loss_weight = 0.3, .balance_loss_weight = 0.05};
  const Outcome outcome = one_step(config, batch, 2);

  const model::Model model = tiny_model({.with_mtp = true}, at::kDouble);
  Tensor nll = at::zeros({}, at::kDouble), mtp = nll, balance = nll;
  double weight = 0, mtp_weight = 0;
  for (const auto& sequence : batch) {
    const auto whole = model.forward(model::pack_tokens({&sequence.token_ids}), {.with_mtp = true});
    nll = nll + weighted_nll(model, whole.hidden_TD, sequence, 1);
    mtp = mtp + weighted_nll(model, whole.mtp_hidden_TD, sequence, 2);
    for (size_t t = 1; t < sequence.weights.size(); ++t) {
      weight += sequence.weights[t];
      if (t >= 2) mtp_weight += sequence.weights[t];
    }
    // The last token is only predicted: it takes no part in routing.
    const std::vector<int32_t> inputs(sequence.token_ids.begin(), sequence.token_ids.end() - 1);
    const model::ForwardOptions options{.with_mtp = true, .with_balance_loss = true};
    balance = balance + model.forward(model::pack_tokens({&inputs}), options).balance_loss;
  }
  balance = balance / double(batch.size());
  const Tensor total = nll / weight + 0.3 * mtp / mtp_weight + 0.05 * balance;
  std::vector<Tensor> values;
  for (const auto& parameter : model.parameters()) values.push_back(parameter.tensor);

  EXPECT_NEAR(outcome.report.loss, (nll / weight).item<double>(), 1e-12);
  EXPECT_NEAR(outcome.report.mtp_loss, (mtp / mtp_weight).item<double>(), 1e-12);
  EXPECT_NEAR(outcome.report.balance_loss, balance.item<double>(), 1e-12);
  EXPECT_LE(relative_difference(outcome.gradient, torch::autograd::grad({total}, values, {}, false, false, true)),
            1e-6);
}

TEST(SftTrainer, GradientIsTheSameForAnyMicroBatch) {
  const auto batch = random_sequences(40);
  SftConfig config{.optimizer = plain_descent(), .mtp_loss_weight = 0.3, .balance_loss_weight = 0.05};
  config.tokens_per_micro_batch = 1'000'000;
  const Outcome whole = one_step(config, batch, 1);
  EXPECT_GT(whole.report.grad_norm, 0);
  for (const int64_t tokens : {1, 20, 64, 100}) {
    config.tokens_per_micro_batch = tokens;
    const Outcome cut = one_step(config, batch, 2);
    EXPECT_LE(relative_difference(cut.gradient, whole.gradient), 1e-12) << tokens;
    EXPECT_NEAR(cut.report.loss, whole.report.loss, 1e-12);
    EXPECT_NEAR(cut.report.grad_norm, whole.report.grad_norm, 1e-11);
    EXPECT_EQ(cut.report.mean_token_accuracy, whole.report.mean_token_accuracy);
    EXPECT_EQ(cut.report.expert_load_max, whole.report.expert_load_max);
  }
}

TEST(SftTrainer, BitsDoNotDependOnThreads) {
  const auto batch = random_sequences(60);
  const SftConfig config{.tokens_per_micro_batch = 64};
  const Outcome one = one_step(config, batch, 1, at::kFloat);
  for (const int threads : {2, 3}) {
    EXPECT_TRUE(equal_parameters(one.gradient, one_step(config, batch, threads, at::kFloat).gradient)) << threads;
  }
}

TEST(SftTrainer, LayersComputedAgainGiveTheSameBits) {
  const auto batch = random_sequences(20);
  for (const at::ScalarType dtype : {at::kFloat, at::kDouble}) {
    SftConfig config{.tokens_per_micro_batch = 64, .mtp_loss_weight = 0.3, .balance_loss_weight = 0.05};
    const Outcome kept = one_step(config, batch, 2, dtype);
    config.gradient_checkpointing = true;
    const Outcome again = one_step(config, batch, 2, dtype);
    EXPECT_TRUE(equal_parameters(kept.gradient, again.gradient));
    EXPECT_EQ(kept.report.loss, again.report.loss);
    EXPECT_EQ(kept.report.expert_load_max, again.report.expert_load_max);
  }
}

TEST(SftTrainer, Bfloat16ProductsAreNearAndOnlyForFloat32) {
  const auto batch = random_sequences(20);
  SftConfig config{.optimizer = plain_descent()};
  const Outcome exact = one_step(config, batch, 1, at::kFloat);
  config.bf16 = true;
  const Outcome rounded = one_step(config, batch, 1, at::kFloat);
  EXPECT_NE(rounded.report.loss, exact.report.loss);
  EXPECT_NEAR(rounded.report.loss, exact.report.loss, 0.01 * exact.report.loss);
  EXPECT_NEAR(rounded.report.grad_norm, exact.report.grad_norm, 0.1 * exact.report.grad_norm);
  EXPECT_THROW(one_step(config, batch, 1, at::kDouble), ConfigError);
}

TEST(SftTrainer, ReportsEntropyAccuracyAndDeadExperts) {
  const std::vector<data::TrainingSequence> batch = {{{5, 6, 7, 8}, {0, 1, 0, 2}}};
  const model::Model model = tiny_model({.with_mtp = true}, at::kDouble);
  const Tensor logprob_TV = at::log_softmax(model.logits(model::pack_tokens({&batch[0].token_ids})), 1);
  double entropy = 0;
  int64_t correct = 0;
  for (const int64_t t : {1, 3}) {  // what the loss falls on, whatever its weight
    const Tensor row = logprob_TV[t - 1];
    entropy -= (row.exp() * row).sum().item<double>() / 2;
    correct += row.argmax().item<int64_t>() == batch[0].token_ids[static_cast<size_t>(t)];
  }
  const SftReport report = one_step({}, batch, 1).report;
  EXPECT_EQ(report.num_tokens, 2);
  EXPECT_NEAR(report.entropy, entropy, 1e-12);
  EXPECT_EQ(report.mean_token_accuracy, static_cast<double>(correct) / 2);

  // One input token chooses two of four experts.
  EXPECT_EQ(one_step({}, {{{5, 6}, {0, 1}}}, 1).report.num_dead_experts, 2);
}

TEST(SftTrainer, LearnsABatchByHeart) {
  model::Model model = tiny_model();
  SftTrainer trainer(model, {}, 2);
  const auto batch = random_sequences(4);
  const SftReport first = trainer.step(batch, 1e-2);
  SftReport last;
  for (int step = 0; step < 60; ++step) last = trainer.step(batch, 1e-2);
  EXPECT_GT(first.loss, 2.5);
  EXPECT_LT(last.loss, 0.1);
  EXPECT_LT(first.mean_token_accuracy, 0.3);
  EXPECT_EQ(last.mean_token_accuracy, 1.0);
}

TEST(SftTrainer, NothingToLearnChangesNothing) {
  model::Model model = tiny_model();
  const auto before = copy_of_parameters(model);
  SftTrainer trainer(model, {.optimizer = {.weight_decay = 0.5}}, 2);
  EXPECT_EQ(trainer.step({}, 1e-2).num_tokens, 0);
  EXPECT_EQ(trainer.step({{{5, 6, 7}, {1, 0, 0}}, {{5}, {1}}, {{}, {}}}, 1e-2).num_tokens, 0);
  EXPECT_TRUE(equal_parameters(before, copy_of_parameters(model)));
}

TEST(SftTrainer, NonFiniteLossIsSkipped) {
  model::Model model = tiny_model();
  SftTrainer trainer(model, {.bias_update_rate = 0.1}, 1);
  const auto before = copy_of_parameters(model);
  const SftReport report = trainer.step({{{5, 6, 7}, {0, 1, INFINITY}}}, 1e-2);
  EXPECT_TRUE(report.skipped);
  EXPECT_TRUE(equal_parameters(before, copy_of_parameters(model)));
  EXPECT_EQ(model.buffers().front().tensor.abs().sum().item<double>(), 0);
}

TEST(SftTrainer, BiasLiftsTheLeastLoadedExpert) {
  model::Model model = tiny_model();
  const auto batch = random_sequences(30);
  SftTrainer frozen(model, {.optimizer = plain_descent()}, 1);
  frozen.step(batch, 1e-9);
  EXPECT_EQ(model.buffers().front().tensor.abs().sum().item<double>(), 0);

  SftTrainer trainer(model, {.optimizer = plain_descent(), .bias_update_rate = 0.01}, 2);
  const double before = trainer.step(batch, 1e-9).expert_load_max.front();
  double after = 0;
  for (int step = 0; step < 60; ++step) after = trainer.step(batch, 1e-9).expert_load_max.front();
  EXPECT_GT(before, 1.2);
  EXPECT_LT(after - 1, (before - 1) / 2);
}

TEST(SftTrainer, ResumesWithTheSameBits) {
  const test::TemporaryFolder folder;
  const SftConfig config{.optimizer = {.weight_decay = 0.1}, .bias_update_rate = 0.001};
  model::Model model = tiny_model();
  SftTrainer trainer(model, config, 2);
  for (uint64_t step = 0; step < 3; ++step) trainer.step(random_sequences(8, 24, step), 1e-2);
  trainer.optimizer().save(model, folder.path());
  model.save(folder.path());

  model::Model again = model::load(folder.path());
  SftTrainer resumed(again, config, 2);
  resumed.optimizer().load(again, folder.path());
  for (uint64_t step = 3; step < 6; ++step) {
    trainer.step(random_sequences(8, 24, step), 1e-2);
    resumed.step(random_sequences(8, 24, step), 1e-2);
  }
  EXPECT_TRUE(equal_parameters(copy_of_parameters(model), copy_of_parameters(again)));
}

TEST(SftTrainer, RefusesMtpWithoutTheModule) {
  model::Model model = tiny_model();
  EXPECT_THROW(SftTrainer(model, {.mtp_loss_weight = 0.3}, 1), ConfigError);
}

}  // namespace
}  // namespace aha::train::sft_trainer_test
