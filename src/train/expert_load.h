// How often each expert was chosen over all micro-batches of an update.
#pragma once
#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

namespace aha::train {

class ExpertCounts {
 public:
  /// @param counts per MoE layer, [E] int64
  void add(const std::vector<at::Tensor>& counts);
  const std::vector<at::Tensor>& per_layer() const { return sum_; }
  /// Per layer: the busiest expert's count over the mean count; 1 is even.
  std::vector<double> load_max() const;
  /// Experts that no token chose, of all layers.
  int64_t num_dead() const;

 private:
  std::vector<at::Tensor> sum_;
};

}  // namespace aha::train
