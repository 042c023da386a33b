// The groups of a GRPO step: which are asked for, which are trained on, and what is left for the next step.
#pragma once
#include <cstdint>
#include <vector>

#include "aha/data/completion.h"
#include "aha/rollout/engine.h"
#include "train/grpo_metrics.h"

namespace aha::train {

/// A prompt and its completions, over all the steps that they take.
struct Group {
  data::Prompt prompt = {};
  int64_t step = 0;                                // that it began in: keys its random numbers
  std::vector<data::Completion> completions = {};  // by sample_index; none before they are begun
  std::vector<uint8_t> prompt_routing = {};        // where it is recorded, once the prompt was read

  bool is_complete() const;  // all of them are there and none is unfinished
  int64_t num_tokens() const;
  /// The answer to its request. What was recorded of the prompt stays where the prompt was not read again.
  void take(rollout::Answer answer);
};
using Groups = std::vector<Group>;

int64_t num_tokens(const Groups& groups);

/// What is gone on with, then `prompts`. Groups that began more than `max_staleness` steps ago begin anew, in their
/// place; `num_restarted` counts them.
Groups groups_of_step(const Groups& carried, const data::PromptBatch& prompts, int64_t step, int64_t max_staleness,
                      int64_t& num_restarted);

/// Numbers of the first `count` complete groups, in order. @throws ShapeError if there are fewer
std::vector<int64_t> first_complete(const Groups& groups, int64_t count);

/// Moves the groups of these numbers, which ascend, into a batch; the others stay, in order.
data::CompletionBatch take_groups(Groups& groups, const std::vector<int64_t>& numbers, int64_t num_generations);

/// What cutting a step off has cost and saved.
struct RolloutCounts {
  int64_t drawn_tokens = 0;    // in this step
  int64_t dropped_tokens = 0;  // drawn in this step or before, and trained on in none
  int64_t restarted_groups = 0, carried_groups = 0;
};
/// rollout/*: the counts, and how old the policies are that the batch's tokens come from.
void add_rollout_metrics(const data::CompletionBatch& batch, int64_t step, const RolloutCounts& counts,
                         Metrics& metrics);

}  // namespace aha::train
