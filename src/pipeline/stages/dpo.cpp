// Stage `dpo`: a policy learns from preferences directly, held to a reference.
#include <memory>

#include "aha/train/dpo_trainer.h"
#include "pipeline/model_source.h"
#include "pipeline/preference_training.h"

namespace aha::pipeline {
namespace {

struct DpoStageConfig {
  StageHead head;
  std::string init_from;
  std::optional<ModelFolder> model;
  std::optional<model::LoraConfig> lora;
  ConfigTree reference;
  PreferenceConfig preferences;
  train::DpoConfig training;
  LoopConfig loop;

  DpoStageConfig() { training.update.schedule = {.learning_rate = 1e-6, .lr_scheduler_type = "linear"}; }

  template <class Fields>
  void visit(Fields& field) {
    head.visit(field);
    field("init_from", init_from, "the stage whose model is trained");
    field("model", model, "the folder whose model is trained, instead of init_from");
    field("lora", lora, "low-rank adapters, trained instead of the weights; absent: the weights");
    field("reference", reference, "the model it is held to: a stage or {path: FOLDER}; default: what it starts from");
    preferences.visit(field);
    training.visit(field);
    loop.visit_steps(field);
  }
};

class DpoStage final : public ConfiguredStage<DpoStageConfig> {
 public:
  Artifact artifact() const override { return Artifact::kModel; }
  MemoryNeeds memory() const override {
    return {.trains = true,
            .optim = config_.training.update.optimizer.optim,
            .has_reference = true,
            .has_average = config_.training.update.optimizer.ema_decay > 0,
            .lora = config_.lora};
  }
  std::string model_config() const override { return config_of(source_); }

  void complete(const Recipe&, const std::string& path, ConfigErrors& errors) override {
    source_ = read_start(config_.init_from, config_.model, path, errors);
    reference_ =
        config_.reference.is_null() ? source_ : read_model_source(config_.reference, path + ".reference", errors);
    check_lora(config_.lora, config_.training.update.optimizer, /*rate=*/0, path, errors);
    check_preference_config(config_.preferences, path, errors);
  }

  StageInputs inputs(const std::string& path) const override {
    StageInputs inputs;
    add_model_input(source_, path + (config_.model ? ".model.path" : ".init_from"), "init_from", inputs);
    if (!config_.reference.is_null()) add_model_input(reference_, path + ".reference", "reference", inputs);
    add_preference_inputs(config_.preferences, path, inputs);
    return inputs;
  }

  std::vector<std::string> plan() const override { return preference_plan(config_.preferences, "pairs"); }

  void run(const StageContext& context) override {
    Policy policy = load_policy(source_, config_.lora, seed(), context);
    auto pairs = load_pairs(config_.preferences, *context.tokenizer, policy.model.config().max_position_embeddings);
    RowTraining<train::DpoTrainer, data::PreferencePair> training(
        std::move(policy), std::move(pairs), config_.preferences, config_.training.update.schedule, config_.loop,
        context, config_.head, load_model(reference_, context), config_.training);
    run_training(training, config_.loop, context, config_.head.name);
  }

 private:
  ModelSource source_, reference_;
};

}  // namespace

std::unique_ptr<Stage> make_dpo_stage() { return std::make_unique<DpoStage>(); }

}  // namespace aha::pipeline
