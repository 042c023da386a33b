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

TEST(MicroBatches, FewSequencesMakeFewerGroups) {
  EXPECT_EQ(micro_batches({400, 500, 450}, 2048), (Groups{{1}, {2}, {0}}));
}

TEST(MicroBatchesOfGroups, SmallOnesStayWhole) {
  // 10 + 20 + 30 and 5 + 40 tokens.
  EXPECT_EQ(micro_batches({{10, {0, 1}}, {5, {2}}}, {20, 30, 40}, 2048), (Groups{{1, 0, 2}}));
  EXPECT_EQ(micro_batches(std::vector<PromptGroup>{}, {}, 2048), Groups{});
}

TEST(MicroBatchesOfGroups, AGroupThatDoesNotFitHasSeveralCopiesOfItsPrompt) {
  // 100 + 4 · 60 tokens do not fit in 250, 100 + 2 · 60 do.
  EXPECT_EQ(micro_batches({{100, {0, 1, 2, 3}}}, {60, 60, 60, 60}, 250), (Groups{{0, 2}, {1, 3}}));
  // Not even one fits: each stands alone.
  EXPECT_EQ(micro_batches({{100, {0, 1, 2}}}, {60, 50, 70}, 90), (Groups{{2}, {0}, {1}}));
}

TEST(MicroBatchesOfGroups, AGroupAloneIsSharedByWorkersUnlessItsPromptIsLong) {
  const std::vector<int64_t> lengths(8, 128);
  const std::vector<int64_t> all = {0, 1, 2, 3, 4, 5, 6, 7};
  EXPECT_EQ(micro_batches({{16, all}}, lengths, 4096), (Groups{{0, 4}, {1, 5}, {2, 6}, {3, 7}}));
  EXPECT_EQ(micro_batches({{1024, all}}, lengths, 4096), (Groups{all}));
}

TEST(MicroBatchesOfGroups, ManyGroupsStayTogether) {
  // Four micro-batches of two groups, 528 tokens each.
  std::vector<PromptGroup> groups;
  for (int64_t g = 0; g < 8; ++g) groups.push_back({16, {2 * g, 2 * g + 1}});
  EXPECT_EQ(micro_batches(groups, std::vector<int64_t>(16, 256), 2048),
            (Groups{{0, 1, 8, 9}, {2, 3, 10, 11}, {4, 5, 12, 13}, {6, 7, 14, 15}}));
}

TEST(MicroBatchesOfGroups, KeepTheBound) {
  Random random(4, "micro_batches_test");
  for (int round = 0; round < 50; ++round) {
    std::vector<PromptGroup> groups;
    std::vector<int64_t> lengths;
    for (int64_t g = random.between(0, 8); g > 0; --g) {
      groups.push_back({random.between(1, 60), {}});
      for (int64_t i = random.between(1, 9); i > 0; --i) {
        groups.back().sequences.push_back(std::ssize(lengths));
        lengths.push_back(random.between(1, 90));
      }
    }
    const int64_t bound = random.between(20, 400);
    std::vector<int64_t> seen;
    for (const auto& batch : micro_batches(groups, lengths, bound)) {
      int64_t total = 0;
      for (const PromptGroup& group : groups) {
        const auto is_here = [&](int64_t i) { return std::find(batch.begin(), batch.end(), i) != batch.end(); };
        if (std::any_of(group.sequences.begin(), group.sequences.end(), is_here)) total += group.prompt_length;
      }
      for (const int64_t i : batch) total += lengths[static_cast<size_t>(i)];
      EXPECT_TRUE(total <= bound || batch.size() == 1);
      EXPECT_FALSE(batch.empty());
      seen.insert(seen.end(), batch.begin(), batch.end());
    }
    std::sort(seen.begin(), seen.end());
    ASSERT_EQ(seen.size(), lengths.size());
    for (size_t i = 0; i < seen.size(); ++i) EXPECT_EQ(seen[i], static_cast<int64_t>(i));
  }
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
