// Stage `evaluate`: the models of other stages, measured side by side on the same prompts.
#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <set>

#include "aha/core/error.h"
#include "aha/core/file.h"
#include "aha/data/jsonl.h"
#include "aha/evaluate/evaluate.h"
#include "aha/report/progress.h"
#include "pipeline/held_out_eval.h"
#include "pipeline/model_source.h"
#include "pipeline/recipe.h"
#include "pipeline/reward_reference.h"
#include "pipeline/reward_services.h"
#include "pipeline/supervised_training.h"

namespace aha::pipeline {
namespace {

using nlohmann::ordered_json;

struct EvaluateStageConfig {
  StageHead head;
  std::vector<ConfigTree> models;
  std::vector<std::string> tasks;
  std::string split = "held_out";
  std::string template_name = "plain";
  int64_t num_prompts = 0;
  int64_t num_samples = 16;
  int64_t k = 0;
  int64_t max_completion_length = 256;
  double temperature = 1.0, top_p = 1.0;
  std::vector<reward::RewardConfig> rewards;
  EngineConfig engine;

  template <class Fields>
  void visit(Fields& field) {
    head.visit(field);
    field("models", models, "stages whose models are measured, or folders: {path: FOLDER, name: NAME}", required());
    field("tasks", tasks, "tasks they are measured on; default: all of the recipe's");
    field("split", split, "held_out, or ood: one more operand than in training", one_of({"held_out", "ood"}));
    field("template", template_name, "how a problem becomes a prompt: plain, r1_zero, chat");
    field("num_prompts", num_prompts, "prompts of a task; 0: all", at_least(0));
    field("num_samples", num_samples, "completions a prompt", at_least(1));
    field("k", k, "of pass@k and cons@k; 0: num_samples", at_least(0));
    field("max_completion_length", max_completion_length, "most tokens of a completion", at_least(1));
    field("temperature", temperature, "divides the logits; 0 takes the likeliest token", at_least(0));
    field("top_p", top_p, "keeps the likeliest tokens up to this probability", between(0, 1));
    field("rewards", rewards, "what is measured; the first decides pass@1");
    engine.visit(field);
  }
};

data::Split split_of(const std::string& name) {
  return name == "ood" ? data::Split::kOutOfDistribution : data::Split::kHeldOut;
}

// The first sample of every prompt, for reading.
std::string sample_lines(const evaluate::Evaluation& evaluation, const std::string& model) {
  std::string lines;
  for (const data::Completion& completion : evaluation.completions.completions) {
    if (completion.sample_index != 0) continue;
    lines += data::json_line({{"model", model},
                              {"task", evaluation.task},
                              {"prompt", evaluation.completions.prompts[completion.prompt_index].text},
                              {"sample", 0},
                              {"completion", completion.text},
                              {"length", completion.token_ids.size()},
                              {"finish_reason", data::finish_reason_name(completion.finish_reason)}});
  }
  return lines;
}

class EvaluateStage final : public ConfiguredStage<EvaluateStageConfig> {
 public:
  Artifact artifact() const override { return Artifact::kNone; }
  MemoryNeeds memory() const override { return {.cache_bytes = config_.engine.cache_bytes}; }
  std::string model_config() const override { return sources_.empty() ? std::string() : config_of(sources_.front()); }

  void complete(const Recipe& recipe, const std::string& path, ConfigErrors& errors) override {
    read_models(path + ".models", errors);
    check_engine(config_.engine, path, errors);
    if (config_.tasks.empty()) {
      for (const auto& [name, task] : recipe.tasks) config_.tasks.push_back(name);
    }
    if (config_.k == 0) config_.k = config_.num_samples;
    if (config_.k > config_.num_samples) errors.add(path + ".k", "must be at most num_samples");
    if (config_.tasks.empty()) errors.add(path + ".tasks", "is empty, and the recipe has no tasks to fill it");
    if (config_.models.empty()) errors.add(path + ".models", "is empty; name the stages to measure");
    if (config_.rewards.empty()) errors.add(path + ".rewards", "is empty; the first reward decides pass@1");
    check_template(config_.template_name, path + ".template", errors);
    check_rewards(config_.rewards, path + ".rewards", errors);
  }

  StageInputs inputs(const std::string& path) const override {
    StageInputs inputs;
    for (size_t i = 0; i < sources_.size(); ++i) {
      add_model_input(sources_[i], path + ".models." + std::to_string(i), "model", inputs);
    }
    for (size_t i = 0; i < config_.tasks.size(); ++i) {
      inputs.tasks.push_back({path + ".tasks." + std::to_string(i), config_.tasks[i], split_of(config_.split)});
    }
    add_reward_inputs(config_.rewards, path + ".rewards", inputs);
    return inputs;
  }

  std::vector<std::string> plan() const override {
    const std::string prompts = config_.num_prompts > 0 ? std::to_string(config_.num_prompts) : std::string("all");
    return {fmt::format("{} models x {} tasks x {} {} prompts x {} samples", config_.models.size(),
                        config_.tasks.size(), prompts, config_.split, config_.num_samples)};
  }

  void run(const StageContext& context) override {
    Progress done = load_progress(context);
    const int64_t total = std::ssize(config_.models) * std::ssize(config_.tasks);
    report::Progress shown(config_.head.name, total);
    for (size_t i = done.evaluations.size(); i < static_cast<size_t>(total); ++i) {
      const ModelSource& source = sources_[i / config_.tasks.size()];
      const std::string& task = config_.tasks[i % config_.tasks.size()];
      const evaluate::Evaluation found = measure(source, task, context);
      ordered_json entry = {{"model", source.name}};
      entry.update(found.to_json());
      entry["split"] = config_.split;
      done.evaluations.push_back(std::move(entry));
      done.samples += sample_lines(found, source.name);
      save_progress(done, context);
      shown.update(static_cast<int64_t>(i) + 1, fmt::format("{}: pass@1 {:.3f}", source.name, found.pass_at_1));
    }
    write_file_atomic(context.folder / "completions.jsonl", done.samples);
    write_file_atomic(context.folder / "result.json", ordered_json{{"evaluations", done.evaluations}}.dump(2) + "\n");
  }

 private:
  // Evaluations in order, model by model; saved after each, so that a rerun goes on after the last.
  struct Progress {
    ordered_json evaluations = ordered_json::array();
    std::string samples;
  };

  void read_models(const std::string& path, ConfigErrors& errors) {
    std::set<std::string> names;
    for (size_t i = 0; i < config_.models.size(); ++i) {
      const std::string item = path + "." + std::to_string(i);
      sources_.push_back(read_model_source(config_.models[i], item, errors));
      if (names.insert(sources_.back().name).second) continue;
      errors.add(item, "a model above is called `" + sources_.back().name + "` too; give one of them a name");
    }
  }

  static Progress load_progress(const StageContext& context) {
    const fs::path file = context.folder / "cursor.json";
    std::error_code error;
    if (!fs::exists(file, error)) return {};
    const ordered_json saved = ordered_json::parse(read_file(file), nullptr, /*allow_exceptions=*/false);
    if (!saved.is_object() || saved.value("stage_hash", "") != context.hash) return {};
    return {.evaluations = saved.at("evaluations"), .samples = saved.at("samples").get<std::string>()};
  }

  static void save_progress(const Progress& done, const StageContext& context) {
    const ordered_json saved = {
        {"stage_hash", context.hash}, {"evaluations", done.evaluations}, {"samples", done.samples}};
    write_file_atomic(context.folder / "cursor.json", saved.dump() + "\n");
  }

  // All models answer with the same random numbers, so that their difference is theirs.
  evaluate::Evaluation measure(const ModelSource& source, const std::string& task, const StageContext& context) {
    const model::Model model = load_model(source, context);
    rollout::Engine engine(model, context.tokenizer, engine_options(config_.engine, context));
    evaluate::EvaluateConfig settings;
    settings.num_samples = config_.num_samples;
    settings.k = config_.k;
    settings.rewards = config_.rewards;
    settings.services = context.services;
    settings.sampling.max_completion_length = config_.max_completion_length;
    settings.sampling.temperature = config_.temperature;
    settings.sampling.top_p = config_.top_p;
    const data::PromptBatch prompts = context.tasks.prompts(task, split_of(config_.split), config_.num_prompts,
                                                            config_.template_name, *context.tokenizer);
    const rollout::SampleKey key{.seed = seed(), .stage = config_.head.name};
    return evaluate::evaluate(engine, task, prompts, settings, key, context.stop);
  }

  std::vector<ModelSource> sources_;
};

}  // namespace

std::unique_ptr<Stage> make_evaluate_stage() { return std::make_unique<EvaluateStage>(); }

}  // namespace aha::pipeline
