// The model that a reward asks, and its tokenizer.
#pragma once
#include <memory>

#include "aha/data/tokenizer.h"
#include "aha/model/model.h"
#include "aha/reward/reward.h"

namespace aha::reward {

struct AskedModel {
  std::shared_ptr<const model::Model> model;
  std::shared_ptr<const data::Tokenizer> tokenizer;
};

/// @throws ConfigError "rewards.model" where nothing can load it; InputError if the tokenizer has ids that the model
/// does not know, or no end token
AskedModel load_asked_model(const RewardConfig& config, const RewardServices& services);

}  // namespace aha::reward
