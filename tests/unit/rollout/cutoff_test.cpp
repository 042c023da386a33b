// Bounds of the cut-off while requests are being written, worked by hand.
#include "rollout/cutoff.h"

#include <gtest/gtest.h>

namespace aha::rollout::cutoff_test {
namespace {

constexpr int64_t kNone = INT64_MAX;

TEST(Cutoff, IsOffWithoutANumberOrWithAllOfThem) {
  for (const int64_t enough : {0, 2, 5}) {
    Cutoff cutoff(enough);
    cutoff.add(1);
    cutoff.add(1);
    EXPECT_FALSE(cutoff.is_on());
    cutoff.wrote(0, 3);
    cutoff.ended(0);
    EXPECT_EQ(cutoff.limit(), kNone);
  }
}

// Two of three: their longest completions get 5 and 7 tokens, whatever the third does.
TEST(Cutoff, ClosesInOnTheNthSmallestLength) {
  Cutoff cutoff(2);
  for (int i = 0; i < 3; ++i) cutoff.add(2);
  cutoff.wrote(0, 5);
  cutoff.wrote(0, 4);
  cutoff.ended(0);
  EXPECT_EQ(cutoff.limit(), kNone);
  EXPECT_EQ(cutoff.certain(), 0);  // the others might both be complete after no token
  cutoff.ended(0);
  cutoff.wrote(2, 9);
  EXPECT_EQ(cutoff.certain(), 5);
  EXPECT_EQ(cutoff.limit(), kNone);  // one is complete
  cutoff.ended(2);
  cutoff.ended(2);
  EXPECT_EQ(cutoff.limit(), 9);
  cutoff.wrote(1, 7);
  EXPECT_EQ(cutoff.certain(), 7);
  cutoff.ended(1);
  EXPECT_EQ(cutoff.limit(), 9);
  cutoff.ended(1);
  EXPECT_EQ(cutoff.limit(), 7);
}

TEST(Cutoff, RequestsWithoutOpenSamplesAreCompleteAtOnce) {
  Cutoff cutoff(1);
  cutoff.add(0);
  EXPECT_EQ(cutoff.limit(), kNone);  // all there is is enough
  cutoff.add(3);
  EXPECT_EQ(cutoff.limit(), 0);
}

}  // namespace
}  // namespace aha::rollout::cutoff_test
