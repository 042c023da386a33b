#include "ops/cpu/weight_memory.h"

#include <gtest/gtest.h>

#include <cstring>
#include <vector>

namespace aha::ops::weight_memory_test {
namespace {

// Filled one after the other, each still holds its own; small ones, shares of a block, and blocks of their own.
TEST(WeightMemory, PiecesDoNotOverlap) {
  const std::vector<int64_t> sizes{0,         1,         100,       65'535,     65'536,
                                   70'001,    3'000'000, 8'000'000, 8'000'000,  9'000'000,
                                   8'000'000, 8'000'000, 8'000'000, 40'000'000, 66'000};
  std::vector<std::shared_ptr<void>> pieces;
  for (size_t i = 0; i < sizes.size(); ++i) {
    pieces.push_back(weight_memory(sizes[i]));
    ASSERT_EQ(reinterpret_cast<uintptr_t>(pieces[i].get()) % 64, 0u);
    std::memset(pieces[i].get(), static_cast<int>(i + 1), static_cast<size_t>(sizes[i]));
  }
  for (size_t i = 0; i < sizes.size(); ++i) {
    const auto* bytes = static_cast<const unsigned char*>(pieces[i].get());
    for (int64_t j = 0; j < sizes[i]; ++j) ASSERT_EQ(bytes[j], i + 1) << "piece " << i << " byte " << j;
  }
}

// A block outlives the piece that opened it, and serves on after all but one have gone.
TEST(WeightMemory, EachPieceKeepsItsBlock) {
  std::shared_ptr<void> first = weight_memory(100'000), second = weight_memory(100'000);
  std::memset(second.get(), 7, 100'000);
  first.reset();
  const std::shared_ptr<void> third = weight_memory(100'000);
  std::memset(third.get(), 8, 100'000);
  EXPECT_EQ(static_cast<const char*>(second.get())[99'999], 7);
  second.reset();
  EXPECT_EQ(static_cast<const char*>(third.get())[0], 8);
}

}  // namespace
}  // namespace aha::ops::weight_memory_test
