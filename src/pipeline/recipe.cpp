// Reads a recipe in two passes: the top level, then each stage by its kind; then checks who refers to whom.
#include "pipeline/recipe.h"

#include <algorithm>
#include <set>

#include "aha/core/error.h"
#include "pipeline/reward_reference.h"

namespace aha::pipeline {
namespace {

std::string with_hint(const std::string& sentence, const std::string& key, const std::vector<std::string>& known) {
  const std::string hint = did_you_mean(key, known);
  return hint.empty() ? sentence : sentence + "; " + hint;
}

bool is_plain_name(const std::string& name) {
  const auto is_plain = [](unsigned char c) { return std::isalnum(c) || c == '_' || c == '-' || c == '.'; };
  return !name.empty() && name.front() != '.' && std::all_of(name.begin(), name.end(), is_plain);
}

void check_plain_name(const std::string& name, const std::string& path, ConfigErrors& errors) {
  if (is_plain_name(name)) return;
  errors.add(path, "`" + name + "` names a folder: use letters, digits, `_`, `-` and `.` only");
}

// A name that is missing or no string has its finding already.
void check_name_key(const ConfigTree& tree, const std::string& path, ConfigErrors& errors) {
  const ConfigTree* name = tree.find("name");
  if (name && name->is_string()) check_plain_name(std::get<std::string>(name->value()), path, errors);
}

void check_file(const std::filesystem::path& file, const std::string& path, ConfigErrors& errors) {
  std::error_code error;
  if (!file.empty() && !std::filesystem::exists(file, error)) {
    errors.add(path, "there is no `" + file.string() + "`; paths count from where aha is started");
  }
}

void check_folder(const std::filesystem::path& folder, const std::string& path, ConfigErrors& errors) {
  std::error_code error;
  if (std::filesystem::exists(folder, error) && !std::filesystem::is_directory(folder, error)) {
    errors.add(path, "`" + folder.string() + "` is no folder; name the one that holds config.json and the weights");
  } else {
    check_file(folder, path, errors);
  }
}

void check_languages(const TaskConfig& task, const std::string& path, ConfigErrors& errors) {
  if (task.options.languages.empty()) errors.add(path + ".languages", "is empty; give en, zh or both");
  for (size_t i = 0; i < task.options.languages.size(); ++i) {
    const std::string& language = task.options.languages[i];
    if (language != "en" && language != "zh") {
      errors.add(path + ".languages." + std::to_string(i), "must be en or zh, not `" + language + "`");
    }
  }
}

void check_task(const TaskConfig& task, const std::string& path, ConfigErrors& errors) {
  if (task.generator.empty() == task.path.empty()) {
    errors.add(path, "needs either a `generator` or a `path`");
    return;
  }
  check_file(task.path, path + ".path", errors);
  const std::vector<std::string> known = data::task_names();
  if (!task.generator.empty() && std::find(known.begin(), known.end(), task.generator) == known.end()) {
    errors.add(path + ".generator",
               with_hint("no generator is called `" + task.generator + "`", task.generator, known));
  }
  check_languages(task, path + ".options", errors);
}

void check_parallel(const ParallelConfig& parallel, ConfigErrors& errors) {
  const std::pair<const char*, int64_t> kinds[] = {{"data", parallel.data},
                                                   {"expert", parallel.expert},
                                                   {"tensor", parallel.tensor},
                                                   {"pipeline", parallel.pipeline}};
  for (const auto& [name, ranks] : kinds) {
    if (ranks > 1) errors.add(std::string("parallel.") + name, "must be 1: this program trains in one process");
  }
}

bool has_pieces(const data::ChatPieces& pieces) {
  return !(pieces.start + pieces.system + pieces.user + pieces.assistant + pieces.tool + pieces.generation_prompt)
              .empty();
}

void check_tokenizer(const data::TokenizerConfig& tokenizer, ConfigErrors& errors) {
  if (tokenizer.kind != "byte") {
    if (tokenizer.path.empty()) errors.add("tokenizer.path", "is missing: the kind needs a folder or file");
    check_file(tokenizer.path, "tokenizer.path", errors);
  } else if (!tokenizer.path.empty()) {
    errors.add("tokenizer.path", "is given, but kind is byte; use kind: huggingface or sentencepiece");
  } else if (tokenizer.chat_template != "auto") {
    errors.add("tokenizer.chat_template", "must be auto beside kind: byte, which has a chat format of its own");
  }
  if (tokenizer.chat_template != "custom" && has_pieces(tokenizer.chat_pieces)) {
    errors.add("tokenizer.chat_pieces", "is given, but chat_template is " + tokenizer.chat_template + "; set custom");
  }
}

void check_top_level(Recipe& recipe, ConfigErrors& errors) {
  check_parallel(recipe.parallel, errors);
  check_tokenizer(recipe.tokenizer, errors);
  for (auto& [name, task] : recipe.tasks) {
    check_plain_name(name, "tasks." + name, errors);
    check_task(task, "tasks." + name, errors);
    if (!task.seed) task.seed = recipe.seed;
  }
}

std::string text_member(const ConfigTree& tree, const char* key) {
  const ConfigTree* member = tree.find(key);
  return member && member->is_string() ? std::get<std::string>(member->value()) : std::string();
}

std::unique_ptr<Stage> read_stage(const ConfigTree& tree, const std::string& path, ConfigErrors& errors) {
  if (!tree.is_map()) {
    errors.add(path, "must be a map with name and kind, not a " + tree.kind_name());
    return nullptr;
  }
  const std::string kind = text_member(tree, "kind");
  std::unique_ptr<Stage> stage = make_stage(kind);
  if (!stage) {
    const std::vector<std::string> kinds = stage_kinds();
    std::string all;
    for (const std::string& name : kinds) all += (all.empty() ? "" : ", ") + name;
    const std::string sentence = kind.empty() ? "is missing; " : "no kind of stage is called `" + kind + "`; ";
    errors.add(path + ".kind", with_hint(sentence + "there are " + all, kind, kinds));
    return nullptr;
  }
  stage->read(tree, path, errors);
  check_name_key(tree, path + ".name", errors);
  return stage;
}

void read_stages(LoadedRecipe& loaded, ConfigErrors& errors) {
  if (loaded.recipe.stages.empty()) errors.add("stages", "is empty; a recipe needs at least one stage");
  std::set<std::string> names;
  for (size_t i = 0; i < loaded.recipe.stages.size(); ++i) {
    std::unique_ptr<Stage> stage = read_stage(loaded.recipe.stages[i], stage_path(i), errors);
    if (stage) {
      if (!stage->head().seed) stage->head().seed = loaded.recipe.seed;
      stage->complete(loaded.recipe, stage_path(i), errors);
      const std::string& name = stage->head().name;
      if (!name.empty() && !names.insert(name).second) {
        errors.add(stage_path(i) + ".name", "a stage above is called `" + name + "` too; names must differ");
      }
    }
    loaded.stages.push_back(std::move(stage));
  }
}

std::string wrong_artifact(Artifact wanted, Artifact left) {
  if (left == Artifact::kRewardModel) {
    return "which leaves a reward model: that judges, and can neither go on writing nor be trained to";
  }
  if (wanted == Artifact::kRewardModel) return "which leaves no reward model; a stage of kind reward_model does";
  return std::string("which leaves no ") + (wanted == Artifact::kModel ? "model" : "dataset");
}

// Stages that could have been meant: those above that leave what is wanted.
std::vector<std::string> candidates(const LoadedRecipe& loaded, size_t before, Artifact artifact) {
  std::vector<std::string> names;
  for (size_t i = 0; i < before; ++i) {
    const auto& stage = loaded.stages[i];
    if (stage && stage->artifact() == artifact) names.push_back(stage->head().name);
  }
  return names;
}

void check_stage_reference(const LoadedRecipe& loaded, size_t index, const StageReference& reference,
                           ConfigErrors& errors) {
  if (reference.stage.empty()) return;  // said already
  const int64_t target = loaded.find(reference.stage);
  const std::string quoted = "`" + reference.stage + "`";
  if (target < 0) {
    const auto known = candidates(loaded, index, reference.artifact);
    errors.add(reference.path, with_hint("no stage is called " + quoted, reference.stage, known));
  } else if (target >= static_cast<int64_t>(index)) {
    errors.add(reference.path, quoted + " does not stand above this stage; a stage uses those above it");
  } else if (loaded.stages[target]->artifact() != reference.artifact) {
    errors.add(reference.path, quoted + " is a stage of kind " + loaded.stages[target]->head().kind + ", " +
                                   wrong_artifact(reference.artifact, loaded.stages[target]->artifact()));
  }
}

void check_references(const LoadedRecipe& loaded, ConfigErrors& errors) {
  std::vector<std::string> tasks;
  for (const auto& [name, task] : loaded.recipe.tasks) tasks.push_back(name);
  for (size_t i = 0; i < loaded.stages.size(); ++i) {
    if (!loaded.stages[i]) continue;
    const StageInputs inputs = loaded.stages[i]->inputs(stage_path(i));
    for (const StageReference& reference : inputs.stages) check_stage_reference(loaded, i, reference, errors);
    for (const TaskReference& reference : inputs.tasks) {
      if (std::find(tasks.begin(), tasks.end(), reference.task) != tasks.end()) continue;
      errors.add(reference.path, with_hint("no task is called `" + reference.task + "`", reference.task, tasks));
    }
    for (const FileReference& reference : inputs.files) check_file(reference.file, reference.path, errors);
    for (const ModelReference& reference : inputs.models) check_folder(reference.file, reference.path, errors);
  }
}

}  // namespace

std::string stage_path(size_t index) { return "stages." + std::to_string(index); }

int64_t LoadedRecipe::find(const std::string& stage_name) const {
  for (size_t i = 0; i < stages.size(); ++i) {
    if (stages[i] && stages[i]->head().name == stage_name) return static_cast<int64_t>(i);
  }
  return -1;
}

std::string model_config_of(const LoadedRecipe& loaded, size_t index) {
  for (;;) {
    const std::string own = loaded.stages[index]->model_config();
    if (!own.empty()) return own;
    int64_t parent = -1;
    for (const StageReference& input : loaded.stages[index]->inputs(stage_path(index)).stages) {
      const bool is_policy = input.artifact == Artifact::kModel && input.role != kRewardRole;
      if (is_policy && parent < 0) parent = loaded.find(input.stage);
    }
    if (parent < 0 || parent >= static_cast<int64_t>(index)) return {};
    index = static_cast<size_t>(parent);
  }
}

LoadedRecipe read_recipe(ConfigTree tree) {
  resolve_rewards(tree);
  ConfigErrors errors;
  LoadedRecipe loaded;
  read_config(tree, "", loaded.recipe, errors);
  check_name_key(tree, "name", errors);
  check_top_level(loaded.recipe, errors);
  read_stages(loaded, errors);
  check_references(loaded, errors);
  errors.throw_if_any();
  for (size_t i = 0; i < loaded.stages.size(); ++i) loaded.recipe.stages[i] = loaded.stages[i]->resolved();
  return loaded;
}

LoadedRecipe load_recipe(const std::vector<std::filesystem::path>& files, const std::vector<std::string>& assignments) {
  if (files.empty()) throw ConfigError("no recipe is given; name a YAML file, for example configs/smoke.yaml");
  ConfigTree tree = ConfigTree::parse_yaml_file(files.front());
  for (size_t i = 1; i < files.size(); ++i) tree.merge(ConfigTree::parse_yaml_file(files[i]));
  for (const std::string& assignment : assignments) tree.set(assignment);
  return read_recipe(std::move(tree));
}

}  // namespace aha::pipeline
