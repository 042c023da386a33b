// Reads, checks and loads the models that stages start from.
#include "pipeline/model_source.h"

#include <fmt/format.h>

#include "aha/core/error.h"
#include "aha/model/model_files.h"
#include "aha/train/parameter_file.h"
#include "pipeline/recipe.h"

namespace aha::pipeline {
namespace {

constexpr const char* kAdapters = "adapters.safetensors";

struct NamedFolder {
  std::string path, name;

  template <class Fields>
  void visit(Fields& field) {
    field("path", path, "Hugging Face folder: config.json, safetensors", required());
    field("name", name, "what tables call it; default: the path");
  }
};

model::LoadOptions load_options(const StageContext& context) {
  return {.device = context.recipe.device, .dtype = context.recipe.dtype};
}

// A folder's own tokenizer would give other ids to the same text.
void check_tokenizer(const ModelReference& model, const Recipe& recipe, ConfigErrors& errors) {
  if (recipe.tokenizer.kind != "byte" || !data::has_tokenizer(model.file)) return;
  const auto own = data::load_tokenizer(model.file);
  if (own->kind() == "byte") return;
  errors.add(model.path,
             fmt::format("the folder has a tokenizer of its own ({}, {} ids), but the recipe's is byte; set "
                         "tokenizer: {{kind: huggingface, path: {}}}",
                         own->kind(), own->vocab_size(), model.file.string()));
}

// What a reward asks has a tokenizer of its own, or else the run's.
void check_asked_folder(const ModelReference& folder, const data::Tokenizer& tokenizer, ConfigErrors& errors) {
  const model::ModelConfig config = model::load_model_config(folder.file / "config.json");
  if (config.is_reward_model != (folder.artifact == Artifact::kRewardModel)) {
    errors.add(folder.path, config.is_reward_model
                                ? "the folder holds a reward model, which cannot write a judgement; verifier: "
                                  "reward_model asks such a one"
                                : "the folder holds a language model, which has no score head; verifier: judge asks "
                                  "such a one");
  }
  if (data::has_tokenizer(folder.file) || config.vocab_size >= tokenizer.vocab_size()) return;
  errors.add(folder.path, fmt::format("the folder has no tokenizer, and the model's vocab_size is {}, but the run's "
                                      "tokenizer has {} ids; put the model's own beside it",
                                      config.vocab_size, tokenizer.vocab_size()));
}

void check_folder(const ModelReference& folder, const Recipe& recipe, const data::Tokenizer& tokenizer,
                  ConfigErrors& errors) {
  if (folder.role == kRewardRole) return check_asked_folder(folder, tokenizer, errors);
  const model::ModelConfig config = model::load_model_config(folder.file / "config.json");
  if (config.is_reward_model) {
    errors.add(folder.path,
               "the folder holds a reward model: that judges, and can neither go on writing nor be trained to");
  }
  if (config.vocab_size < tokenizer.vocab_size()) {
    errors.add(folder.path,
               fmt::format("the model's vocab_size is {}, but the tokenizer has {} ids; use the model's own",
                           config.vocab_size, tokenizer.vocab_size()));
  }
  check_tokenizer(folder, recipe, errors);
}

void check_targets(const LoadedRecipe& loaded, size_t index, ConfigErrors& errors) {
  const auto lora = loaded.stages[index]->memory().lora;
  const std::string config = model_config_of(loaded, index);
  if (!lora || config.empty()) return;
  const auto fault = model::lora_fault(model::load_model_config(config), *lora);
  if (fault) errors.add(stage_path(index) + ".lora.target_modules", *fault);
}

}  // namespace

ModelSource read_model_source(ConfigTree& tree, const std::string& path, ConfigErrors& errors) {
  if (tree.is_null()) return {};  // said already: the key is required
  if (tree.is_string()) {
    const std::string stage = std::get<std::string>(tree.value());
    return {.stage = stage, .path = {}, .name = stage};
  }
  if (!tree.is_map()) {
    errors.add(path, "must be a stage's name or {path: FOLDER}, not a " + tree.kind_name());
    return {};
  }
  NamedFolder folder;
  read_config(tree, path, folder, errors);
  if (folder.name.empty()) folder.name = folder.path;
  tree = config_to_tree(folder);
  return {.stage = {}, .path = folder.path, .name = folder.name};
}

ModelSource read_start(const std::string& init_from, const std::optional<ModelFolder>& model, const std::string& path,
                       ConfigErrors& errors) {
  if (init_from.empty() && !model) {
    errors.add(path + ".init_from", "is missing: name a stage above, or give model: {path: FOLDER} instead");
  }
  if (!init_from.empty() && model) errors.add(path + ".model", "stands beside init_from; keep one of them");
  if (!init_from.empty()) return {.stage = init_from, .path = {}, .name = init_from};
  if (!model) return {};
  return {.stage = {}, .path = model->path, .name = model->path};
}

void add_model_input(const ModelSource& source, const std::string& path, const std::string& role, StageInputs& inputs) {
  if (!source.stage.empty()) inputs.stages.push_back({path, source.stage, Artifact::kModel, role});
  if (!source.path.empty()) inputs.models.push_back({path, source.path});
}

std::string config_of(const ModelSource& source) {
  return source.path.empty() ? std::string() : (fs::path(source.path) / "config.json").string();
}

void check_lora(const std::optional<model::LoraConfig>& lora, const train::OptimizerConfig& optimizer, double rate,
                const std::string& path, ConfigErrors& errors) {
  if (!lora) return;
  if (lora->target_modules.empty()) errors.add(path + ".lora.target_modules", "is empty; all-linear takes every one");
  if (rate > 0) errors.add(path + ".bias_update_rate", "must be 0 beside lora, which trains the adapters alone");
  if (optimizer.optim == "muon") errors.add(path + ".optim", "must be adamw beside lora: muon trains whole matrices");
}

void check_models(const LoadedRecipe& loaded, const data::Tokenizer& tokenizer) {
  ConfigErrors errors;
  for (size_t i = 0; i < loaded.stages.size(); ++i) {
    for (const ModelReference& folder : loaded.stages[i]->inputs(stage_path(i)).models) {
      check_folder(folder, loaded.recipe, tokenizer, errors);
    }
    check_targets(loaded, i, errors);
  }
  errors.throw_if_any();
}

fs::path folder_of(const ModelSource& source, const StageContext& context) {
  return source.path.empty() ? context.folder_of(source.stage) / "model" : fs::path(source.path);
}

model::Model load_model(const ModelSource& source, const StageContext& context) {
  return model::load(folder_of(source, context), load_options(context));
}

Policy load_policy(const ModelSource& source, const std::optional<model::LoraConfig>& lora, uint64_t seed,
                   const StageContext& context) {
  Policy policy{load_model(source, context), folder_of(source, context).string()};
  if (lora) policy.model.add_lora(*lora, seed);
  return policy;
}

void save_policy(const model::Model& policy, const fs::path& folder) {
  policy.lora() ? train::save_parameters(policy, folder / kAdapters) : policy.save(folder);
}

void restore_policy(model::Model& policy, const fs::path& folder, const StageContext& context) {
  if (policy.lora()) {
    train::load_parameters(policy, folder / kAdapters);
  } else {
    policy.copy_from(model::load(folder, load_options(context)));
  }
}

}  // namespace aha::pipeline
