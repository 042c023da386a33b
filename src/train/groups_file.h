// Groups that wait for the next step, as a file of a checkpoint.
#pragma once
#include <filesystem>

#include "train/grpo_groups.h"

namespace aha::train {

/// JSON lines, one a completion: the prompt's id, the step it began in, and each token with its log-probs, bit for
/// bit, the version of the policy that drew it and, where they were recorded, its experts. @throws IoError
void save_groups(const std::filesystem::path& file, const Groups& groups);

/// @param prompts those the groups may be of, by id. @throws InputError for a damaged file or another stage's
Groups load_groups(const std::filesystem::path& file, const data::PromptBatch& prompts, int64_t num_generations);

}  // namespace aha::train
