// What the model wrote to the same prompts early and late in a stage.
#pragma once
#include <filesystem>
#include <nlohmann/json.hpp>

namespace aha::report {

/// At most 12 pairs of completions.jsonl, farthest apart in steps first:
/// [{"prompt", "early": {"step", "mean_reward", "count", "completions": [row…]}, "late": {…}}], each side with its
/// best, middle and worst completion. Where no prompt comes twice, prompts of the first and of the last step stand side
/// by side, and a pair carries "late_prompt".
nlohmann::json read_sample_pairs(const std::filesystem::path& completions_file);

/// The first few prompts and completions of dataset.jsonl.
nlohmann::json read_dataset_rows(const std::filesystem::path& dataset_file);

/// At most `max_bytes` of a text, never half a character; what was cut shows as "…".
std::string shortened(const std::string& text, size_t max_bytes);

}  // namespace aha::report
