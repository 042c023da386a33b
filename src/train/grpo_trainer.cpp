#include "aha/train/grpo_trainer.h"

#include <fmt/format.h>

#include <algorithm>

#include "aha/core/error.h"
#include "aha/core/file.h"
#include "aha/core/random.h"
#include "aha/ops/parallel.h"
#include "aha/ops/tensor_memory.h"
#include "aha/report/process_memory.h"
#include "aha/train/parameter_file.h"
#include "core/utf8.h"
#include "train/group_rollout.h"
#include "train/groups_file.h"
#include "train/grpo_config.h"
#include "train/grpo_metrics.h"
#include "train/grpo_rewards.h"
#include "train/grpo_update.h"
#include "train/sample_routes.h"

namespace aha::train {
namespace {

constexpr const char* kReferenceAdapters = "reference.safetensors";
constexpr const char* kGroupsFile = "groups.jsonl";
constexpr const char* kOverlongReward = "soft_overlong_punishment";
constexpr int64_t kWorthReturning = 256 << 20;  // bytes; the pages of smaller models cost more than they are worth

void check_minibatches(int64_t num_minibatches, int64_t num_groups) {
  if (num_minibatches <= num_groups) return;
  throw ConfigError(
      "num_minibatches",
      fmt::format("{} is more than the {} prompts of a step; a minibatch needs a group", num_minibatches, num_groups));
}

int64_t weight_bytes(const model::Model& model) {
  int64_t bytes = 0;
  for (const auto& parameter : model.parameters()) bytes += static_cast<int64_t>(parameter.tensor.nbytes());
  return bytes;
}

// Of the first line.
std::string beginning_of(const std::string& text) {
  constexpr size_t kShownBytes = 60;
  return utf8::visible(text.substr(0, std::min(kShownBytes, text.find('\n'))));
}

Samples pointers(std::vector<GrpoSample>& samples) {
  Samples all;
  for (GrpoSample& sample : samples) all.push_back(&sample);
  return all;
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

  JudgedGroups ask_and_judge(const data::PromptBatch& prompts, int64_t step, int64_t round, PhaseTimes& times,
                             Metrics& metrics, std::stop_token stop);
  std::vector<GrpoSample> samples(const StepReport& report) const;
  void compare(StepReport& report, std::vector<GrpoSample>& samples, int64_t step) const;
  void follow(int64_t step);
  void add_metrics(StepReport& report, const std::vector<UpdateStats>& updates) const;
};

GrpoTrainer::GrpoTrainer(model::Model& policy, std::shared_ptr<const data::Tokenizer> tokenizer, GrpoConfig config,
                         reward::Scorer scorer, uint64_t seed, std::string stage, rollout::EngineOptions engine) {
  check_config(config, policy);
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
  if (state_->config.loss.beta > 0) state_->reference = policy.clone();
}

GrpoTrainer::~GrpoTrainer() = default;

rollout::Engine& GrpoTrainer::engine() { return state_->engine; }

Optimizer& GrpoTrainer::optimizer() { return state_->optimizer; }

void GrpoTrainer::check_prompts(const data::PromptBatch& prompts) const {
  const int64_t longest = state_->config.sampling.max_completion_length;
  const int64_t context = state_->policy.config().max_position_embeddings;
  for (const data::Prompt& prompt : prompts) {
    const int64_t length = std::ssize(prompt.token_ids);
    if (length + longest <= context) continue;
    throw InputError(fmt::format("prompt {} (`{}`)", prompt.id, beginning_of(prompt.text)),
                     fmt::format("has {} tokens, and with max_completion_length = {} exceeds the model's context of "
                                 "{}; shorten one of them or leave the prompt out",
                                 length, longest, context));
  }
}

int64_t GrpoTrainer::num_carried() const { return std::ssize(state_->carried); }

StepReport GrpoTrainer::step(const data::PromptBatch& prompts, int64_t step, int64_t num_steps, std::stop_token stop,
                             const PromptSource& more) {
  State& state = *state_;
  const GrpoConfig& config = state.config;
  StepReport report;
  PhaseTimes times;
  check_minibatches(config.num_minibatches, config.enough_prompts > 0
                                                ? config.enough_prompts
                                                : std::ssize(prompts) + std::ssize(state.carried));

  // Ask: a group of completions for each prompt, from the policy as it stands; judge: as they end.
  const AskAndJudge ask = [&](const data::PromptBatch& asked, int64_t round) {
    check_prompts(asked);
    return state.ask_and_judge(asked, step, round, times, report.metrics, stop);
  };
  JudgedGroups groups =
      config.dynamic_sample ? sample_dynamically(config, prompts, more, ask, report.metrics) : ask(prompts, 0);
  report.completions = std::move(groups.completions);
  report.scores = std::move(groups.scores);

  state.engine.release_weights();  // until state.follow(): gradients and these are never there at once

  // Compare: how far each completion is above its own group.
  std::vector<GrpoSample> samples = state.samples(report);
  GrpoUpdates updates(state.policy, state.reference ? &*state.reference : nullptr, state.optimizer, config,
                      state.num_threads, times);
  updates.score_before(pointers(samples));
  state.compare(report, samples, step);

  // Learn: each update normalised over all tokens of its minibatch.
  const double learning_rate = learning_rate_at(config.schedule, step, num_steps);
  std::vector<UpdateStats> stats;
  for (int64_t pass = 0; pass < config.num_iterations; ++pass) {
    const Random random(state.seed, "minibatches/" + state.stage,
                        {static_cast<uint64_t>(step), static_cast<uint64_t>(pass)});
    for (const Samples& minibatch : make_minibatches(samples, std::ssize(report.completions.prompts), config, random)) {
      stats.push_back(updates.run(minibatch, learning_rate));
    }
  }
  if (weight_bytes(state.policy) >= kWorthReturning) ops::return_kept_memory();
  state.follow(step);

  report.metrics["learning_rate"] = learning_rate;
  state.add_metrics(report, stats);
  times.add_to(report.metrics);
  report.metrics["tokens_per_second"] = report.metrics["num_tokens"] / report.metrics["step_time"];
  return report;
}

// Groups of one round: what is left from before goes first. Rewards begin as completions end.
JudgedGroups GrpoTrainer::State::ask_and_judge(const data::PromptBatch& prompts, int64_t step, int64_t round,
                                               PhaseTimes& times, Metrics& metrics, std::stop_token stop) {
  GroupRollout rollout(config, scorer, num_threads, carried, prompts, step);
  // A prompt that comes again in a later round is answered anew.
  const std::string purpose = round == 0 ? stage : fmt::format("{}/resample-{}", stage, round);
  rollout.ask(engine, {.seed = seed, .stage = purpose}, stop);
  times.lap("generate");
  JudgedGroups groups = rollout.judge(metrics, stop);
  carried = rollout.take_left();
  if (config.soft_punish_cache > 0) {
    add_reward(
        kOverlongReward, 1.0,
        soft_overlong_punishment(groups.completions, config.sampling.max_completion_length, config.soft_punish_cache),
        groups.scores);
  }
  times.lap("reward");
  return groups;
}

// Of all judged completions, but those that need not be scored because they are left out.
std::vector<GrpoSample> GrpoTrainer::State::samples(const StepReport& report) const {
  std::vector<GrpoSample> samples = make_samples(report.completions, report.scores, config);
  if (config.mask_truncated_completions && !config.kl_in_reward) leave_out_truncated(samples);
  if (config.router_replay == "R3") recall_routes(report.completions, policy.config(), samples);
  return samples;
}

void GrpoTrainer::State::compare(StepReport& report, std::vector<GrpoSample>& samples, int64_t step) const {
  if (config.kl_in_reward) {
    add_reward("kl", -config.loss.beta, kl_to_reference(samples, report.completions, config), report.scores);
  }
  const at::Tensor advantage_N = objective::advantages(rewards_of(report.scores, report.completions),
                                                       config.sampling.num_generations, config.advantage);
  const double* values = advantage_N.const_data_ptr<double>();
  report.advantages.assign(values, values + advantage_N.numel());
  if (config.shuffle_advantages) {
    Random(seed, "shuffle_advantages/" + stage, {static_cast<uint64_t>(step)}).shuffle(report.advantages);
  }
  set_advantages(samples, report.completions, report.advantages);
  if (config.mask_truncated_completions) leave_out_truncated(samples);
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

void GrpoTrainer::State::add_metrics(StepReport& report, const std::vector<UpdateStats>& updates) const {
  Metrics& metrics = report.metrics;
  add_completion_metrics(report.completions, metrics);
  add_reward_metrics(report.scores, total_rewards(report.scores), config.sampling.num_generations, metrics);
  add_update_metrics(updates, config, metrics);
  metrics["peak_rss_bytes"] = static_cast<double>(report::peak_rss_bytes());
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
