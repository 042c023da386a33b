// aha run: a recipe from the first stage to the last.
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>

#include "aha/core/file.h"
#include "aha/pipeline/run.h"
#include "aha/report/progress.h"
#include "verbs/stop_signals.h"
#include "verbs/verbs.h"

namespace aha::tools {
namespace {

struct RunArguments {
  pipeline::RunOptions options;
  bool plan = false, json = false;
  std::string device, dtype;
  int threads = -1;
  int64_t seed = -1;
};

// The common options of all verbs are keys of the recipe here.
void add_assignments(RunArguments& arguments) {
  std::vector<std::string>& set = arguments.options.assignments;
  if (!arguments.device.empty()) set.push_back("device=" + arguments.device);
  if (!arguments.dtype.empty()) set.push_back("dtype=" + arguments.dtype);
  if (arguments.threads >= 0) set.push_back("threads=" + std::to_string(arguments.threads));
  if (arguments.seed >= 0) set.push_back("seed=" + std::to_string(arguments.seed));
}

void print_result(const std::filesystem::path& folder, bool as_json) {
  if (as_json) {
    const nlohmann::ordered_json result = {
        {"run_folder", folder.string()},
        {"report", (folder / "report.html").string()},
        {"lineage", nlohmann::ordered_json::parse(read_file(folder / "lineage.json"))["stages"]}};
    std::printf("%s\n", result.dump().c_str());
    return;
  }
  std::printf("\n%s\nreport: %s\n", pipeline::stage_table(folder).c_str(), (folder / "report.html").c_str());
  std::fflush(stdout);
}

void run(RunArguments& arguments) {
  add_assignments(arguments);
  if (arguments.options.dry_run) {
    std::fputs(pipeline::plan_text(arguments.options).c_str(), stdout);
    return;
  }
  if (arguments.plan) {
    std::fputs(pipeline::stages_text(arguments.options).c_str(), stdout);
    return;
  }
  if (arguments.json) report::Progress::set_enabled(false);
  const StopSignals signals;
  arguments.options.stop = signals.token();
  print_result(pipeline::run_recipe(arguments.options), arguments.json);
}

}  // namespace

void add_run(Command program) {
  auto arguments = std::make_shared<RunArguments>();
  Command verb = program.add_subcommand("run", "Run a recipe, stage by stage; run again, it continues");
  verb.add_option("recipe", arguments->options.recipes, "YAML files, laid over each other from left to right")
      .required();
  verb.add_option("--set", arguments->options.assignments, "path=value, for example stages.zero.seed=5").repeatable();
  verb.add_option("--stop-after", arguments->options.stop_after, "name of the last stage to run");
  verb.add_flag("--dry-run", arguments->options.dry_run, "print the resolved recipe and the plan; touch nothing");
  verb.add_flag("--plan", arguments->plan, "print what each stage would do now; touch nothing");
  verb.add_flag("--fresh", arguments->options.fresh, "remove what earlier runs of this recipe have left");
  verb.add_flag("--allow-commands", arguments->options.allow_commands,
                "rewards may run the programs that the recipe names, with your rights");
  verb.add_option("--device", arguments->device, "overrides the recipe");
  verb.add_option("--dtype", arguments->dtype, "overrides the recipe");
  verb.add_option("--threads", arguments->threads, "overrides the recipe").not_negative();
  verb.add_option("--seed", arguments->seed, "overrides the recipe").not_negative();
  verb.add_flag("--json", arguments->json, "machine-readable output alone on stdout");
  verb.footer("Example:\n  aha run configs/smoke.yaml --set stages.zero.max_steps=50 --stop-after zero");
  verb.callback([arguments] { run(*arguments); });
}

}  // namespace aha::tools
