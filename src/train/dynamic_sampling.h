// Groups that cannot teach are put aside, and other prompts asked in their place (DAPO, arXiv:2503.14476 section 3.2).
#pragma once
#include <functional>

#include "aha/data/completion.h"
#include "aha/reward/reward.h"
#include "aha/train/grpo_trainer.h"
#include "train/grpo_metrics.h"

namespace aha::train {

/// Whole groups, all of them judged.
struct JudgedGroups {
  data::CompletionBatch completions;
  reward::BatchScores scores;
};

/// Takes out the groups whose judged rewards are all equal, or of which fewer than two are judged. What was counted
/// while judging stays counted. @return how many groups went
int64_t drop_equal_groups(JudgedGroups& groups);

/// Puts groups behind others that were judged by the same rewards.
void append(JudgedGroups& groups, JudgedGroups more);

/// Asks groups and judges them. @param round 0, 1, …: keys the random numbers beside the step
using AskAndJudge = std::function<JudgedGroups(const data::PromptBatch& prompts, int64_t round)>;

/// Asks `prompts`, then, up to config.max_resample_times more times, others from `more`: as many as would fill the step
/// if groups went on to teach as often as those so far, and no more at a time than `prompts` are. The first groups that
/// teach are kept, in the order in which they were asked; where they are too few, the result is smaller, or empty.
/// Adds dynamic_sampling/{rounds,dropped_groups,surplus_groups,missing_groups} and dynamic_sampling/reward: the mean
/// over all groups asked, as the reward of those that are kept says little of the policy.
JudgedGroups sample_dynamically(const GrpoConfig& config, const data::PromptBatch& prompts, const PromptSource& more,
                                const AskAndJudge& ask, Metrics& metrics);

}  // namespace aha::train
