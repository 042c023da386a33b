#include <ATen/Parallel.h>

#include "aha/ops/parallel.h"

#include <gtest/gtest.h>

#include <atomic>
#include <mutex>
#include <set>
#include <stdexcept>
#include <thread>

#include "aha/core/error.h"

namespace aha::ops::parallel_test {
namespace {

TEST(Parallel, EachWorkerRunsOnceOnAThreadOfItsOwn) {
  std::mutex mutex;
  std::set<std::thread::id> threads;
  std::multiset<int> workers;
  run_workers(4, [&](int worker) {
    if (worker == 0) std::this_thread::sleep_for(std::chrono::milliseconds(20));
    const std::lock_guard lock(mutex);
    threads.insert(std::this_thread::get_id());
    workers.insert(worker);
  });
  EXPECT_EQ(workers, (std::multiset<int>{0, 1, 2, 3}));
  EXPECT_EQ(threads.size(), 4);
  EXPECT_EQ(threads.count(std::this_thread::get_id()), 1);
}

TEST(Parallel, AtenHasOneThreadInsideAndItsOldCountAfterwards) {
  const int before = at::get_num_threads();
  at::set_num_threads(3);
  std::atomic<int> sum = 0;
  run_workers(3, [&](int) { sum += at::get_num_threads(); });
  EXPECT_EQ(sum, 3);
  EXPECT_EQ(at::get_num_threads(), 3);
  EXPECT_THROW(run_workers(1, [](int) { throw std::runtime_error("x"); }), std::runtime_error);
  EXPECT_EQ(at::get_num_threads(), 3);
  at::set_num_threads(before);
}

TEST(Parallel, TheFirstExceptionComesOutAfterAllHaveEnded) {
  std::atomic<int> ended = 0;
  try {
    run_workers(3, [&](int worker) {
      if (worker == 1) throw std::runtime_error("worker 1");
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
      ++ended;
      if (worker == 2) throw std::runtime_error("worker 2");
    });
    FAIL() << "no exception";
  } catch (const std::runtime_error& error) {
    EXPECT_STREQ(error.what(), "worker 1");
  }
  EXPECT_EQ(ended, 2);
}

TEST(Parallel, RefusesNoWorkers) {
  EXPECT_THROW(run_workers(0, [](int) {}), ShapeError);
}

TEST(Parallel, CountsTheCoresOfThisProcess) {
  const int num_threads = default_num_threads();
  EXPECT_GE(num_threads, 1);
  EXPECT_LE(num_threads, static_cast<int>(std::thread::hardware_concurrency()));
}

TEST(Parallel, SpreadKeepsToTheThreadUnlessItMayDoOtherwise) {
  const auto threads_of = [](int64_t count) {
    std::mutex mutex;
    std::set<std::thread::id> threads;
    std::multiset<int64_t> items;
    spread(count, [&](int64_t item) {
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
      const std::lock_guard lock(mutex);
      threads.insert(std::this_thread::get_id());
      items.insert(item);
    });
    EXPECT_EQ(std::ssize(items), count);
    EXPECT_EQ(std::set<int64_t>(items.begin(), items.end()).size(), items.size());
    return threads;
  };
  const std::set<std::thread::id> own{std::this_thread::get_id()};
  EXPECT_EQ(threads_of(3), own);
  {
    const OperationThreads three(3);
    EXPECT_EQ(threads_of(4).size(), 3u);
    EXPECT_EQ(threads_of(2).size(), 2u);
    // An item does not spread again.
    std::atomic<int> sum = 0;
    spread(3, [&](int64_t) { sum += static_cast<int>(threads_of(2).size()); });
    EXPECT_EQ(sum, 3);
  }
  EXPECT_EQ(threads_of(3), own);
}

}  // namespace
}  // namespace aha::ops::parallel_test
