// Runs a recipe stage by stage; a stage that is done under the same hash is skipped.
#include "aha/pipeline/run.h"

#include <fmt/format.h>
#include <sched.h>

#include <chrono>
#include <cstdio>

#include "aha/core/error.h"
#include "aha/core/log.h"
#include "aha/report/html_report.h"
#include "pipeline/model_source.h"
#include "pipeline/recipe.h"
#include "pipeline/reward_reference.h"
#include "pipeline/reward_services.h"
#include "pipeline/run_folder.h"

namespace aha::pipeline {
namespace {

constexpr const char* kProgramVersion = "0.1.0";

int available_cores() {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(0, sizeof(set), &set) != 0) return 1;
  return std::max(1, CPU_COUNT(&set));
}

void check_device(const std::string& device) {
  if (device == "cuda") throw MissingError("device is cuda, but training runs on the CPU alone; use device: cpu");
}

// Every problem with the tasks shows before anything is written and the first stage spends an hour.
TaskSet make_tasks(const LoadedRecipe& loaded) {
  TaskSet tasks(loaded.recipe.tasks);
  for (size_t i = 0; i < loaded.stages.size(); ++i) {
    for (const TaskReference& task : loaded.stages[i]->inputs(stage_path(i)).tasks)
      tasks.examples(task.task, task.split);
  }
  return tasks;
}

// Before gigabytes of weights are summed.
std::shared_ptr<const data::Tokenizer> checked_tokenizer(const LoadedRecipe& loaded) {
  auto tokenizer = data::make_tokenizer(loaded.recipe.tokenizer);
  check_models(loaded, *tokenizer);
  return tokenizer;
}

void refuse_unknown_stage(const LoadedRecipe& loaded, const std::string& name) {
  if (name.empty() || loaded.find(name) >= 0) return;
  std::vector<std::string> known;
  for (const auto& stage : loaded.stages) known.push_back(stage->head().name);
  const std::string hint = did_you_mean(name, known);
  throw ConfigError("--stop-after", "no stage is called `" + name + "`" + (hint.empty() ? "" : "; " + hint));
}

// A reward that failed too often is told with its stage.
void run_named(Stage& stage, const StageContext& context) {
  try {
    stage.run(context);
  } catch (const reward::RewardError& error) {
    throw reward::RewardError("stage " + stage.head().name + ", " + error.what());
  }
}

class Run {
 public:
  Run(const RunOptions& options, const LoadedRecipe& loaded)
      : options_(options),
        loaded_(loaded),
        tasks_(make_tasks(loaded)),
        tokenizer_(checked_tokenizer(loaded)),
        folder_(loaded),
        num_threads_(loaded.recipe.threads > 0 ? static_cast<int>(loaded.recipe.threads) : available_cores()) {}

  std::filesystem::path run() {
    if (options_.fresh) folder_.remove_stages();
    folder_.write_description(num_threads_);
    folder_.write_lineage();
    for (size_t i = 0; i < loaded_.stages.size(); ++i) {
      run_stage(i);
      if (loaded_.stages[i]->head().name == options_.stop_after) break;
    }
    report::write_html_report(folder_.path());
    return folder_.path();
  }

 private:
  void run_stage(size_t index) {
    Stage& stage = *loaded_.stages[index];
    const std::string title =
        fmt::format("{} ({}/{}, {})", stage.head().name, index + 1, loaded_.stages.size(), stage.head().kind);
    folder_.begin_stage(index);
    if (folder_.status(index) == StageStatus::kDone) {
      log::info(title + ": done already, nothing it depends on has changed");
      return;
    }
    if (options_.stop.stop_requested()) throw StoppedError("stopped between stages; the same command continues");
    log::info(title);
    const auto begin = std::chrono::steady_clock::now();
    run_named(stage, context(index));
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    folder_.end_stage(index, seconds);
    folder_.write_lineage();
    log::info(fmt::format("{}: finished after {:.1f} s", title, seconds));
    report::write_html_report(folder_.path());
  }

  StageContext context(size_t index) {
    StageContext context = {
        .recipe = loaded_.recipe,
        .tasks = tasks_,
        .folder = folder_.stage_folder(index),
        .folder_of = [this](const std::string& name) { return folder_.stage_folder(loaded_.find(name)); },
        .hash = folder_.hash(index),
        .tokenizer = tokenizer_,
        .num_threads = num_threads_,
        .stop = options_.stop};
    context.services = make_reward_services(context, options_.allow_commands);
    return context;
  }

  const RunOptions& options_;
  const LoadedRecipe& loaded_;
  TaskSet tasks_;
  std::shared_ptr<const data::Tokenizer> tokenizer_;
  RunFolder folder_;
  int num_threads_;
};

}  // namespace

std::string program_version() { return kProgramVersion; }

std::filesystem::path run_recipe(const RunOptions& options) {
  const LoadedRecipe loaded = load_recipe(options.recipes, options.assignments);
  refuse_unknown_stage(loaded, options.stop_after);
  if (options.dry_run) {
    std::fputs(plan_text(options).c_str(), stdout);
    return run_folder_path(loaded.recipe);
  }
  check_device(loaded.recipe.device);
  if (!options.allow_commands) refuse_commands(loaded.recipe.stages);
  reward::set_verifier_secret(static_cast<uint64_t>(loaded.recipe.seed));
  return Run(options, loaded).run();
}

}  // namespace aha::pipeline
