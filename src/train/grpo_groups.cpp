#include "train/grpo_groups.h"

#include <algorithm>
#include <utility>

#include "aha/core/error.h"

namespace aha::train {

bool Group::is_complete() const {
  const auto is_unfinished = [](const data::Completion& completion) {
    return completion.finish_reason == data::FinishReason::kUnfinished;
  };
  return !completions.empty() && std::none_of(completions.begin(), completions.end(), is_unfinished);
}

int64_t Group::num_tokens() const {
  int64_t sum = 0;
  for (const data::Completion& completion : completions) sum += std::ssize(completion.token_ids);
  return sum;
}

void Group::take(rollout::Answer answer) {
  completions = std::move(answer.completions);
  if (!answer.prompt_routing.empty()) prompt_routing = std::move(answer.prompt_routing);
}

int64_t num_tokens(const Groups& groups) {
  int64_t sum = 0;
  for (const Group& group : groups) sum += group.num_tokens();
  return sum;
}

Groups groups_of_step(const Groups& carried, const data::PromptBatch& prompts, int64_t step, int64_t max_staleness,
                      int64_t& num_restarted) {
  Groups groups = carried;
  num_restarted = 0;
  for (Group& group : groups) {
    if (step - group.step <= max_staleness) continue;
    group.step = step;
    group.completions.clear();
    group.prompt_routing.clear();
    ++num_restarted;
  }
  for (const data::Prompt& prompt : prompts) groups.push_back({.prompt = prompt, .step = step});
  return groups;
}

std::vector<int64_t> first_complete(const Groups& groups, int64_t count) {
  std::vector<int64_t> numbers;
  for (int64_t i = 0; i < std::ssize(groups) && std::ssize(numbers) < count; ++i) {
    if (groups[static_cast<size_t>(i)].is_complete()) numbers.push_back(i);
  }
  AHA_CHECK(std::ssize(numbers) == count, "a rollout ended before enough of its groups were complete");
  return numbers;
}

data::CompletionBatch take_groups(Groups& groups, const std::vector<int64_t>& numbers, int64_t num_generations) {
  data::CompletionBatch batch;
  batch.num_generations = num_generations;
  for (const int64_t number : numbers) {
    Group& group = groups[static_cast<size_t>(number)];
    AHA_CHECK(std::ssize(group.completions) == num_generations, "a group has another number of completions");
    for (data::Completion& completion : group.completions) {
      completion.prompt_index = std::ssize(batch.prompts);
      batch.completions.push_back(std::move(completion));
    }
    batch.prompts.push_back(std::move(group.prompt));
    batch.prompt_routing.push_back(std::move(group.prompt_routing));
  }
  for (auto number = numbers.rbegin(); number != numbers.rend(); ++number) groups.erase(groups.begin() + *number);
  return batch;
}

void add_rollout_metrics(const data::CompletionBatch& batch, int64_t step, const RolloutCounts& counts,
                         Metrics& metrics) {
  double tokens = 0, old_tokens = 0, staleness = 0;
  for (const data::Completion& completion : batch.completions) {
    for (const int32_t version : completion.policy_versions) {
      tokens += 1;
      old_tokens += version < step ? 1 : 0;
      staleness += static_cast<double>(step - version);
    }
  }
  metrics["rollout/old_token_ratio"] = tokens > 0 ? old_tokens / tokens : 0;
  metrics["rollout/mean_staleness"] = tokens > 0 ? staleness / tokens : 0;
  metrics["rollout/drawn_tokens"] = static_cast<double>(counts.drawn_tokens);
  metrics["rollout/dropped_tokens"] = static_cast<double>(counts.dropped_tokens);
  metrics["rollout/restarted_groups"] = static_cast<double>(counts.restarted_groups);
  metrics["rollout/carried_groups"] = static_cast<double>(counts.carried_groups);
}

}  // namespace aha::train
