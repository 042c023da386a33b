// A batch's units (pairs, or single completions) by number: how long they are, and values noted of them.
#pragma once
#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

namespace aha::train {

template <class Unit>
std::vector<int64_t> lengths_of(const std::vector<Unit>& units) {
  std::vector<int64_t> lengths;
  for (const Unit& unit : units) lengths.push_back(num_tokens(unit));
  return lengths;
}

/// Of these units. Threads may note values of different ones at the same time.
inline void note(const std::vector<int64_t>& units, const at::Tensor& value_U, std::vector<double>& values) {
  const at::Tensor value = value_U.detach().to(at::kDouble);
  for (size_t i = 0; i < units.size(); ++i) {
    values[static_cast<size_t>(units[i])] = value[static_cast<int64_t>(i)].item<double>();
  }
}

inline double mean_of(const std::vector<double>& values) {
  double sum = 0;
  for (const double value : values) sum += value;
  return sum / static_cast<double>(values.size());
}

}  // namespace aha::train
