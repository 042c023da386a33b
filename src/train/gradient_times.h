// How long the threads of an update spend forward and backward.
#pragma once
#include "aha/train/optimizer.h"

namespace aha::train {

/// Seconds, summed over threads.
struct GradientTimes {
  double forward = 0, backward = 0;
};

/// As the public one; adds to `times` what loss() and what its gradient took.
Gradients accumulate_gradients(const model::Model& model, int64_t num_batches, int num_threads,
                               const std::function<at::Tensor(int64_t batch)>& loss, GradientTimes& times);

}  // namespace aha::train
