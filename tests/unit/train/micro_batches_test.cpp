// Groups worked by hand: balanced, bounded, nothing lost.
#include "train/micro_batches.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "aha/core/random.h"

namespace aha::train::micro_batches_test {
namespace {

using Groups = std::vector<std::vector<int64_t>>;

TEST(MicroBatches, SmallBatchesStayWhole) { EXPECT_EQ(micro_batches({20, 100, 50}, 2048), (Groups{{1, 2, 0}})); }

TEST(MicroBatches, AreSpreadOverWorkersAndBalanced) {
  // 510 tokens make two groups; longest first to the shorter group: 200 | 120, 100 | 200 + 50 against 220 + 40.
  EXPECT_EQ(micro_batches({100, 200, 50, 120, 40}, 2048), (Groups{{1, 2}, {3, 0, 4}}));
}

TEST(MicroBatches, KeepTheBound) {
  Random random(3, "micro_batches_test");
  for (int round = 0; round < 50; ++round) {
    std::vector<int64_t> lengths;
    for (int64_t i = random.between(0, 60); i > 0; --i) lengths.push_back(random.between(1, 90));
    const int64_t bound = random.between(20, 400);
    std::vector<int64_t> seen;
    for (const auto& group : micro_batches(lengths, bound)) {
      int64_t total = 0;
      for (const int64_t i : group) total += lengths[static_cast<size_t>(i)];
      EXPECT_TRUE(total <= bound || group.size() == 1);
      EXPECT_FALSE(group.empty());
      seen.insert(seen.end(), group.begin(), group.end());
    }
    std::sort(seen.begin(), seen.end());
    ASSERT_EQ(seen.size(), lengths.size());
    for (size_t i = 0; i < seen.size(); ++i) EXPECT_EQ(seen[i], static_cast<int64_t>(i));
  }
}

}  // namespace
}  // namespace aha::train::micro_batches_test
