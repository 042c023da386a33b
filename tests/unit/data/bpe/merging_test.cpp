// Merges worked by hand, and both ways of merging against the plainest one.
#include "data/bpe/merging.h"

#include <gtest/gtest.h>

#include <chrono>

#include "aha/core/random.h"

namespace aha::data::bpe::merging_test {
namespace {

std::vector<Symbol> symbols_of(const std::vector<int32_t>& ids) {
  std::vector<Symbol> symbols;
  for (const int32_t id : ids) symbols.push_back({id, static_cast<uint32_t>(symbols.size())});
  return symbols;
}

std::vector<int32_t> merged(const std::vector<int32_t>& ids, const MergeTable& merges) {
  std::vector<Symbol> symbols = symbols_of(ids);
  merge_symbols(symbols, merges);
  std::vector<int32_t> out;
  for (const Symbol& symbol : symbols) out.push_back(symbol.id);
  return out;
}

// Looks for the best merge anew each time.
std::vector<int32_t> plainly_merged(std::vector<int32_t> ids, const MergeTable& merges) {
  while (true) {
    size_t best = 0;
    Merge least = {MergeTable::kNever, -1};
    for (size_t i = 0; i + 1 < ids.size(); ++i) {
      const Merge merge = merges.find(ids[i], ids[i + 1]);
      if (merge.rank >= least.rank) continue;
      least = merge;
      best = i;
    }
    if (least.rank == MergeTable::kNever) return ids;
    ids[best] = least.id;
    ids.erase(ids.begin() + static_cast<std::ptrdiff_t>(best) + 1);
  }
}

TEST(Merging, TakesTheEarliestMergeAndThenTheLeftmost) {
  MergeTable merges(3);  // a=0 b=1 c=2 bc=3 ab=4 abc=5
  merges.insert(1, 2, {0, 3});
  merges.insert(0, 1, {1, 4});
  merges.insert(0, 3, {2, 5});
  EXPECT_EQ(merged({0, 1, 2}, merges), (std::vector<int32_t>{5}));  // bc, then a+bc
  EXPECT_EQ(merged({0, 1, 1, 2}, merges), (std::vector<int32_t>{4, 3}));
  EXPECT_EQ(merged({2, 0}, merges), (std::vector<int32_t>{2, 0}));
  EXPECT_EQ(merged({}, merges), std::vector<int32_t>{});
  MergeTable doubling(1);
  doubling.insert(0, 0, {0, 1});
  EXPECT_EQ(merged({0, 0, 0}, doubling), (std::vector<int32_t>{1, 0}));
}

TEST(Merging, KeepsTheBeginOfTheLeftPart) {
  MergeTable merges(1);
  merges.insert(1, 2, {0, 3});
  std::vector<Symbol> symbols = symbols_of({0, 1, 2, 0});
  merge_symbols(symbols, merges);
  ASSERT_EQ(symbols.size(), 3u);
  EXPECT_EQ(symbols[1].begin, 1u);
  EXPECT_EQ(symbols[2].begin, 3u);
}

TEST(Merging, GivesTheSameByScanAndByHeap) {
  Random random(3, "test");
  for (int round = 0; round < 60; ++round) {
    MergeTable merges(200);
    int32_t next = 4;
    for (int32_t rank = 0; rank < 60; ++rank) {
      const auto pick = [&] { return static_cast<int32_t>(random.below(static_cast<uint64_t>(next))); };
      const int32_t left = pick(), right = pick();
      if (merges.find(left, right).rank == MergeTable::kNever) merges.insert(left, right, {rank, next++});
    }
    for (const uint64_t length : {1, 2, 7, 47, 48, 49, 300}) {
      std::vector<int32_t> ids;
      for (uint64_t i = 0; i < length; ++i) ids.push_back(static_cast<int32_t>(random.below(4)));
      EXPECT_EQ(merged(ids, merges), plainly_merged(ids, merges)) << round << " " << length;
    }
  }
}

TEST(Merging, OfALongRunTakesNoSquaredTime) {
  MergeTable merges(16);
  for (int32_t i = 0; i < 16; ++i) merges.insert(i, i, {i, i + 1});
  const auto begin = std::chrono::steady_clock::now();
  const auto out = merged(std::vector<int32_t>(1 << 20, 0), merges);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(20));
  EXPECT_EQ(out, std::vector<int32_t>(16, 16));
}

}  // namespace
}  // namespace aha::data::bpe::merging_test
