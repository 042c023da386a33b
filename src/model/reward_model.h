// What tells reward models from language models.
#pragma once
#include "aha/model/config.h"

namespace aha::model {

/// How transformers calls the classes of sequence classifiers, behind the family's name.
inline constexpr const char* kRewardEnding = "ForSequenceClassification";

/// @throws InputError for a reward model
void check_has_output_head(const ModelConfig& config);

}  // namespace aha::model
