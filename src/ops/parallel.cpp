// Workers on threads of their own, each with ATen kept to that thread.
#include "aha/ops/parallel.h"

#include <ATen/Parallel.h>

#include <sched.h>

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

#include "aha/core/error.h"

namespace aha::ops {
namespace {

// The count is the calling thread's own (OpenMP), so that it must be set inside every worker.
class OneAtenThread {
 public:
  OneAtenThread() : before_(at::get_num_threads()) {
    if (before_ != 1) at::set_num_threads(1);
  }
  ~OneAtenThread() {
    if (before_ != 1) at::set_num_threads(before_);
  }
  OneAtenThread(const OneAtenThread&) = delete;
  OneAtenThread& operator=(const OneAtenThread&) = delete;

 private:
  int before_;
};

class FirstException {
 public:
  void run(const std::function<void(int)>& work, int worker) {
    try {
      work(worker);
    } catch (...) {
      const std::lock_guard lock(mutex_);
      if (!exception_) exception_ = std::current_exception();
    }
  }
  void rethrow() const {
    if (exception_) std::rethrow_exception(exception_);
  }

 private:
  std::mutex mutex_;
  std::exception_ptr exception_;
};

thread_local int operation_threads = 1;

}  // namespace

int default_num_threads() {
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof(set), &set) == 0) return std::max(1, CPU_COUNT(&set));
  return std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
}

void run_workers(int num_workers, const std::function<void(int worker)>& work) {
  AHA_CHECK(num_workers >= 1, "run_workers needs at least one worker");
  const OneAtenThread caller;
  FirstException first;
  {
    std::vector<std::jthread> threads;  // joined at the end of this block
    threads.reserve(static_cast<size_t>(num_workers - 1));
    for (int worker = 1; worker < num_workers; ++worker) {
      threads.emplace_back([&first, &work, worker] {
        at::set_num_threads(1);
        first.run(work, worker);
      });
    }
    first.run(work, 0);
  }
  first.rethrow();
}

OperationThreads::OperationThreads(int num_threads) : before_(operation_threads) {
  AHA_CHECK(num_threads >= 1, "an operation needs at least one thread");
  operation_threads = num_threads;
}
OperationThreads::~OperationThreads() { operation_threads = before_; }

void spread(int64_t count, const std::function<void(int64_t item)>& work) {
  std::atomic<int64_t> next = 0;
  const int64_t workers = std::min<int64_t>(count, operation_threads);
  const auto take_items = [&](int) {
    const OperationThreads alone(1);
    for (int64_t item = next++; item < count; item = next++) work(item);
  };
  if (workers < 2) return take_items(0);
  run_workers(static_cast<int>(workers), take_items);
}

}  // namespace aha::ops
