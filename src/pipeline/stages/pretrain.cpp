// Stage `pretrain`: a fresh model learns the corpus until it solves enough held-out problems, then cools down.
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "aha/core/error.h"
#include "aha/core/log.h"
#include "pipeline/data_source.h"
#include "pipeline/mixture.h"
#include "pipeline/recipe.h"
#include "pipeline/supervised_training.h"

namespace aha::pipeline {
namespace {

struct PretrainedModel {
  std::string config, path;
  template <class Fields>
  void visit(Fields& field) {
    field("config", config, "config.json of the model that is made");
    field("path", path, "Hugging Face folder of the model that goes on learning, instead of config");
  }
};

/// The constant-rate phase ends when held-out pass@1 reaches the threshold.
struct StopAtConfig {
  double pass_at_1 = 0.15;
  int64_t every_tokens = 100'000;
  EvalConfig eval;
  template <class Fields>
  void visit(Fields& field) {
    field("pass@1", pass_at_1, "held-out pass@1 at which the learning rate starts to fall", between(0, 1));
    field("every_tokens", every_tokens, "tokens between measurements", at_least(1));
    eval.visit(field);
  }
};

struct PretrainConfig {
  StageHead head;
  PretrainedModel model;
  std::optional<model::LoraConfig> lora;
  std::vector<ConfigTree> data;
  int64_t tokens_per_step = 512;
  int64_t max_tokens = 2'500'000;
  SequenceOptions sequences;
  std::optional<StopAtConfig> stop_at;
  train::SftConfig training;
  LoopConfig loop;

  PretrainConfig() {
    training.schedule = {.learning_rate = 2.5e-3, .lr_scheduler_type = "wsd", .warmup_steps = 50, .min_lr_ratio = 0.02};
    training.optimizer.weight_decay = 0.1;
    loop.logging_steps = 10;
    loop.save_steps = 500;
  }

  template <class Fields>
  void visit(Fields& field) {
    head.visit(field);
    field("model", model, "what is trained", required());
    field("lora", lora, "low-rank adapters, trained instead of the weights; needs model.path");
    field("data", data, "documents: generators, files, datasets of stages above");
    field("tokens_per_step", tokens_per_step, "tokens of a batch, prompts included", at_least(1));
    field("max_tokens", max_tokens, "cap on the tokens of the whole stage", at_least(1));
    sequences.visit(field);
    field("stop_at", stop_at, "ends the constant-rate phase by held-out pass@1; absent: by max_tokens");
    visit_sft(training, field);
    loop.visit(field);
  }
};

class PretrainTraining final : public SupervisedTraining {
 public:
  PretrainTraining(Policy policy, const PretrainConfig& config, const std::vector<DataItem>& items,
                   const StageContext& context)
      : SupervisedTraining(std::move(policy), config.training, config.loop, context, config.head),
        config_(config),
        mixture_(open_data_sources(items, context, static_cast<uint64_t>(*config.head.seed),
                                   within_context(config.sequences, model().config().max_position_embeddings)),
                 static_cast<uint64_t>(*config.head.seed), "mixture/" + config.head.name) {
    if (!config.stop_at) return;
    const uint64_t seed = static_cast<uint64_t>(*config.head.seed);
    criterion_.emplace(config.stop_at->eval, context, "stop_at/" + config.head.name, seed);
  }

  int64_t num_steps() const override {
    const int64_t most = std::max<int64_t>(1, config_.max_tokens / config_.tokens_per_step);
    if (decay_from_ < 0) return most;
    const double share = 1.0 - config_.training.schedule.decay_ratio;
    return std::min(most, static_cast<int64_t>(std::llround(static_cast<double>(decay_from_) / std::max(share, 1e-9))));
  }

  bool should_measure(int64_t step) const override {
    const bool is_last = criterion_ && step == num_steps();
    return is_last || asks_criterion(step) || SupervisedTraining::should_measure(step);
  }

  Metrics measure(int64_t step, std::stop_token stop) override {
    Metrics metrics;
    if (SupervisedTraining::should_measure(step)) metrics = SupervisedTraining::measure(step, stop);
    if (!asks_criterion(step) && !metrics.empty()) return metrics;
    const evaluate::Evaluation found = measure_with(*criterion_, step, stop);
    for (const auto& [name, value] : eval_metrics(found)) metrics.try_emplace(name, value);
    if (asks_criterion(step) && found.pass_at_1 >= config_.stop_at->pass_at_1) {
      decay_from_ = step;
      log::info(fmt::format("{}: pass@1 {:.3f} at step {}; the learning rate falls until step {}", config_.head.name,
                            found.pass_at_1, step, num_steps()));
    }
    return metrics;
  }

  std::string measured_task() const override {
    return config_.stop_at ? config_.stop_at->eval.task : SupervisedTraining::measured_task();
  }

  nlohmann::json cursor() const override { return {{"mixture", mixture_.cursor()}, {"decay_from", decay_from_}}; }
  void set_cursor(const nlohmann::json& cursor) override {
    mixture_.set_cursor(cursor.at("mixture"));
    decay_from_ = cursor.at("decay_from").get<int64_t>();
  }

 protected:
  std::vector<data::TrainingSequence> next_batch(int64_t) override {
    std::vector<data::TrainingSequence> batch;
    int64_t tokens = 0;
    while (tokens < config_.tokens_per_step) {
      batch.push_back(mixture_.next());
      tokens += std::ssize(batch.back().token_ids);
    }
    return batch;
  }

 private:
  bool asks_criterion(int64_t step) const {
    if (!criterion_ || decay_from_ >= 0 || step == 0 || step >= decay_begin()) return false;
    return step % std::max<int64_t>(1, config_.stop_at->every_tokens / config_.tokens_per_step) == 0;
  }

  // Where the schedule turns down by itself if the criterion is never met.
  int64_t decay_begin() const {
    const double share = 1.0 - config_.training.schedule.decay_ratio;
    return static_cast<int64_t>(share * static_cast<double>(num_steps()));
  }

  const PretrainConfig& config_;
  Mixture mixture_;
  std::optional<HeldOutEval> criterion_;
  int64_t decay_from_ = -1;
};

class PretrainStage final : public ConfiguredStage<PretrainConfig> {
 public:
  Artifact artifact() const override { return Artifact::kModel; }
  std::string model_config() const override {
    return config_.model.config.empty() ? config_of(source()) : config_.model.config;
  }
  MemoryNeeds memory() const override {
    return {.trains = true,
            .optim = config_.training.optimizer.optim,
            .has_average = config_.training.optimizer.ema_decay > 0,
            .cache_bytes = EngineConfig().cache_bytes,
            .lora = config_.lora};
  }

  void complete(const Recipe& recipe, const std::string& path, ConfigErrors& errors) override {
    check_model(path, errors);
    items_ = read_data_items(config_.data, path + ".data", errors);
    if (items_.empty()) errors.add(path + ".data", "is missing or empty; name what is learned from");
    EvalDefaults defaults;
    if (!recipe.tasks.empty()) defaults.task = recipe.tasks.begin()->first;
    if (config_.loop.eval) complete_eval(*config_.loop.eval, defaults, path + ".eval", errors);
    if (!config_.stop_at) return;
    complete_eval(config_.stop_at->eval, defaults, path + ".stop_at", errors);
    if (config_.training.schedule.lr_scheduler_type != "wsd") {
      errors.add(path + ".lr_scheduler_type", "must be wsd where stop_at ends the constant-rate phase");
    }
  }

  StageInputs inputs(const std::string& path) const override {
    StageInputs inputs;
    if (!config_.model.config.empty()) inputs.files.push_back({path + ".model.config", config_.model.config});
    add_model_input(source(), path + ".model.path", "model", inputs);
    add_data_inputs(items_, path + ".data", inputs);
    if (config_.loop.eval) add_eval_inputs(*config_.loop.eval, path + ".eval", inputs);
    if (config_.stop_at) add_eval_inputs(config_.stop_at->eval, path + ".stop_at", inputs);
    return inputs;
  }

  std::vector<std::string> plan() const override {
    std::vector<std::string> lines = {
        fmt::format("{} tokens a step, at most {} steps = {} tokens", config_.tokens_per_step,
                    std::max<int64_t>(1, config_.max_tokens / config_.tokens_per_step), config_.max_tokens)};
    if (config_.stop_at) {
      lines.push_back(
          fmt::format("cools down once held-out pass@1 of {} reaches {} ({} prompts x {} samples every {} tokens)",
                      config_.stop_at->eval.task, config_.stop_at->pass_at_1, config_.stop_at->eval.num_prompts,
                      config_.stop_at->eval.num_samples, config_.stop_at->every_tokens));
    }
    return lines;
  }

  void run(const StageContext& context) override {
    Policy policy = config_.model.config.empty() ? load_policy(source(), config_.lora, seed(), context)
                                                 : Policy{fresh_model(*context.tokenizer), ""};
    PretrainTraining training(std::move(policy), config_, items_, context);
    run_training(training, config_.loop, context, config_.head.name);
  }

 private:
  ModelSource source() const { return {.stage = {}, .path = config_.model.path, .name = config_.model.path}; }

  void check_model(const std::string& path, ConfigErrors& errors) const {
    const PretrainedModel& model = config_.model;
    if (model.config.empty() && model.path.empty()) {
      errors.add(path + ".model.config", "is missing: give a config.json for fresh weights, or path: a model folder");
    }
    if (!model.config.empty() && !model.path.empty()) {
      errors.add(path + ".model.path", "stands beside config; keep one of them");
    }
    check_lora(config_.lora, config_.training.optimizer, config_.training.bias_update_rate, path, errors);
    if (config_.lora && model.path.empty()) {
      errors.add(path + ".lora", "needs model.path: beside adapters, fresh weights would stay as they were drawn");
    }
  }

  model::Model fresh_model(const data::Tokenizer& tokenizer) const {
    model::ModelConfig shape = model::load_model_config(config_.model.config);
    take_special_tokens(shape, tokenizer);
    return model::Model::make(shape, seed());
  }

  void take_special_tokens(model::ModelConfig& shape, const data::Tokenizer& tokenizer) const {
    if (shape.vocab_size < tokenizer.vocab_size()) {
      throw InputError(config_.model.config, fmt::format("vocab_size is {}, but the tokenizer has {} ids; raise it",
                                                         shape.vocab_size, tokenizer.vocab_size()));
    }
    shape.bos_token_id = tokenizer.bos_id();
    shape.pad_token_id = tokenizer.pad_id();
    shape.eos_token_ids.clear();
    for (const int32_t id : tokenizer.eos_ids()) shape.eos_token_ids.push_back(id);
  }

  std::vector<DataItem> items_;
};

}  // namespace

std::unique_ptr<Stage> make_pretrain_stage() { return std::make_unique<PretrainStage>(); }

}  // namespace aha::pipeline
