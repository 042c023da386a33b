// A few long-running pieces of work side by side.
#pragma once
#include <cstdint>
#include <functional>

#include "aha/ops/team.h"

namespace aha::ops {

/// Threads a run uses when it says 0: the cores this process may run on.
int default_num_threads();

/// Runs work(worker) for worker in [0, num_workers) on as many threads (the caller's is one of them) and waits.
/// The first exception is thrown again after all have ended. Each thread keeps ATen at one thread.
void run_workers(int num_workers, const std::function<void(int worker)>& work);

/// Lets single operations of this thread spread over up to num_threads threads for as long as it lives, where they can
/// (attention over long sequences does); their bits do not depend on it. Without one they keep to the thread.
class OperationThreads {
 public:
  explicit OperationThreads(int num_threads);
  ~OperationThreads();
  OperationThreads(const OperationThreads&) = delete;
  OperationThreads& operator=(const OperationThreads&) = delete;

 private:
  const int before_;
};

/// work(item) for items [0, count), in turn or side by side on the threads that OperationThreads allows.
void spread(int64_t count, const std::function<void(int64_t item)>& work);

}  // namespace aha::ops
