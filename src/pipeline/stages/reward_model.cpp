// Stage `reward_model`: a language model's body learns to judge completions by one score.
#include <memory>

#include "aha/train/reward_trainer.h"
#include "pipeline/model_source.h"
#include "pipeline/preference_training.h"

namespace aha::pipeline {
namespace {

struct RewardModelConfig {
  StageHead head;
  std::string init_from;
  std::optional<ModelFolder> model;
  std::string loss = "pairwise";
  PreferenceConfig preferences;
  train::RewardTrainerConfig training;
  LoopConfig loop;

  RewardModelConfig() { training.update.schedule.lr_scheduler_type = "linear"; }

  template <class Fields>
  void visit(Fields& field) {
    head.visit(field);
    field("init_from", init_from, "the stage whose language model is given a score head");
    field("model", model, "the folder of that language model, instead of init_from");
    field("loss", loss, "pairwise: rows compare two completions; pointwise: rows say whether one is good",
          one_of({"pairwise", "pointwise"}));
    preferences.visit(field);
    training.visit(field);
    loop.visit_steps(field);
  }
};

class RewardModelStage final : public ConfiguredStage<RewardModelConfig> {
 public:
  Artifact artifact() const override { return Artifact::kRewardModel; }
  MemoryNeeds memory() const override {
    return {.trains = true,
            .optim = config_.training.update.optimizer.optim,
            .has_average = config_.training.update.optimizer.ema_decay > 0};
  }
  std::string model_config() const override { return config_of(source_); }

  void complete(const Recipe&, const std::string& path, ConfigErrors& errors) override {
    source_ = read_start(config_.init_from, config_.model, path, errors);
    check_preference_config(config_.preferences, path, errors);
    if (config_.loss == "pointwise" && config_.training.center_rewards_coefficient > 0) {
      errors.add(path + ".center_rewards_coefficient",
                 "is for loss: pairwise; a pointwise loss says where zero is by itself");
    }
  }

  StageInputs inputs(const std::string& path) const override {
    StageInputs inputs;
    add_model_input(source_, path + (config_.model ? ".model.path" : ".init_from"), "init_from", inputs);
    add_preference_inputs(config_.preferences, path, inputs);
    return inputs;
  }

  std::vector<std::string> plan() const override {
    return preference_plan(config_.preferences, config_.loss == "pairwise" ? "pairs" : "completions");
  }

  void run(const StageContext& context) override {
    Policy policy = load_policy(source_, std::nullopt, seed(), context);
    policy.model = policy.model.as_reward_model(seed());
    const int64_t length = policy.model.config().max_position_embeddings;
    if (config_.loss == "pairwise") {
      train_on(std::move(policy), load_pairs(config_.preferences, *context.tokenizer, length), context);
    } else {
      train_on(std::move(policy), load_labelled(config_.preferences, *context.tokenizer, length), context);
    }
  }

 private:
  template <class Row>
  void train_on(Policy policy, std::vector<Row> rows, const StageContext& context) {
    RowTraining<train::RewardTrainer, Row> training(std::move(policy), std::move(rows), config_.preferences,
                                                    config_.training.update.schedule, config_.loop, context,
                                                    config_.head, config_.training);
    run_training(training, config_.loop, context, config_.head.name);
  }

  ModelSource source_;
};

}  // namespace

std::unique_ptr<Stage> make_reward_model_stage() { return std::make_unique<RewardModelStage>(); }

}  // namespace aha::pipeline
