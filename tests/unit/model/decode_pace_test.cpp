// The choice between one thread and all, on steps whose times are made up.
#include "model/decode_pace.h"

#include <gtest/gtest.h>

namespace aha::model::decode_pace_test {
namespace {

constexpr double kAlone = 1e-3;  // seconds of a step in one part

/// Steps of some rows, `all` seconds each in all parts.
struct Steps {
  DecodePace& pace;
  int64_t num_rows = 64;
  double seconds = 0;
  int num_all = 0;
  void run(int count, double all) {
    for (int i = 0; i < count; ++i) {
      const bool is_all = pace.parts(num_rows) > 1;
      const double step = is_all ? all : kAlone;
      pace.add(step);
      seconds += step;
      num_all += is_all;
    }
  }
};

TEST(DecodePace, OneThreadIsOnePart) {
  DecodePace pace(1);
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(pace.parts(1 + i), 1);
    pace.add(kAlone);
  }
}

TEST(DecodePace, AFreeCoreIsUsed) {
  DecodePace pace(2);
  Steps steps{pace};
  steps.run(1000, 0.55 * kAlone);
  EXPECT_GE(steps.num_all, 950);
  EXPECT_LE(steps.seconds, 1.05 * 1000 * 0.55 * kAlone);
}

TEST(DecodePace, ABusyCoreCostsLittle) {
  for (const double slowness : {1.2, 2.0, 10.0, 100.0}) {
    SCOPED_TRACE(slowness);
    DecodePace pace(2);
    Steps steps{pace};
    steps.run(40, slowness * kAlone);  // finds out
    steps.seconds = 0;
    steps.num_all = 0;
    steps.run(5000, slowness * kAlone);
    EXPECT_LE(steps.seconds, 5000 * kAlone / 0.94);
  }
}

TEST(DecodePace, FollowsWhatChanges) {
  DecodePace pace(2);
  Steps steps{pace};
  steps.run(500, 0.6 * kAlone);
  steps.num_all = 0;
  steps.run(300, 5 * kAlone);
  EXPECT_LE(steps.num_all, 20);
  steps.run(3000, 0.6 * kAlone);
  steps.num_all = 0;
  steps.run(500, 0.6 * kAlone);
  EXPECT_GE(steps.num_all, 480);
}

TEST(DecodePace, OneHiccupSaysLittle) {
  DecodePace pace(2);
  Steps steps{pace};
  steps.run(500, 0.6 * kAlone);
  steps.run(1, 50 * kAlone);
  steps.num_all = 0;
  steps.run(100, 0.6 * kAlone);
  EXPECT_GE(steps.num_all, 90);
}

TEST(DecodePace, StepsOfOtherSizesHaveTheirOwn) {
  DecodePace pace(2);
  Steps small{pace, 1}, large{pace, 64};
  for (int i = 0; i < 500; ++i) {
    small.run(1, 1.5 * kAlone);
    large.run(1, 0.6 * kAlone);
  }
  EXPECT_LE(small.num_all, 50);
  EXPECT_GE(large.num_all, 450);
}

}  // namespace
}  // namespace aha::model::decode_pace_test
