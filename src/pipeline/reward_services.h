// The models that rewards ask: which ones a recipe names, and how a stage comes by them.
#pragma once
#include <string>
#include <vector>

#include "aha/reward/reward.h"
#include "pipeline/stage.h"

namespace aha::pipeline {

/// Adds the models that these rewards ask, each once: a name with a slash is a folder, any other a stage. `path` is
/// that of the list.
void add_reward_inputs(const std::vector<reward::RewardConfig>& rewards, const std::string& path, StageInputs& inputs);

/// A model is loaded when it is first asked for, and kept for as long as a copy of the services lives. The tokenizer is
/// the run's for a stage's model, and for a folder that has none of its own.
reward::RewardServices make_reward_services(const StageContext& context, bool allow_commands);

}  // namespace aha::pipeline
