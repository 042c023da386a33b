// The folder of a run: who holds it, which stages are done, and the files that tell what the run is.
#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "pipeline/recipe.h"

namespace aha::pipeline {

enum class StageStatus { kAbsent, kChanged, kStarted, kDone };
const char* status_name(StageStatus status);  // "absent" | "changed" | "started" | "done"

std::filesystem::path run_folder_path(const Recipe& recipe);
/// 01-base, 02-zero …
std::string stage_folder_name(size_t index, const std::string& stage_name);

/// Hash of all that decides each stage's result: its settings, seed, tokenizer, tasks, input files, the stages it reads
/// and the program's version. @throws InputError for an unreadable file
std::vector<std::string> stage_hashes(const LoadedRecipe& loaded);

/// What the folder says of a stage: done or started under this hash, or under another one.
StageStatus stage_status(const std::filesystem::path& run_folder, size_t index, const std::string& stage_name,
                         const std::string& hash);

/// Made once per run; no second process can hold the same folder. @throws InputError if one does
class RunFolder {
 public:
  explicit RunFolder(const LoadedRecipe& loaded);
  ~RunFolder();
  RunFolder(const RunFolder&) = delete;
  RunFolder& operator=(const RunFolder&) = delete;

  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path stage_folder(size_t index) const;
  const std::string& hash(size_t index) const { return hashes_[index]; }
  StageStatus status(size_t index) const;

  void remove_stages();
  /// The stage's folder, emptied if other settings filled it.
  void begin_stage(size_t index);
  void end_stage(size_t index, double seconds);
  /// recipe.json, environment.json
  void write_description(int num_threads) const;
  /// lineage.json: what each stage was made from, and how far it is
  void write_lineage() const;

 private:
  void write_record(size_t index, const std::string& status, double seconds) const;

  const LoadedRecipe& loaded_;
  std::filesystem::path path_;
  std::vector<std::string> hashes_;
  int lock_ = -1;
};

}  // namespace aha::pipeline
