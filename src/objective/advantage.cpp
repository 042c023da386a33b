// Group-relative advantages, worked out in float64 on the few numbers a step has.
#include "aha/objective/advantage.h"

#include <ATen/ops/zeros_like.h>
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
  double mean = 0;
  double std = 0;       // sample standard deviation; 0 for fewer than two
  bool is_flat = true;  // no judged reward differs from another
};

Moments moments(std::span<const double> rewards) {
  Moments result;
  int64_t count = 0;
  double sum = 0, low = std::numeric_limits<double>::infinity(), high = -low;
  for (const double reward : rewards) {
    if (std::isnan(reward)) continue;
    ++count;
    sum += reward;
    low = std::min(low, reward);
    high = std::max(high, reward);
  }
  if (count == 0) return result;
  result.mean = sum / count;
  result.is_flat = high - low <= kFlatTolerance * std::max(1.0, std::abs(high));
  double squares = 0;
  for (const double reward : rewards) {
    if (!std::isnan(reward)) squares += (reward - result.mean) * (reward - result.mean);
  }
  if (count > 1) result.std = std::sqrt(squares / (count - 1));
  return result;
}

// The rewards on the CPU, checked; groups are consecutive.
at::Tensor checked_rewards(const at::Tensor& reward_N, int64_t num_generations) {
  if (num_generations < 1) throw ShapeError("[group_advantage] num_generations must be at least 1");
  if (reward_N.dim() != 1 || reward_N.scalar_type() != at::kDouble || reward_N.size(0) % num_generations != 0) {
    throw ShapeError("[group_advantage] reward must be a float64 vector of whole groups of " +
                     std::to_string(num_generations) + ", but is " + c10::str(reward_N.sizes()) + " of " +
                     c10::str(reward_N.scalar_type()));
  }
  return reward_N.detach().cpu().contiguous();
}

}  // namespace

at::Tensor group_advantage(const at::Tensor& reward_N, int64_t num_generations, ScaleRewards scale) {
  const at::Tensor rewards = checked_rewards(reward_N, num_generations);
  const std::span<const double> all(rewards.const_data_ptr<double>(), rewards.size(0));
  at::Tensor advantage_N = at::zeros_like(rewards);
  double* advantage = advantage_N.mutable_data_ptr<double>();
  const double batch_std = moments(all).std;

  for (size_t first = 0; first < all.size(); first += num_generations) {
    const auto group = all.subspan(first, num_generations);
    const Moments own = moments(group);
    if (own.is_flat) continue;
    const double std = scale == ScaleRewards::kBatch ? batch_std : own.std;
    const double divisor = scale == ScaleRewards::kNone ? 1.0 : std + kStdEpsilon;
    for (size_t i = 0; i < group.size(); ++i) {
      if (!std::isnan(group[i])) advantage[first + i] = (group[i] - own.mean) / divisor;
    }
  }
  return advantage_N.to(reward_N.device());
}

double frac_reward_zero_std(const at::Tensor& reward_N, int64_t num_generations) {
  const at::Tensor rewards = checked_rewards(reward_N, num_generations);
  const std::span<const double> all(rewards.const_data_ptr<double>(), rewards.size(0));
  if (all.empty()) return 0;
  int64_t num_flat = 0;
  for (size_t first = 0; first < all.size(); first += num_generations) {
    num_flat += moments(all.subspan(first, num_generations)).is_flat;
  }
  return static_cast<double>(num_flat) * num_generations / all.size();
}

}  // namespace aha::objective
