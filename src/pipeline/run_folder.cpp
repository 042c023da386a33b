// Lock, hashes, records and description files of a run folder.
#include "pipeline/run_folder.h"

#include <torch/version.h>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <thread>

#include "aha/core/error.h"
#include "aha/core/file.h"
#include "aha/core/log.h"
#include "aha/pipeline/run.h"

namespace aha::pipeline {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;

constexpr const char* kRecord = "stage.json";

std::string hash_path(const fs::path& path) {
  std::error_code error;
  return fs::is_directory(path, error) ? hash_folder(path) : hash_file(path);
}

// Sums of what stages read from outside, each taken once: a model's files are many gigabytes.
class ContentHashes {
 public:
  const std::string& of(const fs::path& path) {
    auto found = hashes_.find(path);
    if (found == hashes_.end()) found = hashes_.emplace(path, hash_path(path)).first;
    return found->second;
  }

 private:
  std::map<fs::path, std::string> hashes_;
};

// A tokenizer may stand in a model's folder: its weights are not what the tokenizer is made of.
std::string tokenizer_content(const fs::path& path) {
  std::error_code error;
  if (!fs::is_directory(path, error)) return hash_file(path);
  std::map<std::string, std::string> files;
  for (const auto& entry : fs::directory_iterator(path, error)) {
    const std::string extension = entry.path().extension().string();
    const bool is_text = extension == ".json" || extension == ".model" || extension == ".jinja" || extension == ".txt";
    if (entry.is_regular_file() && is_text) files[entry.path().filename().string()] = hash_file(entry.path());
  }
  return hash_bytes(json(files).dump());
}

json task_identity(const TaskConfig& task, ContentHashes& hashes) {
  json identity = config_to_tree(task).to_json();
  if (!task.path.empty()) identity["content"] = hashes.of(task.path);
  return identity;
}

json tokenizer_identity(const data::TokenizerConfig& tokenizer) {
  json identity = config_to_tree(tokenizer).to_json();
  if (!tokenizer.path.empty()) identity["content"] = tokenizer_content(tokenizer.path);
  return identity;
}

struct Inputs {
  json tokenizer;
  ContentHashes hashes;
  std::map<std::string, std::string> above;  // hashes of the stages before
};

std::string stage_hash(const LoadedRecipe& loaded, size_t index, Inputs& known) {
  const StageInputs inputs = loaded.stages[index]->inputs(stage_path(index));
  json identity = {{"version", program_version()}, {"dtype", loaded.recipe.dtype},
                   {"tokenizer", known.tokenizer}, {"stage", loaded.recipe.stages[index].to_json()},
                   {"inputs", json::object()},     {"tasks", json::object()},
                   {"files", json::object()}};
  for (const StageReference& input : inputs.stages) identity["inputs"][input.stage] = known.above.at(input.stage);
  for (const TaskReference& input : inputs.tasks) {
    identity["tasks"][input.task] = task_identity(loaded.recipe.tasks.at(input.task), known.hashes);
  }
  for (const FileReference& input : inputs.files) identity["files"][input.file.string()] = known.hashes.of(input.file);
  for (const ModelReference& input : inputs.models) {
    identity["models"][input.file.string()] = known.hashes.of(input.file);
  }
  return hash_bytes(identity.dump());
}

json read_record(const fs::path& stage_folder) {
  std::error_code error;
  if (!fs::exists(stage_folder / kRecord, error)) return json::object();
  const json record = json::parse(read_file(stage_folder / kRecord), nullptr, /*allow_exceptions=*/false);
  return record.is_object() ? record : json::object();
}

// A stage keeps its folder when the stages before it become more or fewer.
fs::path find_stage_folder(const fs::path& run_folder, size_t index, const std::string& name) {
  const fs::path expected = run_folder / stage_folder_name(index, name);
  std::error_code error;
  if (fs::exists(expected, error)) return expected;
  for (const auto& entry : fs::directory_iterator(run_folder, error)) {
    const std::string folder = entry.path().filename().string();
    const size_t dash = folder.find('-');
    const bool is_numbered = dash != std::string::npos && dash > 0 && folder.find_first_not_of("0123456789") == dash;
    if (is_numbered && folder.substr(dash + 1) == name) return entry.path();
  }
  return expected;
}

void remove_folder(const fs::path& folder) {
  // Renamed first: a kill in between must not leave half a stage under its name.
  const fs::path trash = folder.parent_path() / (".trash-" + folder.filename().string());
  std::error_code error;
  fs::remove_all(trash, error);
  fs::rename(folder, trash, error);
  if (!error) fs::remove_all(trash, error);
  if (error) throw IoError("remove", folder.string(), error.value());
}

int lock_folder(const fs::path& folder) {
  const fs::path file = folder / ".lock";
  const int descriptor = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (descriptor < 0) throw IoError("open", file.string(), errno);
  if (::flock(descriptor, LOCK_EX | LOCK_NB) == 0) return descriptor;
  ::close(descriptor);
  throw InputError(folder.string(),
                   "another process is running this recipe; wait for it, or give the run another name");
}

}  // namespace

const char* status_name(StageStatus status) {
  constexpr const char* kNames[] = {"absent", "changed", "started", "done"};
  return kNames[static_cast<int>(status)];
}

std::filesystem::path run_folder_path(const Recipe& recipe) { return fs::path(recipe.output_dir) / recipe.name; }

std::string stage_folder_name(size_t index, const std::string& stage_name) {
  return fmt::format("{:02}-{}", index + 1, stage_name);
}

std::vector<std::string> stage_hashes(const LoadedRecipe& loaded) {
  std::vector<std::string> hashes;
  Inputs known{.tokenizer = tokenizer_identity(loaded.recipe.tokenizer), .hashes = {}, .above = {}};
  for (size_t i = 0; i < loaded.stages.size(); ++i) {
    hashes.push_back(stage_hash(loaded, i, known));
    known.above[loaded.stages[i]->head().name] = hashes.back();
  }
  return hashes;
}

StageStatus stage_status(const fs::path& run_folder, size_t index, const std::string& stage_name,
                         const std::string& hash) {
  const fs::path folder = find_stage_folder(run_folder, index, stage_name);
  std::error_code error;
  if (!fs::exists(folder, error)) return StageStatus::kAbsent;
  const json record = read_record(folder);
  if (record.value("hash", json()) != json(hash)) return StageStatus::kChanged;
  const bool is_done = record.value("status", json()) == json("done") && fs::exists(folder / "result.json", error);
  return is_done ? StageStatus::kDone : StageStatus::kStarted;
}

RunFolder::RunFolder(const LoadedRecipe& loaded)
    : loaded_(loaded), path_(run_folder_path(loaded.recipe)), hashes_(stage_hashes(loaded)) {
  make_folder(path_);
  lock_ = lock_folder(path_);
}

RunFolder::~RunFolder() { ::close(lock_); }

fs::path RunFolder::stage_folder(size_t index) const {
  return path_ / stage_folder_name(index, loaded_.stages[index]->head().name);
}

StageStatus RunFolder::status(size_t index) const {
  return stage_status(path_, index, loaded_.stages[index]->head().name, hashes_[index]);
}

void RunFolder::remove_stages() {
  for (size_t i = 0; i < loaded_.stages.size(); ++i) {
    const fs::path folder = find_stage_folder(path_, i, loaded_.stages[i]->head().name);
    std::error_code error;
    if (fs::exists(folder, error)) remove_folder(folder);
  }
}

void RunFolder::begin_stage(size_t index) {
  const std::string& name = loaded_.stages[index]->head().name;
  const fs::path found = find_stage_folder(path_, index, name);
  const fs::path folder = stage_folder(index);
  std::error_code error;
  if (found != folder) fs::rename(found, folder, error);
  if (error) throw IoError("rename", found.string(), error.value());
  if (status(index) == StageStatus::kChanged) {
    log::info(fmt::format("{}: settings or inputs have changed, so it starts anew", name));
    remove_folder(folder);
  }
  make_folder(folder);
  if (status(index) != StageStatus::kDone) write_record(index, "started", 0);
}

void RunFolder::end_stage(size_t index, double seconds) { write_record(index, "done", seconds); }

void RunFolder::write_record(size_t index, const std::string& status, double seconds) const {
  const ordered_json record = {{"name", loaded_.stages[index]->head().name},
                               {"kind", loaded_.stages[index]->head().kind},
                               {"status", status},
                               {"hash", hashes_[index]},
                               {"seconds", seconds}};
  write_file_atomic(stage_folder(index) / kRecord, record.dump(2) + "\n");
}

void RunFolder::write_description(int num_threads) const {
  write_file_atomic(path_ / "recipe.json", config_to_tree(loaded_.recipe).to_json().dump(2) + "\n");
  const ordered_json environment = {{"version", program_version()}, {"torch", TORCH_VERSION},
                                    {"compiler", __VERSION__},      {"cores", std::thread::hardware_concurrency()},
                                    {"threads", num_threads},       {"device", "cpu"},
                                    {"dtype", loaded_.recipe.dtype}};
  write_file_atomic(path_ / "environment.json", environment.dump(2) + "\n");
}

void RunFolder::write_lineage() const {
  ordered_json stages = ordered_json::array();
  for (size_t i = 0; i < loaded_.stages.size(); ++i) {
    const Stage& stage = *loaded_.stages[i];
    const StageInputs inputs = stage.inputs(stage_path(i));
    std::vector<std::string> names, files, models;
    std::map<std::string, std::set<std::string>> tasks;
    for (const StageReference& input : inputs.stages) names.push_back(input.stage);
    for (const FileReference& input : inputs.files) files.push_back(input.file.string());
    for (const ModelReference& input : inputs.models) models.push_back(input.file.string());
    for (const TaskReference& input : inputs.tasks) tasks[input.task].insert(split_name(input.split));
    stages.push_back({{"name", stage.head().name},
                      {"kind", stage.head().kind},
                      {"folder", stage_folder_name(i, stage.head().name)},
                      {"status", status_name(status(i))},
                      {"hash", hashes_[i]},
                      {"inputs", names},
                      {"tasks", tasks},
                      {"files", files},
                      {"models", models}});
  }
  write_file_atomic(path_ / "lineage.json", ordered_json{{"stages", std::move(stages)}}.dump(2) + "\n");
}

}  // namespace aha::pipeline
