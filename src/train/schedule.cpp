#include "aha/train/schedule.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace aha::train {
namespace {

// 0 at `first`, rising to 1 a step after the last, so that no step is spent at a rate of zero.
double progress(int64_t step, int64_t first, int64_t num_steps) {
  const double span = static_cast<double>(std::max<int64_t>(1, num_steps - first));
  return std::clamp(static_cast<double>(step - first) / span, 0.0, 1.0);
}

int64_t warmup_steps_of(const ScheduleConfig& config, int64_t num_steps) {
  const double steps = config.warmup_steps;
  return static_cast<int64_t>(steps < 1 ? std::ceil(steps * static_cast<double>(num_steps)) : steps);
}

// Share of the way down, 0 … 1.
double descent(const ScheduleConfig& config, int64_t step, int64_t num_steps) {
  const int64_t first = warmup_steps_of(config, num_steps);
  if (config.lr_scheduler_type == "linear") return progress(step, first, num_steps);
  if (config.lr_scheduler_type == "cosine") {
    return 0.5 * (1.0 - std::cos(std::numbers::pi * progress(step, first, num_steps)));
  }
  if (config.lr_scheduler_type == "wsd") {
    const auto decay_steps = std::llround(config.decay_ratio * static_cast<double>(num_steps));
    return decay_steps == 0 ? 0.0 : progress(step, num_steps - decay_steps, num_steps);
  }
  return 0.0;
}

}  // namespace

double learning_rate_at(const ScheduleConfig& config, int64_t step, int64_t num_steps) {
  const int64_t warmup_steps = std::max<int64_t>(1, warmup_steps_of(config, num_steps));
  const double warmup = std::min(1.0, static_cast<double>(step + 1) / static_cast<double>(warmup_steps));
  const double shape = 1.0 - (1.0 - config.min_lr_ratio) * descent(config, step, num_steps);
  return config.learning_rate * std::min(warmup, shape);
}

}  // namespace aha::train
