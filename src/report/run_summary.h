// Everything of a run folder that the report shows, as one JSON value.
#pragma once
#include <filesystem>
#include <nlohmann/json.hpp>

namespace aha::report {

/// {"name", "seed", "date", "stages": [...], "evaluations": [...], "recipe", "environment"}; works on unfinished runs.
/// @throws InputError if there is no recipe.json that can be read
nlohmann::json summarize_run(const std::filesystem::path& run_folder);

}  // namespace aha::report
