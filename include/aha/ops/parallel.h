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

}  // namespace aha::ops
