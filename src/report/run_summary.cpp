// Joins the files of a run folder: recipe, lineage, and what each stage wrote.
#include "report/run_summary.h"

#include <fmt/chrono.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <set>

#include "aha/core/error.h"
#include "aha/core/file.h"
#include "report/curves.h"
#include "report/json_lines.h"
#include "report/reward_notes.h"
#include "report/samples.h"

namespace aha::report {
namespace {

using nlohmann::json;

json read_recipe(const fs::path& run_folder) {
  const fs::path path = run_folder / "recipe.json";
  if (!fs::exists(path)) {
    throw InputError(run_folder.string(), "is no run folder: it has no recipe.json; give the folder of a run");
  }
  json recipe = read_object(path);
  if (recipe.empty())
    throw InputError(path.string(), "is no JSON object with a recipe; run the recipe again to write it anew");
  return recipe;
}

// Stage folders by stage name: "03-zero" belongs to "zero".
std::map<std::string, fs::path> find_stage_folders(const fs::path& run_folder) {
  std::map<std::string, fs::path> folders;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(run_folder, error)) {
    const std::string name = entry.path().filename().string();
    const size_t digits = name.find_first_not_of("0123456789");
    if (!entry.is_directory() || digits == 0 || digits == std::string::npos || name[digits] != '-') continue;
    folders[name.substr(digits + 1)] = entry.path();
  }
  return folders;
}

std::map<std::string, json> lineage_by_name(const fs::path& run_folder) {
  std::map<std::string, json> stages;
  for (const auto& stage : list_of(read_object(run_folder / "lineage.json"), "stages")) {
    if (stage.is_object()) stages[text_of(stage, "name")] = stage;
  }
  return stages;
}

// Single values of a result, without the lists and texts that have a place of their own.
json facts_of(const json& result) {
  static const std::set<std::string> kShownElsewhere = {"stage", "kind", "name", "seconds", "evaluations"};
  json facts = json::object();
  for (const auto& [key, value] : result.items()) {
    const bool is_short = value.is_number() || value.is_boolean() || (value.is_string() && value.size() < 80);
    const bool is_curve = key.starts_with("eval_") || key.starts_with("reward_watch/");
    if (is_short && !is_curve && !kShownElsewhere.count(key)) facts[key] = value;
  }
  return facts;
}

// Names of the stages that a recipe says this one is made from, for runs without a lineage yet.
json inputs_of(const json& stage) {
  json inputs = json::array();
  for (const char* key : {"init_from", "model"}) {
    if (!text_of(stage, key).empty()) inputs.push_back(text_of(stage, key));
  }
  for (const char* key : {"data", "models"}) {
    for (const auto& item : list_of(stage, key)) {
      if (item.is_string()) inputs.push_back(item);
    }
  }
  return inputs;
}

json summarize_stage(const json& stage, const json& lineage, const fs::path& folder) {
  json summary = {{"name", text_of(stage, "name")}, {"kind", text_of(stage, "kind")}};
  const json result = folder.empty() ? json::object() : read_object(folder / "result.json");
  const std::string guess = !result.empty() ? "done" : folder.empty() ? "waiting" : "unfinished";
  summary["status"] = text_of(lineage, "status", guess);
  summary["inputs"] = lineage.contains("inputs") ? list_of(lineage, "inputs") : inputs_of(stage);
  summary["hash"] = text_of(lineage, "hash");
  summary["seconds"] = number_of(lineage, "seconds", number_of(result, "seconds", -1));
  summary["facts"] = facts_of(result);
  if (folder.empty()) return summary;
  summary["folder"] = folder.filename().string();
  summary["curves"] = read_curves(folder / "metrics.jsonl");
  summary["notes"] = read_reward_notes(folder / "metrics.jsonl", stage);
  summary["samples"] = read_sample_pairs(folder / "completions.jsonl");
  summary["rows"] = read_dataset_rows(folder / "dataset.jsonl");
  summary["evaluations"] = list_of(result, "evaluations");
  return summary;
}

// Rows of `evaluate` stages first; what other stages measured stands in where they say nothing.
json collect_evaluations(json& stages) {
  json rows = json::array();
  std::set<std::pair<std::string, std::string>> seen;
  for (const bool wants_evaluate : {true, false}) {
    for (auto& stage : stages) {
      if ((text_of(stage, "kind") == "evaluate") != wants_evaluate) continue;
      for (auto& row : list_of(stage, "evaluations")) {
        if (!row.is_object()) continue;
        if (!row.contains("model")) row["model"] = text_of(stage, "name");
        if (!seen.emplace(text_of(row, "model"), text_of(row, "task")).second) continue;
        row["stage"] = text_of(stage, "name");
        rows.push_back(row);
      }
    }
  }
  for (auto& stage : stages) stage.erase("evaluations");
  return rows;
}

std::string date_of(const fs::path& run_folder, const json& environment) {
  for (const char* key : {"started", "date", "time"}) {
    if (!text_of(environment, key).empty()) return text_of(environment, key);
  }
  const auto written = std::chrono::file_clock::to_sys(fs::last_write_time(run_folder / "recipe.json"));
  const auto seconds = std::chrono::time_point_cast<std::chrono::seconds>(written);
  return fmt::format("{:%Y-%m-%d %H:%M} UTC", fmt::gmtime(std::chrono::system_clock::to_time_t(seconds)));
}

}  // namespace

json summarize_run(const fs::path& run_folder) {
  const json recipe = read_recipe(run_folder);
  const auto lineage = lineage_by_name(run_folder);
  const auto folders = find_stage_folders(run_folder);
  json stages = json::array();
  for (const auto& stage : list_of(recipe, "stages")) {
    if (!stage.is_object()) continue;
    const std::string name = text_of(stage, "name");
    const auto past = lineage.find(name);
    const auto folder = folders.find(name);
    stages.push_back(summarize_stage(stage, past == lineage.end() ? json::object() : past->second,
                                     folder == folders.end() ? fs::path() : folder->second));
  }
  const json environment = read_object(run_folder / "environment.json");
  json summary = {{"name", text_of(recipe, "name", run_folder.filename().string())},
                  {"seed", recipe.contains("seed") ? recipe["seed"] : json()},
                  {"date", date_of(run_folder, environment)},
                  {"evaluations", collect_evaluations(stages)},
                  {"recipe", recipe},
                  {"environment", environment}};
  summary["stages"] = std::move(stages);
  return summary;
}

}  // namespace aha::report
