// Threads that get no micro-batch help where one takes long.
#pragma once
#include <algorithm>

#include "aha/ops/parallel.h"

namespace aha::train {

/// While it lives, operations of worker `worker` of `num_workers` spread over its share of the threads.
inline ops::OperationThreads spare_threads(int num_threads, int num_workers, int worker) {
  return ops::OperationThreads((std::max(num_threads, 1) + num_workers - 1 - worker) / num_workers);
}

}  // namespace aha::train
