// What must hold exactly: the first ratio is 1, the gradient is the formula's, and no option of speed or memory moves
// it.
#include <ATen/ops/log_softmax.h>
#include <ATen/ops/tensor.h>
#include <torch/csrc/autograd/autograd.h>

#include "aha/train/grpo_trainer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "train/grpo_metrics.h"
#include "unit/core/temporary_folder.h"
#include "unit/train/letter_game.h"

namespace aha::train::grpo_exactness_test {
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

struct Outcome {
  StepReport report;
  std::vector<Tensor> gradient;
};

// With an epsilon this large AdamW's first update is the gradient itself, to the last digit.
constexpr double kRate = 1e14;
Outcome one_plain_step(GrpoConfig config, const data::PromptBatch& asked = prompts(4), int num_threads = 2,
                       at::ScalarType dtype = at::kDouble) {
  config.schedule.learning_rate = kRate;
  config.optimizer = {.adam_epsilon = kRate, .max_grad_norm = 0};
  model::Model policy = tiny_model({}, dtype);
  const auto before = copy_of_parameters(policy);
  GrpoTrainer trainer = make_trainer(policy, config, share_of_low_letters, num_threads);
  Outcome outcome{trainer.step(asked, 0, 10), {}};
  const auto after = copy_of_parameters(policy);
  for (size_t p = 0; p < before.size(); ++p) outcome.gradient.push_back(before[p] - after[p]);
  return outcome;
}

GrpoConfig forward_config() {
  GrpoConfig config = small_config();
  config.old_logprobs = "forward";
  return config;
}

void expect_ratio_of_one(const Metrics& metrics) {
  for (const char* name : {"ratio/min", "ratio/mean", "ratio/max"}) EXPECT_EQ(metrics.at(name), 1) << name;
  for (const char* name : {"clip_ratio/low_mean", "clip_ratio/low_min", "clip_ratio/high_mean", "clip_ratio/high_max",
                           "clip_ratio/region_mean", "kl"}) {
    EXPECT_EQ(metrics.at(name), 0) << name;
  }
  EXPECT_EQ(metrics.at("skipped_steps"), 0);
  EXPECT_LE(metrics.at("sampling/sampling_logp_difference/max"), 1e-5);
}

// Σ A·length / Σ length, over all completions of a step.
double mean_advantage_of_tokens(const StepReport& report) {
  double sum = 0, tokens = 0;
  for (size_t i = 0; i < report.advantages.size(); ++i) {
    const auto length = static_cast<double>(report.completions.completions[i].token_ids.size());
    sum += report.advantages[i] * length;
    tokens += length;
  }
  return sum / tokens;
}

TEST(GrpoExactness, AtRateZeroFiftyStepsStayWhereTheyAre) {
  for (const char* loss_type : {"grpo", "dapo"}) {
    SCOPED_TRACE(loss_type);
    GrpoConfig config = forward_config();
    config.schedule.learning_rate = 0;
    config.loss.loss_type = loss_type;
    config.loss.beta = 0.1;
    model::Model policy = tiny_model();
    const auto before = copy_of_parameters(policy);
    GrpoTrainer trainer = make_trainer(policy, config);
    double least = 1, most = -1;
    for (int64_t step = 0; step < 50; ++step) {
      const StepReport report = trainer.step(prompts(4), step, 50);
      expect_ratio_of_one(report.metrics);
      const double expected = config.loss.loss_type == "grpo" ? 0 : -mean_advantage_of_tokens(report);
      EXPECT_NEAR(report.metrics.at("loss"), expected, 1e-6);
      EXPECT_NEAR(report.metrics.at("policy_loss"), expected, 1e-6);
      EXPECT_GT(report.metrics.at("grad_norm"), 0);
      least = std::min(least, expected);
      most = std::max(most, expected);
    }
    if (config.loss.loss_type == "dapo") {
      EXPECT_GT(most - least, 0.01);  // it was no trivial 0
    }
    EXPECT_TRUE(equal_parameters(before, copy_of_parameters(policy)));
  }
}

// With several updates the old log-probs come from a pass of their own, cut otherwise: the same bits.
TEST(GrpoExactness, AtRateZeroAllUpdatesOfARolloutHaveRatioOne) {
  for (const double temperature : {1.0, 0.7}) {
    GrpoConfig config = forward_config();
    config.schedule.learning_rate = 0;
    config.loss.beta = 0.1;
    config.num_iterations = 2;
    config.num_minibatches = 3;
    config.tokens_per_micro_batch = 40;
    config.sampling.temperature = temperature;
    model::Model policy = tiny_model();
    GrpoTrainer trainer = make_trainer(policy, config);
    for (int64_t step = 0; step < 5; ++step) expect_ratio_of_one(trainer.step(prompts(4), step, 50).metrics);
  }
}

struct Formula {
  const char* title;
  std::function<void(GrpoConfig&)> change;
  std::function<double(double group_size, double max_length, double length, double num_tokens)> weight;
  double tolerance = 1e-12;
};

// -Σ weight · advantage · log-prob - entropy_coef · mean entropy, with whole logits.
Tensor reinforce_loss(const model::Model& model, const StepReport& report, const GrpoConfig& config,
                      const Formula& formula) {
  const auto& batch = report.completions;
  std::vector<std::vector<int32_t>> sequences;
  std::vector<int64_t> rows, targets;
  std::vector<double> factors;
  int64_t first = 0;
  for (const auto& completion : batch.completions) {
    std::vector<int32_t>& tokens = sequences.emplace_back(batch.prompts[size_t(completion.prompt_index)].token_ids);
    for (const int32_t token : completion.token_ids) {
      rows.push_back(first + std::ssize(tokens) - 1);  // the token before predicts it
      targets.push_back(token);
      tokens.push_back(token);
    }
    first += std::ssize(tokens);
  }
  const auto num_tokens = static_cast<double>(rows.size());
  for (size_t i = 0; i < batch.completions.size(); ++i) {
    const size_t length = batch.completions[i].token_ids.size();
    const double weight = formula.weight(32, 6, static_cast<double>(length), num_tokens);
    factors.insert(factors.end(), length, weight * report.advantages[i]);
  }
  std::vector<const std::vector<int32_t>*> pointers;
  for (const auto& sequence : sequences) pointers.push_back(&sequence);
  const Tensor logits_TV = model.logits(model::pack_tokens(pointers)).index_select(0, at::tensor(rows, at::kLong));
  const Tensor logprob_TV = at::log_softmax(logits_TV / config.sampling.temperature, 1);
  const Tensor logprob_T = logprob_TV.gather(1, at::tensor(targets, at::kLong).unsqueeze(1)).squeeze(1);
  return -(logprob_T * at::tensor(factors, at::kDouble)).sum() +
         (logprob_TV.exp() * logprob_TV).sum() * (config.loss.entropy_coef / num_tokens);
}

// On-policy the ratio is 1: the gradient is REINFORCE's with the same advantages.
TEST(GrpoExactness, GradientIsReinforceWithTheSameAdvantages) {
  const auto per_sequence = [](double n, double, double length, double) { return 1 / (n * length); };
  const auto per_token = [](double, double, double, double tokens) { return 1 / tokens; };
  const auto constant = [](double n, double most, double, double) { return 1 / (n * most); };
  const Formula formulas[] = {
      {"grpo", [](GrpoConfig& c) { c.loss.loss_type = "grpo"; }, per_sequence},
      {"bnpo", [](GrpoConfig& c) { c.loss.loss_type = "bnpo"; }, per_token},
      {"dapo", [](GrpoConfig&) {}, per_token},
      {"dapo of the sampler's", [](GrpoConfig& c) { c.old_logprobs = "sampler"; }, per_token,
       1e-5},  // which is float32
      {"dr_grpo", [](GrpoConfig& c) { c.loss.loss_type = "dr_grpo"; }, constant},
      {"cispo", [](GrpoConfig& c) { c.loss.loss_type = "cispo"; }, per_token},
      {"sapo", [](GrpoConfig& c) { c.loss.loss_type = "sapo"; }, per_sequence},  // its gate has slope 1 at ratio 1
      {"gspo", [](GrpoConfig& c) { c.loss.importance_sampling_level = "sequence"; }, per_token},
      {"entropy", [](GrpoConfig& c) { c.loss.entropy_coef = 0.1; }, per_token},
      {"tempered", [](GrpoConfig& c) { c.sampling.temperature = 0.6, c.loss.entropy_coef = 0.1; }, per_token},
      {"rloo", [](GrpoConfig& c) { c.advantage.advantage_estimator = "rloo"; }, per_token},
  };
  const model::Model model = tiny_model({}, at::kDouble);
  std::vector<Tensor> values;
  for (const auto& parameter : model.parameters()) values.push_back(parameter.tensor);
  for (const Formula& formula : formulas) {
    SCOPED_TRACE(formula.title);
    GrpoConfig config = forward_config();
    formula.change(config);
    const Outcome outcome = one_plain_step(config);
    const Tensor loss = reinforce_loss(model, outcome.report, config, formula);
    const auto expected = torch::autograd::grad({loss}, values, {}, false, false, true);
    EXPECT_LE(relative_difference(outcome.gradient, expected), formula.tolerance);
  }
}

struct Variant {
  const char* title;
  std::function<void(GrpoConfig&)> change;
};

const Variant kLosses[] = {
    {"plain", [](GrpoConfig&) {}},
    {"grpo with KL and entropy",
     [](GrpoConfig& c) { c.loss.loss_type = "grpo", c.loss.beta = 0.1, c.loss.entropy_coef = 0.05; }},
    {"sequences of a corrected sampler",
     [](GrpoConfig& c) {
       c.old_logprobs = "forward", c.loss.importance_sampling_level = "sequence";
       c.loss.importance_sampling_mode = "sequence_mask", c.loss.off_policy_mask_threshold = 0.5;
     }},
    {"entropic tokens", [](GrpoConfig& c) { c.top_entropy_quantile = 0.3, c.loss.entropy_coef = 0.05; }},
    {"KL in the reward", [](GrpoConfig& c) { c.kl_in_reward = true, c.loss.beta = 0.1; }},
    {"overlong", [](GrpoConfig& c) { c.soft_punish_cache = 4, c.sampling.temperature = 0.8; }},
    {"two updates", [](GrpoConfig& c) { c.old_logprobs = "forward", c.num_minibatches = 2; }},
};

const Variant kPaths[] = {
    {"a sample at a time", [](GrpoConfig& c) { c.tokens_per_micro_batch = 1; }},
    {"small batches", [](GrpoConfig& c) { c.tokens_per_micro_batch = 30; }},
    {"shared prompts", [](GrpoConfig& c) { c.shared_prompt = true; }},
    {"shared prompts in small batches", [](GrpoConfig& c) { c.shared_prompt = true, c.tokens_per_micro_batch = 30; }},
    {"recomputed", [](GrpoConfig& c) { c.gradient_checkpointing = true; }},
    {"routes of the rollout", [](GrpoConfig& c) { c.router_replay = "R3"; }},
    {"all of them",
     [](GrpoConfig& c) {
       c.shared_prompt = c.gradient_checkpointing = true, c.router_replay = "R3", c.tokens_per_micro_batch = 50;
     }},
};

GrpoConfig plain_path() {
  GrpoConfig config = small_config();
  config.tokens_per_micro_batch = 1'000'000;
  config.shared_prompt = false;
  return config;
}

TEST(GrpoExactness, NoPathMovesTheGradient) {
  for (const Variant& loss : kLosses) {
    SCOPED_TRACE(loss.title);
    GrpoConfig config = plain_path();
    loss.change(config);
    const Outcome expected = one_plain_step(config, prompts(4), 1);
    for (const Variant& path : kPaths) {
      SCOPED_TRACE(path.title);
      GrpoConfig other = config;
      path.change(other);
      if (config.num_minibatches > 1)
        other.router_replay = "none";  // the second update chooses other experts by itself
      const Outcome found = one_plain_step(other);
      EXPECT_LE(relative_difference(found.gradient, expected.gradient), 1e-12);
      for (const char* name : {"loss", "policy_loss", "entropy", "reward", "ratio/mean"}) {
        EXPECT_NEAR(found.report.metrics.at(name), expected.report.metrics.at(name), 1e-12) << name;
      }
    }
    // The order in which prompts are asked; minibatches are dealt by it, and so are not the same ones.
    if (config.num_minibatches > 1) continue;
    data::PromptBatch turned = prompts(4);
    std::reverse(turned.begin(), turned.end());
    EXPECT_LE(relative_difference(one_plain_step(config, turned).gradient, expected.gradient), 1e-12);
  }
}

// After a large update the gate would choose otherwise. What the rollout recorded is what the old pass did.
TEST(GrpoExactness, LaterUpdatesTakeTheRecordedExperts) {
  GrpoConfig config = plain_path();
  config.old_logprobs = "forward";
  config.num_iterations = 2;
  const Outcome own = one_plain_step(config);
  config.router_replay = "R2";
  const Outcome of_old_pass = one_plain_step(config);
  config.router_replay = "R3";
  config.shared_prompt = true;
  const Outcome of_rollout = one_plain_step(config);
  EXPECT_GT(relative_difference(of_old_pass.gradient, own.gradient), 1e-3);
  EXPECT_LE(relative_difference(of_rollout.gradient, of_old_pass.gradient), 1e-12);
  EXPECT_EQ(of_old_pass.report.metrics.at("router_replay/missing_ratio"), 0);
}

TEST(GrpoExactness, BitsDoNotDependOnThreads) {
  for (const Variant& loss : kLosses) {
    SCOPED_TRACE(loss.title);
    GrpoConfig config = small_config();
    loss.change(config);
    config.tokens_per_micro_batch = 40;
    config.router_replay = "R3";
    const Outcome one = one_plain_step(config, prompts(4), 1, at::kFloat);
    for (const int threads : {2, 3}) {
      EXPECT_TRUE(equal_parameters(one.gradient, one_plain_step(config, prompts(4), threads, at::kFloat).gradient));
    }
  }
}

// What a checkpoint holds is all that the next step needs.
void expect_exact_resume(const GrpoConfig& config, int64_t num_asked) {
  const auto asked = [&](const GrpoTrainer& trainer) { return prompts(num_asked - trainer.num_carried()); };
  model::Model policy = tiny_model();
  GrpoTrainer trainer = make_trainer(policy, config);
  for (int64_t step = 0; step < 2; ++step) trainer.step(asked(trainer), step, 4, {}, prompts);
  const aha::test::TemporaryFolder folder;
  policy.save(folder.path());
  trainer.save(folder.path());

  model::Model again = model::load(folder.path());
  GrpoTrainer resumed = make_trainer(again, config);
  resumed.load(folder.path(), prompts(num_asked));
  for (int64_t step = 2; step < 4; ++step) {
    const Metrics expected = trainer.step(asked(trainer), step, 4, {}, prompts).metrics;
    for (const auto& [name, value] : resumed.step(asked(resumed), step, 4, {}, prompts).metrics) {
      const bool is_of_the_machine =
          name.starts_with("time/") || name.starts_with("peak_") || name == "step_time" || name == "tokens_per_second";
      EXPECT_TRUE(is_of_the_machine || value == expected.at(name)) << name;
    }
  }
  EXPECT_TRUE(equal_parameters(copy_of_parameters(policy), copy_of_parameters(again)));
  trainer.optimizer().swap_average(policy);
  resumed.optimizer().swap_average(again);
  EXPECT_TRUE(equal_parameters(copy_of_parameters(policy), copy_of_parameters(again)));
}

TEST(GrpoExactness, ResumesWithTheSameBits) {
  const Variant states[] = {
      {"average", [](GrpoConfig& c) { c.optimizer.ema_decay = 0.9; }},
      {"muon", [](GrpoConfig& c) { c.optimizer.optim = "muon"; }},
      {"reference in the reward",
       [](GrpoConfig& c) {
         c.kl_in_reward = c.sync_ref_model = true, c.loss.beta = 0.1, c.ref_model_sync_steps = 2;
         c.ref_model_mixup_alpha = 0.6;
       }},
      {"dynamic", [](GrpoConfig& c) { c.dynamic_sample = true; }},
      {"old pass", [](GrpoConfig& c) { c.old_logprobs = "forward", c.num_iterations = 2, c.router_replay = "R2"; }},
      {"carried routes",
       [](GrpoConfig& c) {
         c.enough_prompts = 3, c.partial_rollouts = true, c.router_replay = "R3", c.sampling.num_generations = 2;
         c.sampling.max_completion_length = 60, c.old_logprobs = "forward";
         c.loss.importance_sampling_mode = "token_truncate";
       }},
  };
  for (const Variant& state : states) {
    SCOPED_TRACE(state.title);
    GrpoConfig config = small_config();
    state.change(config);
    expect_exact_resume(config, 6);
  }
}

}  // namespace
}  // namespace aha::train::grpo_exactness_test
