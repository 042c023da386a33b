// Stage `grpo`: reinforcement learning on prompts with rewards, group by group.
#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "aha/core/error.h"
#include "aha/core/log.h"
#include "aha/data/jsonl.h"
#include "aha/train/grpo_trainer.h"
#include "pipeline/prompt_order.h"
#include "pipeline/recipe.h"
#include "pipeline/reward_reference.h"
#include "pipeline/reward_services.h"
#include "pipeline/reward_watch.h"
#include "pipeline/supervised_training.h"

namespace aha::pipeline {
namespace {

struct GrpoStageConfig {
  StageHead head;
  std::string init_from;
  std::optional<ModelFolder> model;
  std::optional<model::LoraConfig> lora;
  std::vector<std::string> prompts;
  std::string template_name = "plain";
  int64_t prompts_per_step = 8;
  double oversampling = 1.0;
  int64_t max_steps = 100;
  std::vector<reward::RewardConfig> rewards;
  train::GrpoConfig training;
  EngineConfig engine;
  LoopConfig loop;

  GrpoStageConfig() {
    training.sampling.num_generations = 8;
    training.schedule.learning_rate = 1e-6;
    loop.save_steps = 50;
    loop.eval_steps = 20;
  }

  template <class Fields>
  void visit(Fields& field) {
    head.visit(field);
    field("init_from", init_from, "the stage whose model is trained");
    field("model", model, "the folder whose model is trained, instead of init_from");
    field("lora", lora, "low-rank adapters, trained instead of the weights; absent: the weights");
    field("prompts", prompts, "tasks whose training prompts are asked; default: all of the recipe's");
    field("template", template_name, "how a problem becomes a prompt: plain, r1_zero, chat");
    field("prompts_per_step", prompts_per_step, "prompts a step", at_least(1));
    field("oversampling", oversampling,
          "how many times as many are asked; a step ends when prompts_per_step are complete", between(1, 16));
    field("max_steps", max_steps, "steps of the stage", at_least(1));
    field("rewards", rewards, "what is judged; a bare name means its last definition");
    training.sampling.visit(field);
    training.loss.visit(field);
    training.advantage.visit(field);
    visit_training(field);
    training.schedule.visit(field);
    training.optimizer.visit(field);
    engine.visit(field);
    loop.visit(field);
  }

  int64_t prompts_asked() const {
    constexpr double kRounding = 1e-9;  // 1.1 * 10 is a little more than 11
    return static_cast<int64_t>(std::ceil(static_cast<double>(prompts_per_step) * oversampling - kRounding));
  }

  template <class Fields>
  void visit_training(Fields& field) {
    train::GrpoConfig& c = training;
    field("old_logprobs", c.old_logprobs,
          "whose log-probs the ratio is taken against: as sampled, or the training forward's before the first update",
          one_of({"sampler", "forward"}));
    field("kl_in_reward", c.kl_in_reward, "takes beta times a completion's KL off its reward, instead of the loss");
    field("top_entropy_quantile", c.top_entropy_quantile,
          "share of the tokens, by entropy, that the policy learns from", between(0, 1));
    field("mask_truncated_completions", c.mask_truncated_completions, "leaves cut completions out of the loss");
    field("soft_punish_cache", c.soft_punish_cache,
          "last tokens of max_completion_length, over which a penalty falls to -1; 0: none", at_least(0));
    field("shuffle_advantages", c.shuffle_advantages, "control: permutes advantages, which must not teach");
    field("sync_ref_model", c.sync_ref_model, "whether the reference follows the policy");
    field("ref_model_mixup_alpha", c.ref_model_mixup_alpha, "share of the policy in the new reference", between(0, 1));
    field("ref_model_sync_steps", c.ref_model_sync_steps, "steps between syncs of the reference", at_least(1));
    field("dynamic_sample", c.dynamic_sample, "asks other prompts in place of groups whose rewards are all equal");
    field("max_resample_times", c.max_resample_times, "most rounds of further prompts a step", at_least(1));
    field("router_replay", c.router_replay,
          "experts of a token in training: its own, R2 those of the old log-probs' pass, R3 those of the rollout",
          one_of({"none", "R2", "R3"}));
    field("num_iterations", c.num_iterations, "passes over a rollout", at_least(1));
    field("num_minibatches", c.num_minibatches, "optimizer steps a pass; whole groups each", at_least(1));
    field("tokens_per_micro_batch", c.tokens_per_micro_batch, "tokens one worker takes at a time", at_least(1));
    field("shared_prompt", c.shared_prompt, "computes a group's prompt once for all of its completions");
    field("gradient_checkpointing", c.gradient_checkpointing, "computes layers again going backward, for less memory");
    field("bf16", c.bf16, "rounds the operands of training's matrix products to bfloat16");
    field("bias_update_rate", c.bias_update_rate, "step of the expert bias that balances the load", at_least(0));
    field("partial_rollouts", c.partial_rollouts, "goes on in the next step with what oversampling has cut off");
    field("max_staleness", c.max_staleness, "steps after which what was cut off begins anew", at_least(1));
  }
};

nlohmann::ordered_json number_or_null(const std::optional<double>& value) {
  return value ? nlohmann::ordered_json(*value) : nlohmann::ordered_json();
}

// One line of completions.jsonl per completion.
std::string completion_lines(const train::StepReport& report, int64_t step) {
  std::string lines;
  for (size_t i = 0; i < report.completions.completions.size(); ++i) {
    const data::Completion& completion = report.completions.completions[i];
    nlohmann::ordered_json rewards = nlohmann::ordered_json::object();
    for (size_t r = 0; r < report.scores.names.size(); ++r) {
      rewards[report.scores.names[r]] = number_or_null(report.scores.values[r][i]);
    }
    lines += data::json_line({{"step", step},
                              {"prompt", report.completions.prompts[completion.prompt_index].text},
                              {"sample", completion.sample_index},
                              {"completion", completion.text},
                              {"rewards", std::move(rewards)},
                              {"reward", number_or_null(report.scores.total[i])},
                              {"advantage", report.advantages[i]},
                              {"length", completion.token_ids.size()},
                              {"finish_reason", data::finish_reason_name(completion.finish_reason)}});
  }
  return lines;
}

class GrpoTraining final : public Training {
 public:
  GrpoTraining(Policy policy, const GrpoStageConfig& config, const StageContext& context)
      : config_(config),
        context_(context),
        policy_(std::move(policy)),
        order_(context.tasks.training_prompts(config.prompts, config.template_name, *context.tokenizer),
               static_cast<uint64_t>(*config.head.seed), "prompts/" + config.head.name),
        trainer_(policy_.model, context.tokenizer, config.training, make_scorer(config, context),
                 static_cast<uint64_t>(*config.head.seed), config.head.name, engine_options(config.engine, context)),
        watch_(config.rewards, num_evaluations(config)) {
    trainer_.check_prompts(order_.prompts());
    for (const std::string& notice : RewardWatch::notices(config.rewards)) log::info(notice);
    if (config.loop.eval) {
      eval_.emplace(*config.loop.eval, context, "eval/" + config.head.name, static_cast<uint64_t>(*config.head.seed));
    }
  }

  int64_t num_steps() const override { return config_.max_steps; }
  bool has_completions() const override { return true; }

  StepResult step(int64_t step, std::stop_token stop) override {
    int64_t taken = prompts_taken_;  // a step that is stopped takes none
    const auto take = [&](int64_t count) {
      data::PromptBatch prompts = order_.next(taken, count);
      taken += count;
      return prompts;
    };
    const data::PromptBatch prompts = take(config_.prompts_asked() - trainer_.num_carried());
    train::StepReport report = trainer_.step(prompts, step, config_.max_steps, stop, take);
    prompts_taken_ = taken;
    watch_.add_step(step + 1, report.scores, config_.training.sampling.num_generations, report.metrics);
    report.metrics["epoch"] = static_cast<double>(taken) / static_cast<double>(order_.prompts().size());
    StepResult result{.metrics = report.metrics, .completion_lines = completion_lines(report, step + 1)};
    for (const data::Completion& completion : report.completions.completions) {
      const auto& prompt = report.completions.prompts[completion.prompt_index].token_ids;
      result.tokens += std::ssize(completion.token_ids) + std::ssize(prompt);
    }
    last_ = std::move(report.metrics);
    return result;
  }

  bool should_measure(int64_t step) const override {
    if (!eval_) return false;
    const bool is_due = config_.loop.eval_steps > 0 && step % config_.loop.eval_steps == 0;
    return is_due || step == 0 || step == config_.max_steps;
  }
  Metrics measure(int64_t step, std::stop_token stop) override {
    evaluate::Evaluation evaluation;
    {
      const train::AverageScope average(trainer_.optimizer(), policy_.model);
      refresh_engine();
      evaluation = eval_->measure(trainer_.engine(), step, stop);  // a stop ends the stage, and its engine
    }
    refresh_engine();
    Metrics metrics = eval_metrics(evaluation);
    watch_.add_measurement(step, evaluation.scores, evaluation.completions.num_generations, metrics);
    return metrics;
  }

  std::string measured_task() const override { return config_.loop.eval ? config_.loop.eval->task : std::string(); }

  const model::Model& model() const override { return policy_.model; }
  std::string base_model() const override { return policy_.base; }
  void save(const std::filesystem::path& folder) const override { trainer_.save(folder); }
  void load(const std::filesystem::path& folder) override {
    restore_policy(policy_.model, folder, context_);
    trainer_.load(folder, order_.prompts());
    trainer_.engine().update_weights();
  }

  void finish() override { trainer_.optimizer().swap_average(policy_.model); }

  nlohmann::json cursor() const override { return {{"prompts_taken", prompts_taken_}, {"watch", watch_.state()}}; }
  void set_cursor(const nlohmann::json& cursor) override {
    prompts_taken_ = cursor.at("prompts_taken").get<int64_t>();
    watch_.set_state(cursor.value("watch", nlohmann::json::object()));
  }

  std::string note() const override {
    const auto of = [&](const char* name) {
      const auto found = last_.find(name);
      return found == last_.end() ? 0.0 : found->second;
    };
    return fmt::format("reward {:.3f}  length {:.1f}", of("reward"), of("completions/mean_length"));
  }

 private:
  static reward::Scorer make_scorer(const GrpoStageConfig& config, const StageContext& context) {
    reward::Scorer scorer(config.rewards, context.services);
    for (const std::string& task : config.prompts) {
      scorer.check_examples(context.tasks.examples(task, data::Split::kTrain), "tasks." + task);
    }
    return scorer;
  }

  static int64_t num_evaluations(const GrpoStageConfig& config) {
    if (!config.loop.eval || config.loop.eval_steps <= 0) return 0;
    return 1 + config.max_steps / config.loop.eval_steps + (config.max_steps % config.loop.eval_steps != 0);
  }

  // The average is written with as it is measured, the weights as they are trained otherwise.
  void refresh_engine() {
    if (config_.training.optimizer.ema_decay > 0) trainer_.engine().update_weights();
  }

  const GrpoStageConfig& config_;
  const StageContext& context_;
  Policy policy_;
  PromptOrder order_;
  int64_t prompts_taken_ = 0;
  train::GrpoTrainer trainer_;
  std::optional<HeldOutEval> eval_;
  RewardWatch watch_;
  Metrics last_;
};

class GrpoStage final : public ConfiguredStage<GrpoStageConfig> {
 public:
  Artifact artifact() const override { return Artifact::kModel; }
  MemoryNeeds memory() const override {
    return {.trains = true,
            .optim = config_.training.optimizer.optim,
            .has_reference = config_.training.loss.beta > 0,
            .has_average = config_.training.optimizer.ema_decay > 0,
            .cache_bytes = config_.engine.cache_bytes,
            .lora = config_.lora};
  }
  std::string model_config() const override { return config_of(source_); }

  void complete(const Recipe& recipe, const std::string& path, ConfigErrors& errors) override {
    source_ = read_start(config_.init_from, config_.model, path, errors);
    check_engine(config_.engine, path, errors);
    check_lora(config_.lora, config_.training.optimizer, config_.training.bias_update_rate, path, errors);
    if (config_.prompts.empty()) {
      for (const auto& [name, task] : recipe.tasks) config_.prompts.push_back(name);
    }
    if (config_.prompts.empty()) errors.add(path + ".prompts", "is empty, and the recipe has no tasks to fill it");
    check_template(config_.template_name, path + ".template", errors);
    check_rewards(config_.rewards, path + ".rewards", errors);
    check_watches(config_.rewards, path + ".rewards", errors);
    if (config_.oversampling > 1) config_.training.enough_prompts = config_.prompts_per_step;
    check_group(path, errors);
    if (!config_.loop.eval) return;
    const EvalDefaults defaults = {.task = config_.prompts.empty() ? "" : config_.prompts.front(),
                                   .template_name = config_.template_name,
                                   .max_completion_length = config_.training.sampling.max_completion_length};
    complete_eval(*config_.loop.eval, defaults, path + ".eval", errors);
    measure_watched(config_.rewards, config_.loop.eval->rewards);
  }

  StageInputs inputs(const std::string& path) const override {
    StageInputs inputs;
    add_model_input(source_, path + (config_.model ? ".model.path" : ".init_from"), "init_from", inputs);
    for (size_t i = 0; i < config_.prompts.size(); ++i) {
      inputs.tasks.push_back({path + ".prompts." + std::to_string(i), config_.prompts[i], data::Split::kTrain});
    }
    add_reward_inputs(config_.rewards, path + ".rewards", inputs);
    if (config_.loop.eval) add_eval_inputs(*config_.loop.eval, path + ".eval", inputs);
    return inputs;
  }

  std::vector<std::string> plan() const override {
    const train::GrpoConfig& training = config_.training;
    const int64_t asked = config_.prompts_asked(), group = training.sampling.num_generations;
    const int64_t longest = training.sampling.max_completion_length;
    std::vector<std::string> lines = {
        fmt::format("{} prompts x {} generations = {} completions a step, at most {} x {} = {} new tokens", asked,
                    group, asked * group, asked * group, longest, asked * group * longest),
        fmt::format("{} optimizer steps a rollout ({} passes x {} mini-batches), {} steps",
                    training.num_iterations * training.num_minibatches, training.num_iterations,
                    training.num_minibatches, config_.max_steps)};
    if (training.enough_prompts > 0) {
      lines.push_back(fmt::format("a step ends with {} complete groups; the others are {}", training.enough_prompts,
                                  training.partial_rollouts ? "gone on with in the next" : "thrown away"));
    }
    if (training.dynamic_sample) {
      lines.push_back(fmt::format("groups of equal rewards are replaced, at most {} times a step: up to {} completions",
                                  training.max_resample_times, (1 + training.max_resample_times) * asked * group));
    }
    return lines;
  }

  void run(const StageContext& context) override {
    GrpoTraining training(load_policy(source_, config_.lora, seed(), context), config_, context);
    run_training(training, config_.loop, context, config_.head.name);
  }

 private:
  void check_group(const std::string& path, ConfigErrors& errors) const {
    const train::GrpoConfig& training = config_.training;
    if (config_.rewards.empty())
      errors.add(path + ".rewards", "is missing or empty; without a reward nothing is learned");
    for (const train::ConfigFinding& finding : train::contradictions(training)) {
      errors.add(path + "." + finding.key, finding.sentence);
    }
    if (training.num_minibatches > config_.prompts_per_step) {
      errors.add(path + ".num_minibatches", "must be at most prompts_per_step: a mini-batch holds whole groups");
    }
  }

  ModelSource source_;
};

}  // namespace

std::unique_ptr<Stage> make_grpo_stage() { return std::make_unique<GrpoStage>(); }

}  // namespace aha::pipeline
