// Stage `sft`: a model imitates chosen completions, epoch by epoch.
#include <fmt/format.h>

#include "aha/core/error.h"
#include "pipeline/data_source.h"
#include "pipeline/epoch_batches.h"
#include "pipeline/recipe.h"
#include "pipeline/supervised_training.h"

namespace aha::pipeline {
namespace {

struct SftStageConfig {
  StageHead head;
  std::string init_from;
  std::optional<ModelFolder> model;
  std::optional<model::LoraConfig> lora;
  std::vector<ConfigTree> data;
  std::string template_name = "plain";
  int64_t epochs = 2;
  int64_t max_steps = 0;
  int64_t tokens_per_step = 1024;
  SequenceOptions sequences;
  train::SftConfig training;
  LoopConfig loop;

  SftStageConfig() { training.schedule = {.learning_rate = 5e-4, .lr_scheduler_type = "linear"}; }

  template <class Fields>
  void visit(Fields& field) {
    head.visit(field);
    field("init_from", init_from, "the stage whose model is trained");
    field("model", model, "the folder whose model is trained, instead of init_from");
    field("lora", lora, "low-rank adapters, trained instead of the weights; absent: the weights");
    field("data", data, "rejection_sampling stages by name, files by path, generators");
    field("template", template_name, "how a row's prompt is asked: plain, r1_zero, chat");
    field("epochs", epochs, "passes over the data", at_least(1));
    field("max_steps", max_steps, "stops after this many steps; 0: after the epochs", at_least(0));
    field("tokens_per_step", tokens_per_step, "tokens of a batch, prompts included", at_least(1));
    sequences.visit(field);
    visit_sft(training, field);
    loop.visit(field);
  }
};

class SftTraining final : public SupervisedTraining {
 public:
  SftTraining(Policy policy, const SftStageConfig& config, const std::vector<DataItem>& items,
              const StageContext& context)
      : SupervisedTraining(std::move(policy), config.training, config.loop, context, config.head),
        config_(config),
        batches_(open_data_sources(items, context, static_cast<uint64_t>(*config.head.seed), sequence_options()),
                 {.seed = static_cast<uint64_t>(*config.head.seed),
                  .purpose = "data/" + config.head.name,
                  .epochs = config.epochs,
                  .tokens_per_step = config.tokens_per_step}) {}

  StepResult step(int64_t step, std::stop_token stop) override {
    StepResult result = SupervisedTraining::step(step, stop);
    const double share = static_cast<double>(step + 1) / static_cast<double>(batches_.size());
    result.metrics["epoch"] = share * static_cast<double>(config_.epochs);
    return result;
  }

  int64_t num_steps() const override { return config_.max_steps > 0 ? config_.max_steps : batches_.size(); }

 protected:
  std::vector<data::TrainingSequence> next_batch(int64_t step) override { return batches_.batch(step); }

 private:
  SequenceOptions sequence_options() const {
    SequenceOptions options = within_context(config_.sequences, model().config().max_position_embeddings);
    options.template_name = config_.template_name;
    return options;
  }

  const SftStageConfig& config_;
  EpochBatches batches_;
};

class SftStage final : public ConfiguredStage<SftStageConfig> {
 public:
  Artifact artifact() const override { return Artifact::kModel; }
  MemoryNeeds memory() const override {
    return {.trains = true,
            .optim = config_.training.optimizer.optim,
            .has_average = config_.training.optimizer.ema_decay > 0,
            .cache_bytes = config_.loop.eval ? EngineConfig().cache_bytes : 0,
            .lora = config_.lora};
  }
  std::string model_config() const override { return config_of(source_); }

  void complete(const Recipe& recipe, const std::string& path, ConfigErrors& errors) override {
    source_ = read_start(config_.init_from, config_.model, path, errors);
    check_lora(config_.lora, config_.training.optimizer, config_.training.bias_update_rate, path, errors);
    items_ = read_data_items(config_.data, path + ".data", errors);
    if (items_.empty()) errors.add(path + ".data", "is missing or empty; name what is learned from");
    for (size_t i = 0; i < items_.size(); ++i) {
      if (items_[i].generator && items_[i].generator->max_examples == 0) {
        errors.add(path + ".data." + std::to_string(i) + ".max_examples",
                   "is missing: an epoch needs a number of documents");
      }
    }
    check_template(config_.template_name, path + ".template", errors);
    if (!config_.loop.eval) return;
    EvalDefaults defaults;
    defaults.template_name = config_.template_name;
    if (!recipe.tasks.empty()) defaults.task = recipe.tasks.begin()->first;
    complete_eval(*config_.loop.eval, defaults, path + ".eval", errors);
  }

  StageInputs inputs(const std::string& path) const override {
    StageInputs inputs;
    add_model_input(source_, path + (config_.model ? ".model.path" : ".init_from"), "init_from", inputs);
    add_data_inputs(items_, path + ".data", inputs);
    if (config_.loop.eval) add_eval_inputs(*config_.loop.eval, path + ".eval", inputs);
    return inputs;
  }

  std::vector<std::string> plan() const override {
    std::string length =
        config_.max_steps > 0 ? fmt::format("{} steps", config_.max_steps) : fmt::format("{} epochs", config_.epochs);
    return {fmt::format("{} tokens a step, {} over {} source{}", config_.tokens_per_step, length, items_.size(),
                        items_.size() == 1 ? "" : "s")};
  }

  void run(const StageContext& context) override {
    SftTraining training(load_policy(source_, config_.lora, seed(), context), config_, items_, context);
    run_training(training, config_.loop, context, config_.head.name);
  }

 private:
  ModelSource source_;
  std::vector<DataItem> items_;
};

}  // namespace

std::unique_ptr<Stage> make_sft_stage() { return std::make_unique<SftStage>(); }

}  // namespace aha::pipeline
