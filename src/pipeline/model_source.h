// Where a stage's model comes from: a stage above, or a Hugging Face folder.
#pragma once
#include <optional>
#include <string>

#include "aha/core/config_fields.h"
#include "aha/model/model.h"
#include "aha/train/optimizer.h"
#include "pipeline/stage.h"

namespace aha::pipeline {

struct LoadedRecipe;

/// {path: FOLDER}
struct ModelFolder {
  std::string path;

  template <class Fields>
  void visit(Fields& field) {
    field("path", path, "Hugging Face folder: config.json, safetensors", required());
  }
};

/// Exactly one of stage and path is set.
struct ModelSource {
  std::string stage, path;
  std::string name;  // what tables and rows call it: the stage's name, the name given, or the path
};

/// A stage's name, or {path, name}; the resolved form is written back.
ModelSource read_model_source(ConfigTree& tree, const std::string& path, ConfigErrors& errors);
/// `init_from: stage` or `model: {path: FOLDER}` of a stage that trains.
ModelSource read_start(const std::string& init_from, const std::optional<ModelFolder>& model, const std::string& path,
                       ConfigErrors& errors);
/// `path` is the key that names it. role: "init_from", "model"
void add_model_input(const ModelSource& source, const std::string& path, const std::string& role, StageInputs& inputs);
/// config.json of a folder; empty for a stage.
std::string config_of(const ModelSource& source);

/// Adapters leave the rest of the model as it is. `rate`: the stage's bias_update_rate
void check_lora(const std::optional<model::LoraConfig>& lora, const train::OptimizerConfig& optimizer, double rate,
                const std::string& path, ConfigErrors& errors);

/// Config and tokenizer of every folder that the recipe names, and the targets of its adapters; no weights are read.
/// @throws ConfigError with every finding; InputError for a config.json that cannot be read
void check_models(const LoadedRecipe& loaded, const data::Tokenizer& tokenizer);

/// The folder it is loaded from.
std::filesystem::path folder_of(const ModelSource& source, const StageContext& context);
/// @throws InputError if its folder is damaged
model::Model load_model(const ModelSource& source, const StageContext& context);

/// A model that is trained, with adapters if the stage has some, and where its weights came from.
struct Policy {
  model::Model model;
  std::string base;  // a folder; empty for fresh weights
};
Policy load_policy(const ModelSource& source, const std::optional<model::LoraConfig>& lora, uint64_t seed,
                   const StageContext& context);

/// What of a policy a checkpoint needs: the model, or its adapters alone.
void save_policy(const model::Model& policy, const std::filesystem::path& folder);
/// @param policy as it was when the stage began
void restore_policy(model::Model& policy, const std::filesystem::path& folder, const StageContext& context);

}  // namespace aha::pipeline
