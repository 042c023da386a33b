// Checkpoints of a stage: whole or absent, checked by sums before they are used.
#pragma once
#include <cstdint>
#include <filesystem>
#include <functional>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

namespace aha::pipeline {

struct Checkpoint {
  std::filesystem::path folder;
  int64_t step = 0;
  nlohmann::json cursor;
};

/// Writes checkpoints/step-NNNNNN below the stage's folder: what `write_state` puts there and MANIFEST.json with every
/// file's size and sum. Then removes all but the newest two. @throws IoError; older checkpoints are then untouched
void save_checkpoint(const std::filesystem::path& stage_folder, int64_t step, const std::string& stage_hash,
                     const nlohmann::json& cursor,
                     const std::function<void(const std::filesystem::path&)>& write_state);

/// The newest checkpoint of this stage hash whose files all have their sums; those passed over are logged with why.
std::optional<Checkpoint> newest_checkpoint(const std::filesystem::path& stage_folder, const std::string& stage_hash);

}  // namespace aha::pipeline
