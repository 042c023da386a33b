// How often each expert was chosen over all micro-batches of an update.
#pragma once
#include <torch/types.h>

#include <vector>

namespace aha::train {

class ExpertCounts {
 public:
  /// @param counts per MoE layer, [E] int64
  void add(const std::vector<torch::Tensor>& counts);
  const std::vector<torch::Tensor>& per_layer() const { return sum_; }
  /// Per layer: the busiest expert's count over the mean count; 1 is even.
  std::vector<double> load_max() const;

 private:
  std::vector<torch::Tensor> sum_;
};

}  // namespace aha::train
