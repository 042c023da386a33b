// Options of GRPO in a whole step: what they change, what they report, and what is refused.
#include <ATen/ops/log_softmax.h>

#include "aha/train/grpo_trainer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "aha/core/error.h"
#include "train/grpo_metrics.h"
#include "train/grpo_passes.h"
#include "train/sample_routes.h"
#include "unit/core/temporary_folder.h"
#include "unit/train/letter_game.h"

namespace aha::train::grpo_variants_test {
namespace {

using aha::test::copy_of_parameters;
using aha::test::equal_parameters;
using aha::test::sentence_of;
using aha::test::tiny_model;
using letter_game::make_trainer;
using letter_game::prompts;
using letter_game::small_config;
using testing::AllOf;
using testing::HasSubstr;

void expect_finite(const Metrics& metrics) {
  for (const auto& [name, value] : metrics) EXPECT_TRUE(std::isfinite(value)) << name;
}

// log π of a completion's tokens, by whole logits.
std::vector<double> logprobs_under(const model::Model& model, const data::CompletionBatch& batch, size_t index) {
  const data::Completion& completion = batch.completions[index];
  std::vector<int32_t> tokens = batch.prompts[static_cast<size_t>(completion.prompt_index)].token_ids;
  const auto begin = std::ssize(tokens) - 1;
  tokens.insert(tokens.end(), completion.token_ids.begin(), completion.token_ids.end());
  const at::Tensor logprob_TV = at::log_softmax(model.logits(model::pack_tokens({&tokens})).to(at::kDouble), 1);
  std::vector<double> logprobs;
  for (int64_t t = 0; t < std::ssize(completion.token_ids); ++t) {
    logprobs.push_back(logprob_TV[begin + t][completion.token_ids[static_cast<size_t>(t)]].item<double>());
  }
  return logprobs;
}

TEST(GrpoVariants, KlInTheRewardIsThatOfTheWholeCompletion) {
  for (const char* old_logprobs : {"sampler", "forward"}) {
    model::Model policy = tiny_model();
    const model::Model reference = policy.clone();
    GrpoConfig config = small_config();
    config.old_logprobs = old_logprobs;
    config.kl_in_reward = true;
    config.loss.beta = 0.3;
    GrpoTrainer trainer = make_trainer(policy, config);
    EXPECT_NEAR(trainer.step(prompts(4), 0, 10).metrics.at("rewards/kl/mean"), 0, 1e-9);
    const model::Model before = policy.clone();
    const StepReport report = trainer.step(prompts(4), 1, 10);
    ASSERT_EQ(report.scores.names, (std::vector<std::string>{"letter", "kl"}));
    EXPECT_EQ(report.scores.weights[1], -0.3);
    double sum = 0;
    for (size_t i = 0; i < report.completions.completions.size(); ++i) {
      const auto old = logprobs_under(before, report.completions, i);
      const auto ref = logprobs_under(reference, report.completions, i);
      double kl = 0;
      for (size_t t = 0; t < old.size(); ++t) kl += std::exp(ref[t] - old[t]) - (ref[t] - old[t]) - 1;
      EXPECT_NEAR(*report.scores.values[1][i], kl, 1e-5);
      EXPECT_NEAR(*report.scores.total[i], *report.scores.values[0][i] - 0.3 * kl, 1e-5);
      sum += kl;
    }
    EXPECT_GT(sum, 1e-3);
    EXPECT_NEAR(report.metrics.at("rewards/kl/mean"), sum / 32, 1e-5);
    EXPECT_EQ(report.metrics.at("loss"), report.metrics.at("policy_loss"));  // the loss has no KL of its own
    EXPECT_GT(report.metrics.at("kl"), 0);
  }
}

TEST(GrpoVariants, OverlongCompletionsArePunished) {
  model::Model policy = tiny_model();
  GrpoConfig config = small_config();
  config.soft_punish_cache = 3;
  const StepReport report = make_trainer(policy, config).step(prompts(4), 0, 10);
  ASSERT_EQ(report.scores.names.back(), "soft_overlong_punishment");
  int64_t num_punished = 0;
  for (size_t i = 0; i < 32; ++i) {
    const auto length = std::ssize(report.completions.completions[i].token_ids);
    const double expected = length <= 3 ? 0 : -static_cast<double>(length - 3) / 3;
    EXPECT_DOUBLE_EQ(*report.scores.values.back()[i], expected);
    EXPECT_DOUBLE_EQ(*report.scores.total[i], *report.scores.values[0][i] + expected);
    num_punished += expected < 0;
  }
  EXPECT_GT(num_punished, 0);
  EXPECT_LT(num_punished, 32);
  EXPECT_LT(report.metrics.at("rewards/soft_overlong_punishment/mean"), 0);
}

TEST(GrpoVariants, SeveralRewardsAreEachComparedByThemselves) {
  model::Model policy = tiny_model();
  GrpoConfig config = small_config();
  config.soft_punish_cache = 3;
  config.advantage.multi_objective_aggregation = "normalize_then_sum";
  const StepReport apart = make_trainer(policy, config).step(prompts(4), 0, 10);
  model::Model twin = tiny_model();
  config.advantage.multi_objective_aggregation = "sum_then_normalize";
  const StepReport together = make_trainer(twin, config).step(prompts(4), 0, 10);
  EXPECT_EQ(apart.scores.total, together.scores.total);
  EXPECT_NE(apart.advantages, together.advantages);
}

// A sampler that is not the policy that learns: it decodes in bfloat16.
StepReport step_of_coarse_sampler(GrpoConfig config) {
  model::Model policy = tiny_model();
  rollout::EngineOptions engine;
  engine.cache_bytes = int64_t{4} << 20;
  engine.num_threads = 2;
  engine.dtype = "bfloat16";
  GrpoTrainer trainer(policy, std::make_shared<aha::test::LetterTokenizer>(24, 2), std::move(config),
                      letter_game::scorer(letter_game::share_of_low_letters), letter_game::kSeed, "test", engine);
  return trainer.step(prompts(4), 0, 10);
}

TEST(GrpoVariants, ACoarseSamplerIsCorrectedFor) {
  GrpoConfig config = small_config();
  const Metrics plain = step_of_coarse_sampler(config).metrics;
  EXPECT_GT(plain.at("sampling/sampling_logp_difference/max"), 1e-4);
  EXPECT_EQ(plain.at("ratio/max"), plain.at("sampling/importance_sampling_ratio/max"));

  config.old_logprobs = "forward";
  const Metrics forward = step_of_coarse_sampler(config).metrics;
  EXPECT_EQ(forward.at("ratio/min"), 1);  // of policy to old policy
  EXPECT_EQ(forward.at("ratio/max"), 1);
  EXPECT_NEAR(forward.at("sampling/sampling_logp_difference/max"), plain.at("sampling/sampling_logp_difference/max"),
              1e-6);

  config.loss.importance_sampling_mode = "token_truncate";
  config.loss.importance_sampling_clip_max = 1.0;
  const Metrics corrected = step_of_coarse_sampler(config).metrics;
  EXPECT_EQ(corrected.at("sampling/importance_sampling_ratio/max"), 1);  // weights after their bound
  EXPECT_LT(corrected.at("sampling/importance_sampling_ratio/min"), 1);
  EXPECT_EQ(corrected.at("sampling/masked_ratio"), 0);
  EXPECT_NE(corrected.at("grad_norm"), forward.at("grad_norm"));

  config.loss.importance_sampling_mode = "token_mask";
  EXPECT_GT(step_of_coarse_sampler(config).metrics.at("sampling/masked_ratio"), 0.2);
}

TEST(GrpoVariants, UpdatesMoveTheRatioAwayFromOne) {
  model::Model policy = tiny_model();
  GrpoConfig config = small_config();
  config.old_logprobs = "forward";
  config.num_iterations = 2;
  config.loss.loss_type = "cispo";
  config.loss.epsilon_high = 1.01;
  const Metrics metrics = make_trainer(policy, config).step(prompts(4), 0, 10).metrics;
  EXPECT_GT(metrics.at("ratio/max"), 1.01);
  EXPECT_LT(metrics.at("ratio/min"), 1);
  EXPECT_GT(metrics.at("cispo_clip_ratio"), 0);
  EXPECT_EQ(metrics.count("clip_ratio/region_mean"), 0u);
}

TEST(GrpoVariants, TruncatedCompletionsOnlyCountAmongTheRewards) {
  GrpoConfig config = small_config();
  config.mask_truncated_completions = true;
  for (const bool kl_in_reward : {false, true}) {
    config.kl_in_reward = kl_in_reward;
    config.loss.beta = kl_in_reward ? 0.1 : 0;
    model::Model policy = tiny_model();
    const StepReport report = make_trainer(policy, config).step(prompts(4), 0, 10);
    EXPECT_GT(report.metrics.at("completions/clipped_ratio"), 0);
    EXPECT_LT(report.metrics.at("completions/clipped_ratio"), 1);
    EXPECT_GT(report.metrics.at("grad_norm"), 0);
    for (const double advantage : report.advantages) EXPECT_NE(advantage, 0);
  }
}

TEST(GrpoVariants, TheAverageTrailsTheWeights) {
  model::Model policy = tiny_model();
  GrpoConfig config = small_config();
  config.optimizer.ema_decay = 0.5;
  GrpoTrainer trainer = make_trainer(policy, config);
  trainer.step(prompts(4), 0, 10);
  const auto first = copy_of_parameters(policy);
  trainer.step(prompts(4), 1, 10);
  const auto second = copy_of_parameters(policy);
  trainer.optimizer().swap_average(policy);
  const auto average = copy_of_parameters(policy);
  std::vector<at::Tensor> expected;  // (0.5 · first + second) / 1.5
  for (size_t p = 0; p < first.size(); ++p) expected.push_back((0.5 * first[p] + second[p]) / 1.5);
  EXPECT_LE(aha::test::relative_difference(average, expected), 1e-5);
  trainer.optimizer().swap_average(policy);
  EXPECT_TRUE(equal_parameters(second, copy_of_parameters(policy)));
}

// ---- Routing replay ----

TEST(GrpoVariants, SamplesTakeTheExpertsOfTheirRecord) {
  const model::Model policy = tiny_model();
  data::CompletionBatch batch;
  batch.prompts = prompts(1);
  batch.num_generations = 2;
  batch.completions.resize(2);
  batch.completions[0].token_ids = {7, 8, 2};
  batch.completions[1].token_ids = {9};
  std::vector<GrpoSample> samples;
  for (auto& completion : batch.completions) {
    samples.push_back({.completion = &completion, .prompt = &batch.prompts[0]});
  }
  const Samples all = {&samples[0], &samples[1]};
  for (const bool shared_prompt : {false, true}) {
    SCOPED_TRACE(shared_prompt);
    GrpoConfig config = small_config();
    config.shared_prompt = shared_prompt;
    // Everything to experts 3 and 1; the completion's second token chooses for itself.
    for (GrpoSample& sample : samples) {
      sample.routes.clear();
      for (int64_t i = 0; i < sample.num_inputs(); ++i) sample.routes.insert(sample.routes.end(), {3, 1});
    }
    samples[0].routes[2 * 4] = samples[0].routes[2 * 4 + 1] = -1;
    const SampleScores scores = run_model(policy, all, config, Routing::kReplay);
    EXPECT_EQ(scores.num_routed, shared_prompt ? 5 : 8);  // a shared prompt is one
    EXPECT_EQ(scores.num_unrouted, 1);
    ASSERT_EQ(scores.expert_counts.size(), 1u);
    const at::Tensor& count_E = scores.expert_counts[0];
    EXPECT_EQ(count_E.sum().item<int64_t>(), 2 * 8);
    EXPECT_GE(count_E[3].item<int64_t>(), 7);
    EXPECT_GE(count_E[1].item<int64_t>(), 7);

    // Recording gives the gate's own, and replaying those changes no bit.
    const at::Tensor own_T = run_model(policy, all, config, Routing::kRecord).of.logprob_T;
    EXPECT_EQ(samples[0].routes.size(), 2u * 5);
    EXPECT_TRUE(at::equal(run_model(policy, all, config, Routing::kReplay).of.logprob_T, own_T));
    EXPECT_FALSE(at::equal(scores.of.logprob_T, own_T));
  }
}

TEST(GrpoVariants, WhatTheRolloutDidNotRecordIsCounted) {
  data::CompletionBatch batch;
  batch.prompts = prompts(2);
  batch.num_generations = 1;
  batch.completions.resize(2);
  for (int64_t i = 0; i < 2; ++i) {
    batch.completions[static_cast<size_t>(i)].prompt_index = i;
    batch.completions[static_cast<size_t>(i)].token_ids = {7, 8};
  }
  batch.prompt_routing = {{0, 1, 2, 3, 0, 2}, {}};
  batch.completions[0].routing = {1, 3};
  std::vector<GrpoSample> samples;
  for (size_t i = 0; i < 2; ++i) {
    samples.push_back({.completion = &batch.completions[i], .prompt = &batch.prompts[i]});
  }
  recall_routes(batch, aha::test::tiny_config(), samples);
  EXPECT_EQ(samples[0].routes, (std::vector<int16_t>{0, 1, 2, 3, 0, 2, 1, 3}));
  EXPECT_EQ(samples[1].routes, std::vector<int16_t>(8, -1));
  batch.completions[0].routing = {1};
  EXPECT_THROW(recall_routes(batch, aha::test::tiny_config(), samples), ShapeError);
}

TEST(GrpoVariants, ReplayReportsHowMuchItKnew) {
  model::Model policy = tiny_model();
  GrpoConfig config = small_config();
  config.router_replay = "R3";
  EXPECT_EQ(make_trainer(policy, config).step(prompts(4), 0, 10).metrics.at("router_replay/missing_ratio"), 0);
  config.router_replay = "none";
  EXPECT_EQ(make_trainer(policy, config).step(prompts(4), 0, 10).metrics.count("router_replay/missing_ratio"), 0u);
}

// ---- Input that teaches little or nothing ----

TEST(GrpoVariants, RewardsThatAreNoNumbersAreCountedAndLeftOut) {
  for (const double odd : {std::nan(""), std::numeric_limits<double>::infinity()}) {
    model::Model policy = tiny_model();
    const auto judge = [odd](const std::string& text) -> std::optional<double> {
      return text < "k" ? odd : *letter_game::share_of_low_letters(text);
    };
    const StepReport report = make_trainer(policy, small_config(), judge).step(prompts(4), 0, 10);
    EXPECT_GT(report.metrics.at("rewards/letter/num_failed"), 0);
    EXPECT_EQ(report.metrics.at("rewards/letter/num_null"), report.metrics.at("rewards/letter/num_failed"));
    EXPECT_EQ(report.metrics.at("skipped_steps"), 0);
    EXPECT_GT(report.metrics.at("grad_norm"), 0);
    expect_finite(report.metrics);
    for (size_t i = 0; i < report.advantages.size(); ++i) {
      EXPECT_TRUE(report.scores.total[i] || report.advantages[i] == 0);
    }
  }
}

TEST(GrpoVariants, GroupsOfOneAreComparedWithTheBatch) {
  model::Model policy = tiny_model();
  GrpoConfig config = small_config();
  config.sampling.num_generations = 1;
  EXPECT_THROW(make_trainer(policy, config), ConfigError);  // nothing to compare with
  config.advantage.advantage_estimator = "reinforce_plus_plus";
  const StepReport report = make_trainer(policy, config).step(prompts(4), 0, 10);
  EXPECT_GT(report.metrics.at("grad_norm"), 0);
  expect_finite(report.metrics);
}

TEST(GrpoVariants, GroupsOfWhichOneIsJudgedTeachNothing) {
  for (const char* estimator : {"grpo", "rloo", "reinforce_plus_plus_baseline"}) {
    model::Model policy = tiny_model();
    GrpoConfig config = small_config();
    config.advantage.advantage_estimator = estimator;
    std::atomic<int> num_asked = 0;
    const auto judge = [&](const std::string&) -> std::optional<double> {
      if (num_asked++ > 0) return std::nullopt;
      return 1.0;
    };
    const Metrics metrics = make_trainer(policy, config, judge, 1).step(prompts(2), 0, 10).metrics;
    EXPECT_EQ(metrics.at("steps_without_signal"), 1) << estimator;
    expect_finite(metrics);
  }
}

TEST(GrpoVariants, GroupsThatDoNotDivideAreDealtWhole) {
  model::Model policy = tiny_model();
  GrpoConfig config = small_config();
  config.num_minibatches = 2;
  const StepReport report = make_trainer(policy, config).step(prompts(3), 0, 10);
  EXPECT_EQ(report.metrics.at("steps_without_signal"), 0);
  EXPECT_EQ(report.completions.completions.size(), 24u);
  config.num_minibatches = 4;
  EXPECT_THAT(sentence_of<ConfigError>([&] { make_trainer(policy, config).step(prompts(3), 0, 10); }),
              HasSubstr("num_minibatches: 4 is more than the 3 prompts"));
}

TEST(GrpoVariants, APromptBeyondTheContextIsNamed) {
  model::Model policy = tiny_model();
  GrpoConfig config = small_config();
  GrpoTrainer trainer = make_trainer(policy, config);
  data::PromptBatch batch = prompts(3);
  batch[1].text = "too l\xc3\xb6ng\n";
  batch[1].token_ids.assign(128 - 5, 4);  // with six more tokens one too many
  EXPECT_THAT(
      sentence_of<InputError>([&] { trainer.step(batch, 0, 10); }),
      AllOf(HasSubstr("prompt 1 (`too l\xc3\xb6ng"), HasSubstr("has 123 tokens"), HasSubstr("= 6"), HasSubstr("128")));
  EXPECT_EQ(trainer.engine().stats().completion_tokens, 0);
  batch[1].token_ids.pop_back();
  EXPECT_NO_THROW(trainer.check_prompts(batch));
}

// ---- What cannot stand together ----

struct Refusal {
  const char* key;
  std::function<void(GrpoConfig&)> change;
};

const Refusal kRefusals[] = {
    {"advantage_estimator", [](GrpoConfig& c) { c.advantage.advantage_estimator = "gae"; }},
    {"scale_rewards", [](GrpoConfig& c) { c.advantage.scale_rewards = "sigma"; }},
    {"multi_objective_aggregation", [](GrpoConfig& c) { c.advantage.multi_objective_aggregation = "sum"; }},
    {"old_logprobs", [](GrpoConfig& c) { c.old_logprobs = "reference"; }},
    {"router_replay", [](GrpoConfig& c) { c.router_replay = "R1"; }},
    {"scale_rewards",
     [](GrpoConfig& c) { c.advantage.advantage_estimator = "rloo", c.advantage.scale_rewards = "none"; }},
    {"multi_objective_aggregation",
     [](GrpoConfig& c) {
       c.advantage.advantage_estimator = "rloo", c.advantage.multi_objective_aggregation = "normalize_then_sum";
     }},
    {"scale_rewards",
     [](GrpoConfig& c) {
       c.advantage.scale_rewards = "batch", c.advantage.multi_objective_aggregation = "normalize_then_sum";
     }},
    {"soft_punish_cache", [](GrpoConfig& c) { c.soft_punish_cache = 7; }},
    {"top_entropy_quantile", [](GrpoConfig& c) { c.top_entropy_quantile = 1.5; }},
    {"kl_in_reward", [](GrpoConfig& c) { c.kl_in_reward = true; }},
    {"kl_in_reward",
     [](GrpoConfig& c) {
       c.kl_in_reward = true, c.loss.beta = 0.1;
       c.advantage.multi_objective_aggregation = "normalize_then_sum";
     }},
    {"use_bias_correction_kl",
     [](GrpoConfig& c) { c.kl_in_reward = c.loss.use_bias_correction_kl = true, c.loss.beta = 0.1; }},
    {"importance_sampling_mode", [](GrpoConfig& c) { c.loss.importance_sampling_mode = "token_mask"; }},
    {"importance_sampling_mode",
     [](GrpoConfig& c) {
       c.loss.importance_sampling_mode = "token_mask", c.old_logprobs = "forward";
       c.sampling.temperature = 0.7, c.sampling.top_p = 0.9;
     }},
    {"router_replay", [](GrpoConfig& c) { c.router_replay = "R2"; }},
    {"sync_ref_model", [](GrpoConfig& c) { c.sync_ref_model = true; }},
    {"max_resample_times", [](GrpoConfig& c) { c.dynamic_sample = true, c.max_resample_times = 0; }},
    {"dynamic_sample", [](GrpoConfig& c) { c.dynamic_sample = true, c.enough_prompts = 2; }},
    {"dynamic_sample",
     [](GrpoConfig& c) { c.dynamic_sample = true, c.advantage.advantage_estimator = "reinforce_plus_plus"; }},
    {"partial_rollouts",
     [](GrpoConfig& c) { c.partial_rollouts = true, c.enough_prompts = 2, c.old_logprobs = "forward"; }},
};

TEST(GrpoVariants, ContradictionsAreRefusedByTheirKey) {
  for (const Refusal& refusal : kRefusals) {
    GrpoConfig config = small_config();
    refusal.change(config);
    const auto found = contradictions(config);
    ASSERT_EQ(found.size(), 1u) << refusal.key;
    EXPECT_EQ(found[0].key, refusal.key) << found[0].sentence;
    model::Model policy = tiny_model();
    EXPECT_THROW(make_trainer(policy, config), ConfigError) << refusal.key;
  }
  EXPECT_TRUE(contradictions(small_config()).empty());
}

TEST(GrpoVariants, WhatStandsTogetherIsLetBe) {
  GrpoConfig config = small_config();
  config.old_logprobs = "forward";
  config.loss.importance_sampling_mode = "token_truncate";
  config.partial_rollouts = true;
  config.enough_prompts = 2;
  EXPECT_TRUE(contradictions(config).empty());
  config.loss.kl_estimator = "k1";  // in the loss it would hold nothing back
  config.kl_in_reward = true;
  config.loss.beta = 0.1;
  EXPECT_TRUE(contradictions(config).empty());
}

TEST(GrpoVariants, ReplayNeedsExperts) {
  GrpoConfig config = small_config();
  model::ModelConfig dense = aha::test::tiny_config();
  dense.first_k_dense_replace = dense.num_hidden_layers;
  model::Model policy = model::Model::make(dense, 1);
  config.router_replay = "R3";
  EXPECT_THAT(sentence_of<ConfigError>([&] { make_trainer(policy, config); }), HasSubstr("this one is dense"));
  model::ModelConfig wide = aha::test::tiny_config();
  wide.n_routed_experts = 260;
  model::Model many = model::Model::make(wide, 1);
  EXPECT_THAT(sentence_of<ConfigError>([&] { make_trainer(many, config); }), HasSubstr("at most 256 experts"));
  config.router_replay = "R2";
  config.old_logprobs = "forward";
  EXPECT_NO_THROW(make_trainer(many, config));
}

TEST(GrpoVariants, Bfloat16ProductsAreOfFloat32Models) {
  GrpoConfig config = small_config();
  config.bf16 = true;
  model::Model policy = tiny_model({}, at::kDouble);
  EXPECT_THROW(make_trainer(policy, config), ConfigError);
  model::Model narrow = tiny_model();
  const Metrics metrics = make_trainer(narrow, config).step(prompts(4), 0, 10).metrics;
  EXPECT_GT(metrics.at("grad_norm"), 0);
  EXPECT_GT(metrics.at("sampling/sampling_logp_difference/max"), 1e-4);  // the sampler does not round
  EXPECT_LT(metrics.at("sampling/sampling_logp_difference/max"), 0.2);
}

}  // namespace
}  // namespace aha::train::grpo_variants_test
