// Bare reward names: `rewards: [accuracy]` means the last full definition above, else the last one in the recipe.
#pragma once
#include <string>
#include <vector>

#include "aha/core/config_fields.h"
#include "aha/core/config_tree.h"
#include "aha/reward/reward.h"

namespace aha::pipeline {

/// Replaces bare names in every `rewards` list of the stages (their `eval` and `stop_at` included) by maps, and
/// writes the lists that a kind may leave out, and the template of reward models: that of the stage that trains one,
/// else of the prompts it judges.
void resolve_rewards(ConfigTree& recipe);

/// @throws ConfigError with the key path of every reward of these stages that runs a program of the user's
void refuse_commands(const std::vector<ConfigTree>& stages);

/// Adds a finding for a rule that does not exist and for a name given twice. `path` is that of the list.
void check_rewards(const std::vector<reward::RewardConfig>& rewards, const std::string& path, ConfigErrors& errors);

}  // namespace aha::pipeline
