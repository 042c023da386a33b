#include "aha/ops/machine_speed.h"

#include <gtest/gtest.h>

#include <chrono>

#include "aha/core/error.h"

namespace aha::ops::machine_speed_test {
namespace {

template <class Measure>
double seconds_of(Measure measure) {
  const auto start = std::chrono::steady_clock::now();
  measure();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

// Any machine that runs this reads between 0.1 and 100,000 GB/s and does between 0.1 and 1,000,000 GFLOP/s.
TEST(MachineSpeed, GivesPossibleFiguresSoon) {
  for (const int num_threads : {1, 2}) {
    for (const int64_t bytes : {int64_t{100'000}, int64_t{1} << 26}) {
      double speed = 0;
      EXPECT_LT(seconds_of([&] { speed = read_bytes_per_second(num_threads, bytes); }), 5.0);
      EXPECT_GT(speed, 1e8);
      EXPECT_LT(speed, 1e14);
    }
    for (const NumberType type : {NumberType::kFloat32, NumberType::kBFloat16}) {
      double speed = 0;
      EXPECT_LT(seconds_of([&] { speed = gemm_flops_per_second(num_threads, type); }), 5.0);
      EXPECT_GT(speed, 1e8);
      EXPECT_LT(speed, 1e15);
    }
  }
}

TEST(MachineSpeed, RefusesLessThanThereIsToRead) {
  EXPECT_THROW(read_bytes_per_second(2, 100), ShapeError);
  EXPECT_THROW(read_bytes_per_second(0, 100), ConfigError);
}

}  // namespace
}  // namespace aha::ops::machine_speed_test
