// Gradients that come early wait for their turn, and their batch for room.
#include "train/ordered_sum.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <thread>

#include "aha/core/error.h"

namespace aha::train::ordered_sum_test {
namespace {

const std::vector<at::Tensor> kTwoNumbers = {at::zeros({1}), at::zeros({1})};

at::Tensor number(double value) { return at::full({1}, value, at::kFloat); }

TEST(OrderedSum, AddsInTheOrderOfBatches) {
  OrderedSum sum(kTwoNumbers, 3);
  sum.add(2, 0, number(1.0));
  sum.add(0, 0, number(1e8));
  sum.add(1, 0, number(-1e8));
  // (1e8 - 1e8) + 1, which no other order gives in float32.
  sum.add(0, 1, {});
  sum.add(1, 1, number(4.0));
  sum.add(2, 1, {});
  for (const int64_t batch : {2, 0, 1}) sum.end(batch);
  const Gradients sums = sum.take();
  EXPECT_EQ(sums[0].item<float>(), 1.0F);
  EXPECT_EQ(sums[1].item<float>(), 4.0F);
}

TEST(OrderedSum, LeavesGradientsAsTheyWere) {
  OrderedSum sum(kTwoNumbers, 2);
  const at::Tensor shared = number(2.0);
  sum.add(0, 0, shared);
  sum.add(0, 1, shared);
  sum.end(0);
  sum.add(1, 0, number(3.0));
  sum.add(1, 1, {});
  sum.end(1);
  const Gradients sums = sum.take();
  EXPECT_EQ(sums[0].item<float>(), 5.0F);
  EXPECT_EQ(sums[1].item<float>(), 2.0F);
  EXPECT_EQ(shared.item<float>(), 2.0F);
}

TEST(OrderedSum, ALaterBatchWaitsWhereTooMuchCameEarly) {
  const std::vector<at::Tensor> values(4, at::zeros({10 << 20}));  // 40 MB each
  OrderedSum sum(values, 2);
  std::atomic<int> num_added = 0;
  std::thread later([&] {
    for (size_t p = 0; p < values.size(); ++p) {
      sum.add(1, p, at::ones_like(values[p]));
      ++num_added;
    }
    sum.end(1);
  });
  while (num_added < 1) std::this_thread::yield();
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  EXPECT_EQ(num_added, 1);  // one is kept, and the next finds no room
  for (size_t p = 0; p < values.size(); ++p) sum.add(0, p, at::ones_like(values[p]));
  sum.end(0);
  later.join();
  for (const at::Tensor& total : sum.take()) EXPECT_TRUE(at::equal(total, at::full_like(total, 2)));
}

TEST(OrderedSum, AFailureWakesWhatWaits) {
  const std::vector<at::Tensor> values(4, at::zeros({10 << 20}));
  OrderedSum sum(values, 2);
  std::thread later([&] {
    for (size_t p = 0; p < values.size(); ++p) sum.add(1, p, at::ones_like(values[p]));
  });
  sum.fail();
  later.join();
  EXPECT_TRUE(sum.has_failed());
}

}  // namespace
}  // namespace aha::train::ordered_sum_test
