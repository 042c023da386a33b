#include "train/dynamic_sampling.h"

#include <algorithm>
#include <iterator>
#include <numeric>
#include <utility>

#include "aha/core/error.h"
#include "aha/objective/advantage.h"

namespace aha::train {
namespace {

template <class Item>
void append(std::vector<Item>& items, std::vector<Item>& more) {
  std::move(more.begin(), more.end(), std::back_inserter(items));
}

// The items of the groups of these numbers, which ascend, are moved to the front; the others go.
template <class Item>
void keep(std::vector<Item>& items, const std::vector<int64_t>& groups, int64_t group_size) {
  if (items.empty()) return;
  auto to = items.begin();
  for (const int64_t group : groups) {
    const auto from = items.begin() + group * group_size;
    if (to != from) std::move(from, from + group_size, to);
    to += group_size;
  }
  items.erase(to, items.end());
}

// What is known of the policy after some rounds.
struct Asked {
  int64_t num_groups = 0, num_dropped = 0, num_judged = 0;
  double reward_sum = 0;

  void add(JudgedGroups& groups) {
    num_groups += std::ssize(groups.completions.prompts);
    for (const std::optional<double>& total : groups.scores.total) {
      reward_sum += total.value_or(0);
      num_judged += total.has_value();
    }
    num_dropped += drop_equal_groups(groups);
  }
  double mean_reward() const { return num_judged > 0 ? reward_sum / static_cast<double>(num_judged) : 0; }
  /// Groups among which `count` will teach.
  int64_t needed_for(int64_t count) const {
    const int64_t num_kept = std::max<int64_t>(1, num_groups - num_dropped);
    return (count * num_groups + num_kept - 1) / num_kept;
  }
};

// Keeps groups of these numbers, which ascend.
void keep_groups(JudgedGroups& groups, const std::vector<int64_t>& kept) {
  data::CompletionBatch& batch = groups.completions;
  const int64_t size = batch.num_generations;
  keep(batch.prompts, kept, 1);
  keep(batch.prompt_routing, kept, 1);
  keep(batch.completions, kept, size);
  keep(groups.scores.total, kept, size);
  for (auto& values : groups.scores.values) keep(values, kept, size);
  for (int64_t i = 0; i < std::ssize(batch.completions); ++i) {
    batch.completions[static_cast<size_t>(i)].prompt_index = i / size;
  }
}

int64_t drop_surplus(JudgedGroups& groups, int64_t wanted) {
  const int64_t surplus = std::ssize(groups.completions.prompts) - wanted;
  if (surplus <= 0) return 0;
  std::vector<int64_t> kept(static_cast<size_t>(wanted));
  std::iota(kept.begin(), kept.end(), 0);
  keep_groups(groups, kept);
  return surplus;
}

}  // namespace

int64_t drop_equal_groups(JudgedGroups& groups) {
  const int64_t size = groups.completions.num_generations, num_groups = std::ssize(groups.completions.prompts);
  const at::Tensor reward_N = total_rewards(groups.scores);
  std::vector<int64_t> kept;
  for (int64_t group = 0; group < num_groups; ++group) {
    if (objective::frac_reward_zero_std(reward_N.narrow(0, group * size, size), size) == 0) kept.push_back(group);
  }
  keep_groups(groups, kept);
  return num_groups - std::ssize(kept);
}

void append(JudgedGroups& groups, JudgedGroups more) {
  data::CompletionBatch& batch = groups.completions;
  AHA_CHECK(groups.scores.names == more.scores.names, "groups that are put together have the same rewards");
  for (data::Completion& completion : more.completions.completions)
    completion.prompt_index += std::ssize(batch.prompts);
  append(batch.prompts, more.completions.prompts);
  append(batch.prompt_routing, more.completions.prompt_routing);
  append(batch.completions, more.completions.completions);
  append(groups.scores.total, more.scores.total);
  groups.scores.num_judged += more.scores.num_judged;
  for (size_t r = 0; r < groups.scores.names.size(); ++r) {
    append(groups.scores.values[r], more.scores.values[r]);
    groups.scores.num_failed[r] += more.scores.num_failed[r];
    groups.scores.num_timed_out[r] += more.scores.num_timed_out[r];
    groups.scores.num_undecided[r] += more.scores.num_undecided[r];
  }
}

JudgedGroups sample_dynamically(const GrpoConfig& config, const data::PromptBatch& prompts, const PromptSource& more,
                                const AskAndJudge& ask, Metrics& metrics) {
  if (!more) throw ConfigError("dynamic_sample", "needs a source of further prompts; give step() one, or turn it off");
  const int64_t wanted = std::ssize(prompts);
  Asked asked;
  JudgedGroups groups = ask(prompts, 0);
  asked.add(groups);
  const auto missing = [&] { return wanted - std::ssize(groups.completions.prompts); };
  int64_t rounds = 0;
  while (missing() > 0 && rounds < config.max_resample_times) {
    const data::PromptBatch next = more(std::min(wanted, asked.needed_for(missing())));
    if (next.empty()) break;
    JudgedGroups found = ask(next, ++rounds);
    asked.add(found);
    append(groups, std::move(found));
  }
  metrics["dynamic_sampling/rounds"] = static_cast<double>(rounds);
  metrics["dynamic_sampling/dropped_groups"] = static_cast<double>(asked.num_dropped);
  metrics["dynamic_sampling/surplus_groups"] = static_cast<double>(drop_surplus(groups, wanted));
  metrics["dynamic_sampling/missing_groups"] = static_cast<double>(missing());
  metrics["dynamic_sampling/reward"] = asked.mean_reward();
  return groups;
}

}  // namespace aha::train
