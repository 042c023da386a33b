#include "aha/train/grpo_trainer.h"

#include <ATen/core/grad_mode.h>

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <functional>

#include "aha/core/error.h"
#include "aha/core/file.h"
#include "aha/core/random.h"
#include "aha/ops/parallel.h"
#include "aha/train/parameter_file.h"
#include "train/group_rollout.h"
#include "train/groups_file.h"
#include "train/grpo_metrics.h"
#include "train/grpo_samples.h"
#include "train/micro_batches.h"
#include "train/phase_times.h"

namespace aha::train {
namespace {

using Samples = std::vector<GrpoSample*>;

constexpr const char* kReferenceAdapters = "reference.safetensors";
constexpr const char* kGroupsFile = "groups.jsonl";

objective::ScaleRewards scale_of(const std::string& name) {
  if (name == "group") return objective::ScaleRewards::kGroup;
  if (name == "batch") return objective::ScaleRewards::kBatch;
  if (name == "none") return objective::ScaleRewards::kNone;
  throw ConfigError("scale_rewards", "must be group, batch or none");
}

void check_config(const GrpoConfig& config) {
  for (const ConfigFinding& finding : contradictions(config)) throw ConfigError(finding.key, finding.sentence);
  objective::sequence_weights(config.loss.loss_type, {}, 1);  // throws for an unknown one
  scale_of(config.advantage.scale_rewards);
}

std::vector<Samples> cut(const Samples& samples, int64_t tokens_per_micro_batch) {
  std::vector<int64_t> lengths;
  for (const GrpoSample* sample : samples) lengths.push_back(sample->num_inputs());
  std::vector<Samples> batches;
  for (const auto& group : micro_batches(lengths, tokens_per_micro_batch)) {
    Samples& batch = batches.emplace_back();
    for (const int64_t index : group) batch.push_back(samples[static_cast<size_t>(index)]);
  }
  return batches;
}

void for_each_without_gradient(size_t count, int num_threads, const std::function<void(size_t)>& work) {
  if (count == 0) return;
  std::atomic<size_t> next = 0;
  ops::run_workers(static_cast<int>(std::min<size_t>(count, static_cast<size_t>(num_threads))), [&](int) {
    const at::NoGradGuard no_grad;
    for (size_t i = next++; i < count; i = next++) work(i);
  });
}

}  // namespace

struct GrpoTrainer::State {
  model::Model& policy;
  GrpoConfig config;
  reward::Scorer scorer;
  uint64_t seed;
  std::string stage;
  int num_threads;
  rollout::Engine engine;
  Optimizer optimizer;
  std::optional<model::Model> reference;
  Groups carried;  // to be gone on with

  bool needs_reference() const { return config.loss.beta > 0; }
  std::vector<double> advantages(const at::Tensor& reward_N, int64_t step) const;
  std::vector<GrpoSample> samples(const StepReport& report) const;
  void score(const model::Model& model, Samples samples, std::vector<double> GrpoSample::*logprobs) const;
  at::Tensor loss(const Samples& batch, UpdateStats& stats) const;
  UpdateStats update(const Samples& minibatch, double learning_rate, PhaseTimes& times);
  void follow(int64_t step);
  void add_metrics(StepReport& report, const at::Tensor& reward_N, const std::vector<UpdateStats>& updates) const;
};

GrpoTrainer::GrpoTrainer(model::Model& policy, std::shared_ptr<const data::Tokenizer> tokenizer, GrpoConfig config,
                         reward::Scorer scorer, uint64_t seed, std::string stage, rollout::EngineOptions engine) {
  check_config(config);
  const int num_threads = engine.num_threads > 0 ? engine.num_threads : ops::default_num_threads();
  const OptimizerConfig optimizer = config.optimizer;
  state_.reset(new State{policy,
                         std::move(config),
                         std::move(scorer),
                         seed,
                         std::move(stage),
                         num_threads,
                         rollout::Engine(policy, std::move(tokenizer), engine),
                         Optimizer(policy, optimizer),
                         {},
                         {}});
  if (state_->needs_reference()) state_->reference = policy.clone();
}

GrpoTrainer::~GrpoTrainer() = default;

rollout::Engine& GrpoTrainer::engine() { return state_->engine; }

Optimizer& GrpoTrainer::optimizer() { return state_->optimizer; }

int64_t GrpoTrainer::num_carried() const { return std::ssize(state_->carried); }

StepReport GrpoTrainer::step(const data::PromptBatch& prompts, int64_t step, int64_t num_steps, std::stop_token stop) {
  State& state = *state_;
  const GrpoConfig& config = state.config;
  StepReport report;
  PhaseTimes times;

  // Ask: a group of completions for each prompt, from the policy as it stands; what is left from before goes first.
  GroupRollout groups(config, state.scorer, state.num_threads, state.carried, prompts, step);
  groups.ask(state.engine, {.seed = state.seed, .stage = state.stage}, stop);
  times.lap("generate");

  // Judge: rewards, begun as completions ended, then how far each completion is above its own group.
  report.scores = groups.judge(stop);
  state.carried = groups.finish(report);
  const at::Tensor reward_N = total_rewards(report.scores);
  report.advantages = state.advantages(reward_N, step);
  times.lap("reward");

  // Learn: each update normalised over all tokens of its minibatch.
  const double learning_rate = learning_rate_at(config.schedule, step, num_steps);
  std::vector<GrpoSample> samples = state.samples(report);
  times.lap("logprobs");
  std::vector<UpdateStats> updates;
  for (int64_t pass = 0; pass < config.num_iterations; ++pass) {
    const Random random(state.seed, "minibatches/" + state.stage,
                        {static_cast<uint64_t>(step), static_cast<uint64_t>(pass)});
    for (const Samples& minibatch : make_minibatches(samples, std::ssize(report.completions.prompts), config, random)) {
      updates.push_back(state.update(minibatch, learning_rate, times));
    }
  }
  state.follow(step);

  report.metrics["learning_rate"] = learning_rate;
  state.add_metrics(report, reward_N, updates);
  times.add_to(report.metrics);
  report.metrics["tokens_per_second"] = report.metrics["num_tokens"] / report.metrics["step_time"];
  return report;
}

std::vector<double> GrpoTrainer::State::advantages(const at::Tensor& reward_N, int64_t step) const {
  const at::Tensor advantage_N =
      objective::group_advantage(reward_N, config.sampling.num_generations, scale_of(config.advantage.scale_rewards));
  const double* values = advantage_N.const_data_ptr<double>();
  std::vector<double> advantages(values, values + advantage_N.numel());
  if (config.shuffle_advantages) {
    Random(seed, "shuffle_advantages/" + stage, {static_cast<uint64_t>(step)}).shuffle(advantages);
  }
  return advantages;
}

std::vector<GrpoSample> GrpoTrainer::State::samples(const StepReport& report) const {
  auto samples = make_samples(report.completions, report.scores, report.advantages, config);
  Samples all;
  for (GrpoSample& sample : samples) all.push_back(&sample);
  if (needs_rescoring(config.sampling)) score(policy, all, &GrpoSample::sampler_logprobs);
  if (needs_reference()) score(*reference, all, &GrpoSample::reference_logprobs);
  return samples;
}

// Log-probs of all completion tokens under `model`, without gradients.
void GrpoTrainer::State::score(const model::Model& model, Samples samples,
                               std::vector<double> GrpoSample::*logprobs) const {
  const auto batches = cut(samples, config.tokens_per_micro_batch);
  for_each_without_gradient(batches.size(), num_threads, [&](size_t i) {
    const SampleTokens packed = pack_samples(batches[i]);
    const at::Tensor hidden_TD = model.forward(packed.tokens).hidden_TD.index_select(0, packed.row_T);
    const at::Tensor logprob_T =
        model.score(hidden_TD, packed.target_T, config.sampling.temperature).logprob_T.to(at::kDouble).contiguous();
    const double* values = logprob_T.const_data_ptr<double>();
    for (GrpoSample* sample : batches[i]) {
      const double* end = values + sample->completion->token_ids.size();
      (sample->*logprobs).assign(values, end);
      values = end;
    }
  });
}

// A micro-batch's share of its minibatch's loss.
at::Tensor GrpoTrainer::State::loss(const Samples& batch, UpdateStats& stats) const {
  const at::ScalarType dtype = policy.dtype();
  const SampleTokens packed = pack_samples(batch);
  const auto out = policy.forward(packed.tokens);
  const at::Tensor hidden_TD = out.hidden_TD.index_select(0, packed.row_T);
  const auto scores = policy.score(hidden_TD, packed.target_T, config.sampling.temperature);

  objective::GrpoTokens tokens{.policy_T = scores.logprob_T,
                               .old_T = per_token(batch, &GrpoSample::sampler_logprobs, dtype),
                               .reference_T = {},
                               .advantage_T = per_token(batch, &GrpoSample::advantage, dtype),
                               .weight_T = per_token(batch, &GrpoSample::weight, dtype)};
  if (needs_reference()) tokens.reference_T = per_token(batch, &GrpoSample::reference_logprobs, dtype);
  const objective::GrpoLoss loss = objective::grpo_loss(tokens, config.loss);

  stats = stats_of(loss, loss.policy, scores.entropy_T.sum().item<double>());
  stats.expert_counts.add(out.expert_counts);
  return loss.total;
}

UpdateStats GrpoTrainer::State::update(const Samples& minibatch, double learning_rate, PhaseTimes& times) {
  times.lap("other");
  // Without a reference a zero advantage has a zero gradient: such samples are only measured.
  Samples teaching, silent;
  for (GrpoSample* sample : minibatch) {
    (sample->advantage != 0 || needs_reference() ? teaching : silent).push_back(sample);
  }
  const auto taught = cut(teaching, config.tokens_per_micro_batch);
  const auto measured = cut(silent, config.tokens_per_micro_batch);
  std::vector<UpdateStats> parts(taught.size() + measured.size());
  for_each_without_gradient(measured.size(), num_threads,
                            [&](size_t i) { loss(measured[i], parts[taught.size() + i]); });
  times.lap("forward");
  GradientTimes threads;
  const Gradients gradients = accumulate_gradients(
      policy, std::ssize(taught), num_threads,
      [&](int64_t i) { return loss(taught[static_cast<size_t>(i)], parts[static_cast<size_t>(i)]); }, threads);
  times.lap_gradients(threads);

  UpdateStats stats;
  for (const UpdateStats& part : parts) stats.add(part);
  if (taught.empty()) return stats;
  stats.grad_norm =
      std::isfinite(stats.loss) ? optimizer.step(policy, gradients, learning_rate, num_threads) : std::nan("");
  stats.outcome = std::isfinite(stats.grad_norm) ? UpdateOutcome::kUpdated : UpdateOutcome::kNotFinite;
  if (stats.outcome == UpdateOutcome::kUpdated && config.bias_update_rate > 0) {
    model::update_expert_bias(policy, stats.expert_counts.per_layer(), config.bias_update_rate);
  }
  times.lap("optimizer");
  return stats;
}

// The sampler takes the new weights; the reference follows when optimizer steps pass a multiple of its interval.
void GrpoTrainer::State::follow(int64_t step) {
  engine.update_weights();
  if (!config.sync_ref_model || !reference) return;
  const int64_t updates = config.num_iterations * config.num_minibatches;
  const int64_t before = step * updates / config.ref_model_sync_steps;
  const int64_t after = (step + 1) * updates / config.ref_model_sync_steps;
  if (after > before) reference->copy_from(policy, config.ref_model_mixup_alpha);
}

void GrpoTrainer::State::add_metrics(StepReport& report, const at::Tensor& reward_N,
                                     const std::vector<UpdateStats>& updates) const {
  Metrics& metrics = report.metrics;
  add_completion_metrics(report.completions, metrics);
  add_reward_metrics(report.scores, reward_N, config.sampling.num_generations,
                     config.advantage.scale_rewards == "batch", metrics);
  add_update_metrics(updates, needs_reference(), metrics);
}

void GrpoTrainer::save(const std::filesystem::path& folder) const {
  state_->optimizer.save(state_->policy, folder);
  if (state_->config.partial_rollouts) save_groups(folder / kGroupsFile, state_->carried);
  if (!state_->reference) return;
  if (state_->reference->lora()) return save_parameters(*state_->reference, folder / kReferenceAdapters);
  make_folder(folder / "reference");
  state_->reference->save(folder / "reference");
}

void GrpoTrainer::load(const std::filesystem::path& folder, const data::PromptBatch& prompts) {
  Groups carried;
  if (state_->config.partial_rollouts) {
    carried = load_groups(folder / kGroupsFile, prompts, state_->config.sampling.num_generations);
  }
  state_->optimizer.load(state_->policy, folder);
  state_->carried = std::move(carried);
  if (!state_->reference) return;
  if (state_->reference->lora()) return load_parameters(*state_->reference, folder / kReferenceAdapters);
  const std::string dtype = state_->policy.dtype() == at::kDouble ? "float64" : "float32";
  state_->reference->copy_from(model::load(folder / "reference", {.device = "cpu", .dtype = dtype}));
}

}  // namespace aha::train
