// What a reader of a stage should know of its rewards: where one parted from what watches it, and what failed.
#pragma once
#include <filesystem>
#include <nlohmann/json.hpp>

namespace aha::report {

/// Sentences, in the order of the rewards' names. @param stage of the recipe: its rewards name what watches them
nlohmann::json read_reward_notes(const std::filesystem::path& metrics_file, const nlohmann::json& stage);

}  // namespace aha::report
