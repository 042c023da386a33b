// What a recipe would do, in words: resolved settings, lineage, batch arithmetic, memory.
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "aha/core/file.h"
#include "aha/model/config.h"
#include "aha/model/model_files.h"
#include "aha/pipeline/run.h"
#include "aha/rollout/engine.h"
#include "pipeline/model_source.h"
#include "pipeline/recipe.h"
#include "pipeline/reward_services.h"
#include "pipeline/run_folder.h"

namespace aha::pipeline {
namespace {

std::string human_bytes(double bytes) {
  const char* const units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
  int unit = 0;
  for (; bytes >= 1024 && unit < 4; ++unit) bytes /= 1024;
  return fmt::format("{:.{}f} {}", bytes, unit == 0 ? 0 : 1, units[unit]);
}

std::string lineage_line(const Stage& stage, const std::string& path) {
  std::string from;
  const StageInputs inputs = stage.inputs(path);
  for (const StageReference& input : inputs.stages) {
    from += fmt::format("{}{} ({})", from.empty() ? " <- " : ", ", input.stage, input.role);
  }
  for (const ModelReference& input : inputs.models) {
    from += fmt::format("{}{} ({})", from.empty() ? " <- " : ", ", input.file.string(), input.role);
  }
  return fmt::format("{} [{}]{}", stage.head().name, stage.head().kind, from);
}

// Two for each number that AdamW trains; Muon keeps one of the matrices inside layers.
double moment_bytes(const MemoryNeeds& needs, const model::ModelConfig& shape, double trained) {
  if (needs.optim != "muon") return 2 * trained;
  const double tables = 4.0 * static_cast<double>(shape.vocab_size * shape.hidden_size);
  return trained + tables * (shape.tie_word_embeddings ? 1 : 2);
}

double bytes_asked(const std::string& config, Artifact artifact) {
  if (config.empty()) return 0;
  model::ModelConfig shape = model::load_model_config(config);
  if (artifact == Artifact::kRewardModel) {
    shape.is_reward_model = true;
    shape.num_nextn_predict_layers = 0;
  }
  const double copy = 4.0 * static_cast<double>(shape.num_parameters());
  // A judge writes: that takes a copy to decode with, and a cache.
  return shape.is_reward_model ? copy : 2 * copy + static_cast<double>(rollout::EngineOptions().cache_bytes);
}

/// Of the models that a stage's rewards ask, each held once.
double bytes_asked(const LoadedRecipe& loaded, size_t index) {
  const StageInputs inputs = loaded.stages[index]->inputs(stage_path(index));
  double bytes = 0;
  for (const StageReference& input : inputs.stages) {
    if (input.role != kRewardRole) continue;
    bytes += bytes_asked(model_config_of(loaded, static_cast<size_t>(loaded.find(input.stage))), input.artifact);
  }
  for (const ModelReference& input : inputs.models) {
    if (input.role == kRewardRole) bytes += bytes_asked((input.file / "config.json").string(), input.artifact);
  }
  return bytes;
}

std::string memory_line(const MemoryNeeds& needs, const model::ModelConfig& shape, double asked) {
  const double copy = 4.0 * static_cast<double>(shape.num_parameters());  // float32
  const double adapters = needs.lora ? 4.0 * static_cast<double>(model::num_lora_parameters(shape, *needs.lora)) : 0;
  const double trained = needs.lora ? adapters : copy;
  double total = copy;
  std::string line = "weights " + human_bytes(copy);
  const auto add = [&](const char* what, double bytes) {
    if (bytes <= 0) return;
    total += bytes;
    line += fmt::format(" + {} {}", what, human_bytes(bytes));
  };
  add("adapters", adapters);
  // The sampler lets go of its copy of the weights while there are gradients.
  const double decoded = needs.cache_bytes > 0 ? copy : 0;
  if (needs.trains) add("gradients", trained);
  if (needs.trains) add("moments", moment_bytes(needs, shape, trained));
  add("average", needs.has_average ? trained : 0);
  add("models that rewards ask", asked);
  add("reference", needs.has_reference ? copy : 0);
  add("decode weights", needs.trains ? std::max(0.0, decoded - trained) : decoded);
  add("cache, at most", static_cast<double>(needs.cache_bytes));
  return fmt::format("{} = {}, plus activations", line, human_bytes(total));
}

std::string shape_line(const model::ModelConfig& shape) {
  return fmt::format("{} parameters, {} of them active per token", shape.num_parameters(),
                     shape.num_active_parameters());
}

std::string stage_text(const LoadedRecipe& loaded, size_t index, const std::string& hash) {
  const Stage& stage = *loaded.stages[index];
  const StageStatus status = stage_status(run_folder_path(loaded.recipe), index, stage.head().name, hash);
  const char* const what_happens[] = {"will run", "will run anew: settings or inputs have changed", "will continue",
                                      "is done and will be skipped"};
  std::string text = fmt::format("{}  {}: {}\n", stage_folder_name(index, stage.head().name), stage.head().kind,
                                 what_happens[static_cast<int>(status)]);
  for (const std::string& line : stage.plan()) text += "    " + line + "\n";
  const std::string config = model_config_of(loaded, index);
  if (config.empty()) return text;
  const model::ModelConfig shape = model::load_model_config(config);
  if (!stage.model_config().empty()) text += "    " + shape_line(shape) + "\n";
  return text + "    memory of the one rank: " + memory_line(stage.memory(), shape, bytes_asked(loaded, index)) + "\n";
}

}  // namespace

std::string stages_text(const RunOptions& options) {
  const LoadedRecipe loaded = load_recipe(options.recipes, options.assignments);
  check_models(loaded, *data::make_tokenizer(loaded.recipe.tokenizer));
  const std::vector<std::string> hashes = stage_hashes(loaded);
  std::string text = "lineage\n";
  for (size_t i = 0; i < loaded.stages.size(); ++i) {
    text += "    " + lineage_line(*loaded.stages[i], stage_path(i)) + "\n";
  }
  text += "\nstages, in " + run_folder_path(loaded.recipe).string() + "\n";
  for (size_t i = 0; i < loaded.stages.size(); ++i) text += stage_text(loaded, i, hashes[i]);
  return text;
}

std::string plan_text(const RunOptions& options) {
  const LoadedRecipe loaded = load_recipe(options.recipes, options.assignments);
  const std::string recipe = config_to_tree(loaded.recipe).to_json().dump(2);
  return "resolved recipe\n" + recipe + "\n\n" + stages_text(options);
}

}  // namespace aha::pipeline
