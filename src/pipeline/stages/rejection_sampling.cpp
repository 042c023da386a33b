// Stage `rejection_sampling`: a model answers many times; what passes the filter becomes a dataset.
#include <fmt/format.h>

#include <chrono>
#include <nlohmann/json.hpp>

#include "aha/core/error.h"
#include "aha/core/file.h"
#include "aha/core/log.h"
#include "aha/data/jsonl.h"
#include "aha/report/progress.h"
#include "aha/reward/scoring_pool.h"
#include "pipeline/completion_filter.h"
#include "pipeline/held_out_eval.h"
#include "pipeline/model_source.h"
#include "pipeline/recipe.h"
#include "pipeline/reward_reference.h"
#include "pipeline/reward_services.h"
#include "pipeline/supervised_training.h"

namespace aha::pipeline {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;

struct RejectionSamplingConfig {
  StageHead head;
  ConfigTree model;
  std::vector<std::string> prompts;
  int64_t num_prompts = 0;
  std::string template_name = "plain";
  int64_t prompts_per_step = 64;
  int64_t count = 0;
  std::vector<reward::RewardConfig> rewards;
  KeepConfig keep;
  rollout::SamplingParams sampling;
  EngineConfig engine;

  RejectionSamplingConfig() { sampling.num_generations = 8; }

  template <class Fields>
  void visit(Fields& field) {
    head.visit(field);
    field("model", model, "the stage whose model answers, or {path: FOLDER, name: NAME}", required());
    field("prompts", prompts, "tasks whose training prompts are asked; default: all of the recipe's");
    field("num_prompts", num_prompts, "prompts asked; 0: all", at_least(0));
    field("template", template_name, "how a problem becomes a prompt: plain, r1_zero, chat");
    field("prompts_per_step", prompts_per_step, "prompts asked between two saves", at_least(1));
    field("count", count, "rows of the dataset; 0: all that are kept", at_least(0));
    field("rewards", rewards, "what a kept completion must earn; default: accuracy");
    field("keep", keep, "which completions are kept");
    sampling.visit(field);
    engine.visit(field);
  }
};

// What has been done so far; saved after every batch, so that a rerun goes on from there.
struct SamplingCursor {
  int64_t next_prompt = 0, sampled = 0, kept = 0, dataset_bytes = 0, completions_bytes = 0;
  double seconds = 0;
  std::map<std::string, int64_t> dropped;
};

json cursor_json(const SamplingCursor& cursor, const std::string& hash) {
  return {{"stage_hash", hash},
          {"next_prompt", cursor.next_prompt},
          {"sampled", cursor.sampled},
          {"kept", cursor.kept},
          {"dataset_bytes", cursor.dataset_bytes},
          {"completions_bytes", cursor.completions_bytes},
          {"seconds", cursor.seconds},
          {"dropped", cursor.dropped}};
}

SamplingCursor load_cursor(const fs::path& file, const std::string& hash) {
  std::error_code error;
  if (!fs::exists(file, error)) return {};
  const json saved = json::parse(read_file(file), nullptr, /*allow_exceptions=*/false);
  if (!saved.is_object() || saved.value("stage_hash", json()) != json(hash)) return {};
  return {.next_prompt = saved.at("next_prompt"),
          .sampled = saved.at("sampled"),
          .kept = saved.at("kept"),
          .dataset_bytes = saved.at("dataset_bytes"),
          .completions_bytes = saved.at("completions_bytes"),
          .seconds = saved.at("seconds"),
          .dropped = saved.at("dropped").get<std::map<std::string, int64_t>>()};
}

// The source's own row, with the completion in it.
std::string dataset_line(const data::Completion& completion, const data::Example& example, const std::string& model) {
  ordered_json row;
  if (example.columns.contains("prompt"))
    row["prompt"] = example.columns["prompt"];
  else
    row["prompt"] = example.prompt;
  row["completion"] = completion.text;
  for (const auto& [key, value] : example.columns.items()) {
    if (key != "prompt" && key != "completion") row[key] = value;
  }
  row["task"] = example.task;
  row["model"] = model;
  row["length"] = completion.token_ids.size();
  return data::json_line(row);
}

class RejectionSampling {
 public:
  RejectionSampling(const RejectionSamplingConfig& config, const ModelSource& source, const StageContext& context)
      : config_(config),
        context_(context),
        model_name_(source.name),
        prompts_(context.tasks.training_prompts(config.prompts, config.template_name, *context.tokenizer)),
        model_(load_model(source, context)),
        engine_(model_, context.tokenizer, engine_options(config.engine, context)),
        scorer_(config.rewards, context.services),
        filter_(config.keep, context.tokenizer),
        cursor_file_(context.folder / "cursor.json"),
        cursor_(load_cursor(cursor_file_, context.hash)),
        dataset_(context.folder / "dataset.jsonl", cursor_.dataset_bytes),
        completions_(context.folder / "completions.jsonl", cursor_.completions_bytes) {
    if (config.num_prompts > 0 && std::ssize(prompts_) > config.num_prompts) prompts_.resize(config.num_prompts);
  }

  void run() {
    report::Progress progress(config_.head.name, std::ssize(prompts_));
    while (cursor_.next_prompt < std::ssize(prompts_) && !has_enough()) {
      if (context_.stop.stop_requested()) throw StoppedError("stopped between batches; the same command continues");
      const auto begin = std::chrono::steady_clock::now();
      take_batch();
      cursor_.seconds += std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
      save();
      progress.update(cursor_.next_prompt, fmt::format("kept {} of {}", cursor_.kept, cursor_.sampled));
    }
    finish();
  }

 private:
  bool has_enough() const { return config_.count > 0 && cursor_.kept >= config_.count; }

  void take_batch() {
    const int64_t end = std::min<int64_t>(cursor_.next_prompt + config_.prompts_per_step, std::ssize(prompts_));
    const data::PromptBatch prompts(prompts_.begin() + cursor_.next_prompt, prompts_.begin() + end);
    const rollout::SampleKey key{.seed = static_cast<uint64_t>(*config_.head.seed), .stage = config_.head.name};
    const int64_t num_samples = config_.sampling.num_generations;
    reward::ScoringPool pool(scorer_, std::ssize(prompts) * num_samples, context_.num_threads);
    rollout::GenerateOptions options;
    options.stop = context_.stop;
    options.on_completion = [&](int64_t prompt, const data::Completion& completion) {
      pool.submit(prompt * num_samples + completion.sample_index, completion, prompts[static_cast<size_t>(prompt)]);
    };
    const data::CompletionBatch batch = engine_.generate(prompts, config_.sampling, key, options);
    const reward::BatchScores scores = pool.wait(context_.stop);
    const std::vector<std::string> reasons = filter_.reasons(batch, scores);
    for (size_t i = 0; i < batch.completions.size(); ++i) take(batch, scores, i, reasons[i]);
    cursor_.next_prompt = end;
  }

  void take(const data::CompletionBatch& batch, const reward::BatchScores& scores, size_t i, std::string reason) {
    const data::Completion& completion = batch.completions[i];
    const data::Prompt& prompt = batch.prompts[completion.prompt_index];
    if (reason.empty() && has_enough()) reason = "count";
    ++cursor_.sampled;
    if (reason.empty()) {
      dataset_.append(dataset_line(completion, prompt.example, model_name_));
      ++cursor_.kept;
    } else {
      ++cursor_.dropped[reason];
    }
    ordered_json rewards = ordered_json::object();
    for (size_t r = 0; r < scores.names.size(); ++r) {
      const auto& value = scores.values[r][i];
      rewards[scores.names[r]] = value ? ordered_json(*value) : ordered_json();
    }
    completions_.append(data::json_line({{"step", 0},
                                         {"prompt", prompt.text},
                                         {"sample", completion.sample_index},
                                         {"completion", completion.text},
                                         {"rewards", std::move(rewards)},
                                         {"length", completion.token_ids.size()},
                                         {"finish_reason", data::finish_reason_name(completion.finish_reason)},
                                         {"dropped", reason.empty() ? ordered_json() : ordered_json(reason)}}));
  }

  void save() {
    dataset_.sync();
    completions_.sync();
    cursor_.dataset_bytes = dataset_.size();
    cursor_.completions_bytes = completions_.size();
    write_file_atomic(cursor_file_, cursor_json(cursor_, context_.hash).dump() + "\n");
  }

  void finish() {
    if (cursor_.kept == 0) {
      throw Error(ExitCode::kFailed,
                  fmt::format("{}: none of {} completions passed the filter ({}); lower keep or train {} longer",
                              config_.head.name, cursor_.sampled, json(cursor_.dropped).dump(), model_name_));
    }
    const ordered_json card = {{"model", model_name_}, {"prompts", cursor_.next_prompt}, {"sampled", cursor_.sampled},
                               {"kept", cursor_.kept}, {"dropped", cursor_.dropped},     {"seconds", cursor_.seconds}};
    write_file_atomic(context_.folder / "result.json", card.dump(2) + "\n");
    log::info(fmt::format("{}: kept {} of {} completions", config_.head.name, cursor_.kept, cursor_.sampled));
  }

  const RejectionSamplingConfig& config_;
  const StageContext& context_;
  std::string model_name_;
  data::PromptBatch prompts_;
  model::Model model_;
  rollout::Engine engine_;
  reward::Scorer scorer_;
  CompletionFilter filter_;
  fs::path cursor_file_;
  SamplingCursor cursor_;
  AppendFile dataset_, completions_;
};

class RejectionSamplingStage final : public ConfiguredStage<RejectionSamplingConfig> {
 public:
  Artifact artifact() const override { return Artifact::kDataset; }
  MemoryNeeds memory() const override { return {.cache_bytes = config_.engine.cache_bytes}; }
  std::string model_config() const override { return config_of(source_); }

  void complete(const Recipe& recipe, const std::string& path, ConfigErrors& errors) override {
    source_ = read_model_source(config_.model, path + ".model", errors);
    check_engine(config_.engine, path, errors);
    if (config_.prompts.empty()) {
      for (const auto& [name, task] : recipe.tasks) config_.prompts.push_back(name);
    }
    if (config_.prompts.empty()) errors.add(path + ".prompts", "is empty, and the recipe has no tasks to fill it");
    if (config_.rewards.empty()) errors.add(path + ".rewards", "is empty; nothing would tell a right completion");
    check_template(config_.template_name, path + ".template", errors);
    check_rewards(config_.rewards, path + ".rewards", errors);
  }

  StageInputs inputs(const std::string& path) const override {
    StageInputs inputs;
    add_model_input(source_, path + ".model", "model", inputs);
    for (size_t i = 0; i < config_.prompts.size(); ++i) {
      inputs.tasks.push_back({path + ".prompts." + std::to_string(i), config_.prompts[i], data::Split::kTrain});
    }
    add_reward_inputs(config_.rewards, path + ".rewards", inputs);
    return inputs;
  }

  std::vector<std::string> plan() const override {
    const std::string prompts = config_.num_prompts > 0 ? std::to_string(config_.num_prompts) : std::string("all");
    return {fmt::format("{} prompts x {} generations, {} prompts between saves", prompts,
                        config_.sampling.num_generations, config_.prompts_per_step)};
  }

  void run(const StageContext& context) override { RejectionSampling(config_, source_, context).run(); }

 private:
  ModelSource source_;
};

}  // namespace

std::unique_ptr<Stage> make_rejection_sampling_stage() { return std::make_unique<RejectionSamplingStage>(); }

}  // namespace aha::pipeline
