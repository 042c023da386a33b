// The tables that end a run, from the result files of its folder.
#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <set>
#include <utility>
#include <vector>

#include "aha/core/error.h"
#include "aha/core/file.h"
#include "aha/pipeline/run.h"

namespace aha::pipeline {
namespace {

using nlohmann::json;
using Row = std::vector<std::string>;
using Results = std::vector<std::pair<std::string, json>>;  // by stage

json read_json(const fs::path& file) {
  std::error_code error;
  if (!fs::exists(file, error)) return json::object();
  json value = json::parse(read_file(file), nullptr, /*allow_exceptions=*/false);
  return value.is_object() ? value : json::object();
}

std::string percent(const json& object, const char* key) {
  const auto found = object.find(key);
  if (found == object.end() || !found->is_number()) return "-";
  return fmt::format("{:.1f}%", 100 * found->get<double>());
}

std::string number(const json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_number() ? fmt::format("{:.1f}", found->get<double>()) : "-";
}

std::string interval(const json& evaluation) {
  const json bounds = evaluation.value("pass@1_interval", json());
  if (!bounds.is_array() || bounds.size() != 2 || !bounds[0].is_number() || !bounds[1].is_number()) return "-";
  return fmt::format("{:.1f}-{:.1f}", 100 * bounds[0].get<double>(), 100 * bounds[1].get<double>());
}

Row evaluated_row(const std::string& stage, const json& evaluation) {
  const json rewards = evaluation.value("rewards", json::object());
  const json k = evaluation.value("k", json());
  std::string pass_at_k = percent(evaluation, "pass@k");
  if (k.is_number_integer() && pass_at_k != "-") pass_at_k += fmt::format(" (k={})", k.get<int64_t>());
  return {stage,
          evaluation.value("task", "-"),
          percent(evaluation, "pass@1"),
          interval(evaluation),
          pass_at_k,
          number(evaluation, "mean_length"),
          percent(rewards, "format"),
          percent(rewards, "language_consistency")};
}

// A stage that no evaluate stage has measured shows its own last measurement.
Row measured_row(const std::string& stage, const json& result) {
  return {stage,
          result.value("task", "-"),
          percent(result, "eval_pass@1"),
          "-",
          percent(result, "eval_pass@k"),
          number(result, "eval_mean_length"),
          percent(result, "eval_format"),
          percent(result, "eval_language_consistency")};
}

// Stages that learn from preferences have measured themselves on the rows they held out.
std::vector<Row> preference_rows(const Results& results) {
  std::vector<Row> rows = {{"stage", "held-out loss", "accuracy", "margin"}};
  const auto decimals = [](const json& result, const char* key) {
    const auto found = result.find(key);
    return found != result.end() && found->is_number() ? fmt::format("{:.3f}", found->get<double>()) : "-";
  };
  for (const auto& [stage, result] : results) {
    const bool is_dpo = result.contains("eval_rewards/accuracies");
    if (!result.contains("eval_loss")) continue;  // eval_accuracy alone is the mean of a reward
    rows.push_back({stage, decimals(result, "eval_loss"),
                    percent(result, is_dpo ? "eval_rewards/accuracies" : "eval_accuracy"),
                    decimals(result, is_dpo ? "eval_rewards/margins" : "eval_margin")});
  }
  return rows;
}

/// @param num_texts columns, the first ones, that are no numbers
std::string aligned(const std::vector<Row>& rows, size_t num_texts) {
  std::vector<size_t> widths(rows.front().size());
  for (const Row& row : rows) {
    for (size_t c = 0; c < row.size(); ++c) widths[c] = std::max(widths[c], row[c].size());
  }
  std::string text;
  for (const Row& row : rows) {
    std::string line;
    for (size_t c = 0; c < row.size(); ++c) {
      line += c < num_texts ? fmt::format("{:<{}}  ", row[c], widths[c]) : fmt::format("{:>{}}  ", row[c], widths[c]);
    }
    text += line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
  }
  return text;
}

}  // namespace

std::string stage_table(const std::filesystem::path& run_folder) {
  const json lineage = read_json(run_folder / "lineage.json");
  if (!lineage.contains("stages")) throw InputError(run_folder.string(), "is no run folder: it has no lineage.json");
  Results results;
  for (const json& stage : lineage["stages"]) {
    results.emplace_back(stage.value("name", ""), read_json(run_folder / stage.value("folder", "") / "result.json"));
  }
  std::set<std::string> stages;
  for (const auto& [stage, result] : results) stages.insert(stage);
  std::vector<Row> rows = {{"stage", "task", "pass@1", "95% interval", "pass@k", "length", "format", "language"}};
  for (const auto& [stage, result] : results) {
    std::vector<Row> own;
    for (const auto& [other, evaluated] : results) {
      for (const json& evaluation : evaluated.value("evaluations", json::array())) {
        if (evaluation.value("model", "") == stage) own.push_back(evaluated_row(stage, evaluation));
      }
    }
    if (own.empty() && result.contains("eval_pass@1")) own.push_back(measured_row(stage, result));
    rows.insert(rows.end(), own.begin(), own.end());
  }
  for (const auto& [stage, result] : results) {  // models that came from folders
    for (const json& evaluation : result.value("evaluations", json::array())) {
      const std::string model = evaluation.value("model", "");
      if (!stages.contains(model)) rows.push_back(evaluated_row(model, evaluation));
    }
  }
  const std::vector<Row> preferences = preference_rows(results);
  std::string text;
  if (rows.size() > 1) text = aligned(rows, /*num_texts=*/2);
  if (preferences.size() > 1) text += (text.empty() ? "" : "\n") + aligned(preferences, /*num_texts=*/1);
  return text.empty() ? "no stage has measured a model; a stage of kind evaluate does\n" : text;
}

}  // namespace aha::pipeline
