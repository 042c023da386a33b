// Advantages, worked out in float64 on the few numbers a step has.
#include "aha/objective/advantage.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/zeros.h>
#include <c10/util/StringUtil.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>

#include "aha/core/error.h"

namespace aha::objective {
namespace {

constexpr double kStdEpsilon = 1e-4;     // TRL's
constexpr double kFlatTolerance = 1e-9;  // rewards this near are equal: their sums were rounded differently

struct Moments {
  double count = 0;
  double mean = 0;
  double std = 0;       // sample standard deviation; 0 for fewer than two
  bool is_flat = true;  // no judged value differs from another
};

// Of the values that are no NaN, each as many times as counts says; without counts, once.
Moments moments(std::span<const double> values, std::span<const int64_t> counts = {}) {
  const auto count_of = [&](size_t i) {
    if (std::isnan(values[i])) return 0.0;
    return counts.empty() ? 1.0 : static_cast<double>(counts[i]);
  };
  Moments result;
  double sum = 0, low = std::numeric_limits<double>::infinity(), high = -low;
  for (size_t i = 0; i < values.size(); ++i) {
    if (count_of(i) == 0) continue;
    result.count += count_of(i);
    sum += count_of(i) * values[i];
    low = std::min(low, values[i]);
    high = std::max(high, values[i]);
  }
  if (result.count == 0) return result;
  result.mean = sum / result.count;
  result.is_flat = high - low <= kFlatTolerance * std::max(1.0, std::abs(high));
  double squares = 0;
  for (size_t i = 0; i < values.size(); ++i) {
    if (count_of(i) > 0) squares += count_of(i) * (values[i] - result.mean) * (values[i] - result.mean);
  }
  if (result.count > 1) result.std = std::sqrt(squares / (result.count - 1));
  return result;
}

using Values = std::vector<double>;

Values values_of(const at::Tensor& x) {
  const at::Tensor dense = x.contiguous();
  return {dense.const_data_ptr<double>(), dense.const_data_ptr<double>() + dense.numel()};
}

at::Tensor tensor_of(const Values& values) {
  const at::Tensor x_N = at::empty({std::ssize(values)}, at::kDouble);
  std::copy(values.begin(), values.end(), x_N.mutable_data_ptr<double>());
  return x_N;
}

void check_groups(const std::string& function, const at::Tensor& reward_N, int64_t num_generations) {
  if (num_generations < 1) throw ShapeError("[" + function + "] num_generations must be at least 1");
  if (reward_N.dim() != 1 || reward_N.scalar_type() != at::kDouble || reward_N.size(0) % num_generations != 0) {
    throw ShapeError("[" + function + "] reward must be a float64 vector of whole groups of " +
                     std::to_string(num_generations) + ", but is " + c10::str(reward_N.sizes()) + " of " +
                     c10::str(reward_N.scalar_type()));
  }
}

// The judged values of every group that is not flat, each as `advantage` says; the others 0.
template <class Advantage>
Values per_group(const Values& rewards, int64_t num_generations, Advantage advantage) {
  Values advantages(rewards.size(), 0.0);
  for (size_t first = 0; first < rewards.size(); first += static_cast<size_t>(num_generations)) {
    const auto group = std::span(rewards).subspan(first, static_cast<size_t>(num_generations));
    const Moments own = moments(group);
    if (own.is_flat) continue;
    for (size_t i = 0; i < group.size(); ++i) {
      if (!std::isnan(group[i])) advantages[first + i] = advantage(group[i], own);
    }
  }
  return advantages;
}

Values relative_to_group(const Values& rewards, int64_t num_generations, ScaleRewards scale) {
  const double batch_std = moments(rewards).std;
  return per_group(rewards, num_generations, [&](double reward, const Moments& own) {
    const double std = scale == ScaleRewards::kBatch ? batch_std : own.std;
    return (reward - own.mean) / (scale == ScaleRewards::kNone ? 1.0 : std + kStdEpsilon);
  });
}

// GDPO. A group's advantages of a reward sum to 0, and so does the batch: only its deviation is left to divide by.
Values normalized_then_summed(const Rewards& rewards, const Values& totals, int64_t num_generations) {
  Values sums(totals.size(), 0.0);
  for (size_t r = 0; r < rewards.weight_R.size(); ++r) {
    const Values reward = values_of(rewards.value_NR.select(1, static_cast<int64_t>(r)));
    const Values advantages = relative_to_group(reward, num_generations, ScaleRewards::kGroup);
    for (size_t i = 0; i < sums.size(); ++i) sums[i] += rewards.weight_R[r] * advantages[i];
  }
  for (size_t i = 0; i < sums.size(); ++i) {
    if (std::isnan(totals[i])) sums[i] = std::nan("");
  }
  const double divisor = moments(sums).std + kStdEpsilon;
  for (double& sum : sums) sum = std::isnan(sum) ? 0.0 : sum / divisor;
  return sums;
}

// The mean of the others is (n · mean − r) / (n − 1), so that r is n / (n − 1) · (r − mean) above it.
Values leave_one_out(const Values& rewards, int64_t num_generations) {
  return per_group(rewards, num_generations,
                   [](double reward, const Moments& own) { return own.count / (own.count - 1) * (reward - own.mean); });
}

Values over_all_tokens(const Values& values, const std::vector<int64_t>& lengths) {
  const Moments batch = moments(values, lengths);
  Values advantages(values.size(), 0.0);
  if (batch.is_flat) return advantages;
  for (size_t i = 0; i < values.size(); ++i) {
    if (!std::isnan(values[i])) advantages[i] = (values[i] - batch.mean) / (batch.std + kStdEpsilon);
  }
  return advantages;
}

Values above_group_mean(const Values& rewards, int64_t num_generations) {
  Values values = relative_to_group(rewards, num_generations, ScaleRewards::kNone);
  for (size_t i = 0; i < values.size(); ++i) {
    if (std::isnan(rewards[i])) values[i] = std::nan("");
  }
  return values;
}

ScaleRewards scale_of(const std::string& name) {
  if (name == "group") return ScaleRewards::kGroup;
  if (name == "batch") return ScaleRewards::kBatch;
  if (name == "none") return ScaleRewards::kNone;
  throw ConfigError("scale_rewards", "`" + name + "` is none; use group, batch or none");
}

}  // namespace

at::Tensor total_reward(const Rewards& rewards) {
  const at::Tensor& value_NR = rewards.value_NR;
  if (value_NR.dim() != 2 || value_NR.scalar_type() != at::kDouble ||
      value_NR.size(1) != std::ssize(rewards.weight_R)) {
    throw ShapeError("[total_reward] value must be float64 [N, " + std::to_string(rewards.weight_R.size()) +
                     "], one column for each weight, but is " + c10::str(value_NR.sizes()) + " of " +
                     c10::str(value_NR.scalar_type()));
  }
  Values totals(static_cast<size_t>(value_NR.size(0)), std::nan(""));
  for (size_t r = 0; r < rewards.weight_R.size(); ++r) {
    const Values values = values_of(value_NR.select(1, static_cast<int64_t>(r)));
    for (size_t i = 0; i < totals.size(); ++i) {
      if (std::isnan(values[i])) continue;
      totals[i] = (std::isnan(totals[i]) ? 0.0 : totals[i]) + rewards.weight_R[r] * values[i];
    }
  }
  return tensor_of(totals);
}

at::Tensor advantages(const Rewards& rewards, int64_t num_generations, const AdvantageConfig& config) {
  const at::Tensor total_N = total_reward(rewards);
  check_groups("advantages", total_N, num_generations);
  const Values totals = values_of(total_N);
  const std::string& estimator = config.advantage_estimator;
  const std::string& aggregation = config.multi_objective_aggregation;
  if (aggregation != "sum_then_normalize" && aggregation != "normalize_then_sum") {
    throw ConfigError("multi_objective_aggregation",
                      "`" + aggregation + "` is none; use sum_then_normalize or normalize_then_sum");
  }
  if (estimator == "rloo") return tensor_of(leave_one_out(totals, num_generations));
  if (estimator == "grpo") {
    if (aggregation == "normalize_then_sum") {
      return tensor_of(normalized_then_summed(rewards, totals, num_generations));
    }
    return tensor_of(relative_to_group(totals, num_generations, scale_of(config.scale_rewards)));
  }
  if (rewards.length_N.size() != totals.size()) {
    throw ShapeError("[advantages] length: is of " + std::to_string(rewards.length_N.size()) + " completions, but " +
                     std::to_string(totals.size()) + " have rewards");
  }
  if (estimator == "reinforce_plus_plus") return tensor_of(over_all_tokens(totals, rewards.length_N));
  if (estimator == "reinforce_plus_plus_baseline") {
    return tensor_of(over_all_tokens(above_group_mean(totals, num_generations), rewards.length_N));
  }
  throw ConfigError("advantage_estimator", "`" + estimator + "` is none; use grpo, rloo, reinforce_plus_plus or " +
                                               "reinforce_plus_plus_baseline");
}

at::Tensor group_advantage(const at::Tensor& reward_N, int64_t num_generations, ScaleRewards scale) {
  check_groups("group_advantage", reward_N, num_generations);
  return tensor_of(relative_to_group(values_of(reward_N), num_generations, scale));
}

double frac_reward_zero_std(const at::Tensor& reward_N, int64_t num_generations) {
  check_groups("frac_reward_zero_std", reward_N, num_generations);
  const Values rewards = values_of(reward_N);
  if (rewards.empty()) return 0;
  int64_t num_flat = 0;
  for (size_t first = 0; first < rewards.size(); first += static_cast<size_t>(num_generations)) {
    num_flat += moments(std::span(rewards).subspan(first, static_cast<size_t>(num_generations))).is_flat;
  }
  return static_cast<double>(num_flat * num_generations) / static_cast<double>(rewards.size());
}

}  // namespace aha::objective
