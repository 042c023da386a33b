// Staged folders with a manifest; nothing is trusted that the manifest does not vouch for.
#include "pipeline/checkpoint.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "aha/core/error.h"
#include "aha/core/file.h"
#include "aha/core/log.h"

namespace aha::pipeline {
namespace {

constexpr int64_t kKeptCheckpoints = 2;
constexpr int64_t kSchemaVersion = 1;
constexpr const char* kManifest = "MANIFEST.json";

using nlohmann::json;

json describe_files(const fs::path& folder) {
  json files = json::object();
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (!entry.is_regular_file()) continue;
    const std::string name = fs::relative(entry.path(), folder).string();
    if (name == kManifest) continue;
    files[name] = {{"bytes", entry.file_size()}, {"xxh3", hash_file(entry.path())}};
  }
  return files;
}

// The manifest vouches for itself too: a sum over everything else in it.
std::string sum_of(json manifest) {
  manifest.erase("sum");
  return hash_bytes(manifest.dump());
}

// Step folders, newest first.
std::vector<fs::path> step_folders(const fs::path& stage_folder) {
  std::vector<fs::path> folders;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(stage_folder / "checkpoints", error)) {
    const std::string name = entry.path().filename().string();
    const bool is_step = name.starts_with("step-") && name.size() > 5 &&
                         std::all_of(name.begin() + 5, name.end(), [](unsigned char c) { return std::isdigit(c); });
    if (is_step) folders.push_back(entry.path());
  }
  std::sort(folders.begin(), folders.end(), [](const fs::path& a, const fs::path& b) {
    const std::string x = a.filename().string(), y = b.filename().string();
    return x.size() != y.size() ? x.size() > y.size() : x > y;
  });
  return folders;
}

void remove_old(const fs::path& stage_folder) {
  const std::vector<fs::path> folders = step_folders(stage_folder);
  for (size_t i = kKeptCheckpoints; i < folders.size(); ++i) {
    // Renamed first, so that a kill in between leaves no half-removed checkpoint under a step's name.
    const fs::path trash = folders[i].parent_path() / (".trash-" + folders[i].filename().string());
    std::error_code error;
    fs::remove_all(trash, error);
    fs::rename(folders[i], trash, error);
    if (!error) fs::remove_all(trash, error);
    if (error) log::warning("cannot remove " + folders[i].string() + ": " + error.message());
  }
}

// @return an empty string if the checkpoint is whole and of this stage, else why not
std::string find_fault(const fs::path& folder, const std::string& stage_hash, json& manifest) {
  std::error_code error;
  if (!fs::exists(folder / kManifest, error)) return "it has no MANIFEST.json";
  manifest = json::parse(read_file(folder / kManifest), nullptr, /*allow_exceptions=*/false);
  if (!manifest.is_object() || manifest.value("sum", json()) != json(sum_of(manifest)))
    return "its manifest is damaged";
  if (manifest.value("schema", json()) != json(kSchemaVersion)) return "another version of aha wrote it";
  if (manifest.value("stage_hash", json()) != json(stage_hash)) return "it belongs to other settings";
  if (describe_files(folder) != manifest["files"]) return "a file is missing or damaged";
  return "";
}

}  // namespace

void save_checkpoint(const fs::path& stage_folder, int64_t step, const std::string& stage_hash, const json& cursor,
                     const std::function<void(const fs::path&)>& write_state) {
  make_folder(stage_folder / "checkpoints");
  StagedFolder staged(stage_folder / "checkpoints" / fmt::format("step-{:06}", step));
  write_state(staged.path());
  json manifest = {{"schema", kSchemaVersion},
                   {"step", step},
                   {"stage_hash", stage_hash},
                   {"cursor", cursor},
                   {"files", describe_files(staged.path())}};
  manifest["sum"] = sum_of(manifest);
  write_file_atomic(staged.path() / kManifest, manifest.dump(2) + "\n");
  staged.commit();
  remove_old(stage_folder);
}

std::optional<Checkpoint> newest_checkpoint(const fs::path& stage_folder, const std::string& stage_hash) {
  for (const fs::path& folder : step_folders(stage_folder)) {
    json manifest;
    const std::string fault = find_fault(folder, stage_hash, manifest);
    if (fault.empty()) return Checkpoint{folder, manifest["step"].get<int64_t>(), manifest["cursor"]};
    log::warning(folder.string() + " is passed over: " + fault);
  }
  return std::nullopt;
}

}  // namespace aha::pipeline
