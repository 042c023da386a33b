// The score that a trained reward model gives.
#pragma once
#include <memory>

#include "aha/reward/reward.h"

namespace aha::reward {

/// A submission's value is the model's reward of the judged part after its problem, in the tokens of its training (see
/// judged_tokens), a number without bounds. It depends on nothing else, but where the part is empty (reasoning that
/// never ends, say): such a completion gets the lowest reward of its group, so that to say nothing never pays, or null
/// where the whole group is empty. A sequence longer than the model's context is a fault.
/// @throws ConfigError without a model to load; InputError for a language model, or a tokenizer that is not its own
std::unique_ptr<Reward> make_reward_model_reward(const RewardConfig& config, const RewardServices& services);

}  // namespace aha::reward
