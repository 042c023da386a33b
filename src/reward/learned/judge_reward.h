// The grade that a language model gives a completion, or its preference among those of a prompt.
#pragma once
#include <memory>
#include <vector>

#include "aha/reward/reward.h"

namespace aha::reward {

/// pointwise: the mean of the votes' grades 1 … 10, as a number from 0 to 1.
/// pairwise: each pair of a group is compared in both orders; a win counts 1, and 1/2 for each where the orders do not
/// agree; the value is the mean over all of a completion's comparisons and votes. Null for a completion by itself.
/// A vote that cannot be read is not counted; where none can, that is a fault. An empty part is not asked about: it has
/// the grade 1, and loses against any that is not.
/// @throws ConfigError without a model to load; InputError for a reward model
std::unique_ptr<Reward> make_judge_reward(const RewardConfig& config, const RewardServices& services);

/// Instructions without a place for what is judged.
std::vector<Contradiction> judge_contradictions(const RewardConfig& config);

}  // namespace aha::reward
