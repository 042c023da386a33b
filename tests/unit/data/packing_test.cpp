// First fit of the longest first, by hand and by its promises.
#include "aha/data/packing.h"

#include <gtest/gtest.h>

#include <numeric>

#include "aha/core/error.h"
#include "aha/core/random.h"

namespace aha::data::packing_test {
namespace {

using Groups = std::vector<std::vector<int64_t>>;

TEST(PackByTokens, ByHand) {
  // 7 | 5 5 | 4 3 3, and 12 alone: longest first is 12 7 5 5 4 3 3.
  EXPECT_EQ(pack_by_tokens({5, 3, 7, 12, 5, 4, 3}, 10), (Groups{{3}, {2, 1}, {0, 4}, {5, 6}}));
  EXPECT_EQ(pack_by_tokens({}, 10), Groups{});
  EXPECT_EQ(pack_by_tokens({2, 2, 2}, 4), (Groups{{0, 1}, {2}}));
  EXPECT_EQ(pack_by_tokens({0, 10, 0}, 10), (Groups{{1, 0, 2}}));
}

TEST(PackByTokens, EverySequenceOnceAndNoGroupTooLong) {
  Random random(1, "test");
  std::vector<int64_t> lengths(500);
  for (int64_t& length : lengths) length = random.between(1, 120);
  const Groups groups = pack_by_tokens(lengths, 100);
  std::vector<int> seen(lengths.size());
  for (const auto& group : groups) {
    int64_t total = 0;
    for (const int64_t index : group) {
      total += lengths[index];
      ++seen[index];
    }
    EXPECT_TRUE(total <= 100 || group.size() == 1);
  }
  EXPECT_EQ(seen, std::vector<int>(lengths.size(), 1));
}

TEST(PackByTokens, RefusesNonsense) {
  EXPECT_THROW(pack_by_tokens({1}, 0), ShapeError);
  EXPECT_THROW(pack_by_tokens({-1}, 4), ShapeError);
}

}  // namespace
}  // namespace aha::data::packing_test
