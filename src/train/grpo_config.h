// Which settings of GRPO cannot teach, or cannot stand beside each other or on a model.
#pragma once
#include "aha/train/grpo_trainer.h"

namespace aha::train {

/// @throws ConfigError for the first of contradictions(config), and for what this model cannot do
void check_config(const GrpoConfig& config, const model::Model& policy);

}  // namespace aha::train
