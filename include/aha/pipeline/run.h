// A recipe from the first stage to the last: what `aha run` does.
#pragma once
#include <filesystem>
#include <stop_token>
#include <string>
#include <vector>

namespace aha::pipeline {

struct RunOptions {
  std::vector<std::filesystem::path> recipes;  // laid over each other, left to right
  std::vector<std::string> assignments;        // --set path=value
  std::string stop_after;                      // a stage's name; empty: all
  bool dry_run = false;                        // print the plan, touch nothing
  bool fresh = false;                          // delete the run folder's stages first
  bool allow_commands = false;                 // rewards may run programs that the recipe names
  std::stop_token stop;                        // SIGTERM/SIGINT: save and throw StoppedError
};

/// @return the run folder. @throws ConfigError, InputError, IoError, StoppedError
std::filesystem::path run_recipe(const RunOptions& options);

/// The resolved recipe, lineage, batch arithmetic and memory plan, as people read it.
std::string plan_text(const RunOptions& options);

/// The same without the settings: lineage, and what each stage would do now. For --plan.
std::string stages_text(const RunOptions& options);

/// The table that ends a run: stage, model, pass@1 with interval, pass@k, length, format, language.
std::string stage_table(const std::filesystem::path& run_folder);

/// "0.1.0"
std::string program_version();

}  // namespace aha::pipeline
