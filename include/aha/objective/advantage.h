// How far each completion is above its own group.
#pragma once
#include <ATen/core/Tensor.h>

namespace aha::objective {

enum class ScaleRewards { kNone, kGroup, kBatch };

/// Group-relative advantages (arXiv:2402.03300): reward minus the group's mean, divided by (std + 1e-4) if scaled;
/// sample standard deviation (ddof 1), of the group or of the whole batch. NaN rewards (not judged) are left out of
/// mean and std and get advantage 0. A group of equal rewards gets exactly 0; so does a group of one.
///
/// @param reward_N [N] float64, prompt-major, N a multiple of num_generations
/// @return [N] float64
/// @throws ShapeError
at::Tensor group_advantage(const at::Tensor& reward_N, int64_t num_generations, ScaleRewards scale);

/// Share of groups whose judged rewards are all equal (TRL's frac_reward_zero_std).
double frac_reward_zero_std(const at::Tensor& reward_N, int64_t num_generations);

}  // namespace aha::objective
