#include "train/expert_load.h"

#include <ATen/TensorOperators.h>

#include <algorithm>

namespace aha::train {

void ExpertCounts::add(const std::vector<at::Tensor>& counts) {
  if (sum_.size() < counts.size()) sum_.resize(counts.size());
  for (size_t layer = 0; layer < counts.size(); ++layer) {
    sum_[layer] = sum_[layer].defined() ? sum_[layer] + counts[layer] : counts[layer];
  }
}

std::vector<double> ExpertCounts::load_max() const {
  std::vector<double> loads;
  for (const at::Tensor& count_E : sum_) {
    const double total = static_cast<double>(count_E.sum().item<int64_t>());
    const double most = static_cast<double>(count_E.max().item<int64_t>());
    loads.push_back(total > 0 ? most * static_cast<double>(count_E.numel()) / total : 0.0);
  }
  return loads;
}

int64_t ExpertCounts::num_dead() const {
  int64_t dead = 0;
  for (const at::Tensor& count_E : sum_) dead += count_E.eq(0).sum().item<int64_t>();
  return dead;
}

}  // namespace aha::train
