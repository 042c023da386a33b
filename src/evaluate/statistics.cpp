// Estimates with a formula of their own.
#include <algorithm>
#include <cmath>
#include <limits>

#include "aha/evaluate/evaluate.h"

namespace aha::evaluate {

double pass_at_k(int64_t num_samples, int64_t num_correct, int64_t k) {
  if (num_samples - num_correct < k) return 1.0;
  double none = 1.0;  // chance that k samples drawn without replacement are all wrong
  for (int64_t i = num_samples - num_correct + 1; i <= num_samples; ++i) {
    none *= 1.0 - static_cast<double>(k) / static_cast<double>(i);
  }
  return 1.0 - none;
}

std::array<double, 2> mean_interval(const std::vector<double>& values) {
  const auto n = static_cast<double>(values.size());
  if (values.empty()) return {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::quiet_NaN()};
  double sum = 0, squares = 0;
  for (const double value : values) sum += value;
  const double mean = sum / n;
  for (const double value : values) squares += (value - mean) * (value - mean);
  const double half = values.size() < 2 ? 0.0 : 1.96 * std::sqrt(squares / (n - 1) / n);
  return {std::clamp(mean - half, 0.0, 1.0), std::clamp(mean + half, 0.0, 1.0)};
}

}  // namespace aha::evaluate
