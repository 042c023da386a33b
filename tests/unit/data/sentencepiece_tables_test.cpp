// The two look-up structures of SentencePiece models, against plain maps.
#include <gtest/gtest.h>

#include <map>

#include "aha/core/random.h"
#include "data/sentencepiece/pair_table.h"
#include "data/sentencepiece/piece_trie.h"

namespace aha::data::sentencepiece_tables_test {
namespace {

TEST(PairTable, AgreesWithAMapAsItGrows) {
  Random random(1, "pairs");
  std::map<std::pair<int32_t, int32_t>, int32_t> known;
  PairTable table;
  EXPECT_EQ(table.find(1, 2), PairTable::kNone);
  for (int32_t i = 0; i < 5000; ++i) {
    const auto left = static_cast<int32_t>(random.below(300)), right = static_cast<int32_t>(random.below(300));
    if (known.emplace(std::pair(left, right), i).second) table.add(left, right, i);
  }
  for (int32_t left = 0; left < 300; ++left) {
    for (int32_t right = 0; right < 300; ++right) {
      const auto found = known.find({left, right});
      ASSERT_EQ(table.find(left, right), found == known.end() ? PairTable::kNone : found->second);
    }
  }
}

TEST(PieceTrie, FindsByHand) {
  const PieceTrie trie({{"a", 0}, {"abc", 1}, {"b\xFF", 2}});
  EXPECT_EQ(trie.longest_match("abd"), 1u);
  EXPECT_EQ(trie.longest_match("abcd"), 3u);
  EXPECT_EQ(trie.longest_match("b"), 0u);
  EXPECT_EQ(trie.longest_match("b\xFF"), 2u);
  EXPECT_EQ(trie.longest_match(""), 0u);
  EXPECT_EQ(trie.find("abc"), 1);
  EXPECT_EQ(trie.find("ab"), PieceTrie::kNone);
  EXPECT_EQ(trie.find(""), PieceTrie::kNone);
  EXPECT_FALSE(trie.is_empty());
  EXPECT_TRUE(PieceTrie().is_empty());
  EXPECT_EQ(PieceTrie().longest_match("a"), 0u);
}

TEST(PieceTrie, AgreesWithAMap) {
  Random random(2, "trie");
  std::map<std::string, int32_t> known;
  for (int32_t i = 0; i < 2000; ++i) {
    std::string text;
    for (uint64_t length = 1 + random.below(6); text.size() < length;) text += static_cast<char>(random.below(5) * 63);
    known.emplace(text, i);
  }
  const PieceTrie trie({known.begin(), known.end()});
  for (const auto& [text, value] : known) ASSERT_EQ(trie.find(text), value);
  for (int i = 0; i < 2000; ++i) {
    std::string text;
    for (uint64_t length = random.below(9); text.size() < length;) text += static_cast<char>(random.below(5) * 63);
    size_t longest = 0;
    for (size_t length = 1; length <= text.size(); ++length) {
      if (known.contains(text.substr(0, length))) longest = length;
    }
    ASSERT_EQ(trie.longest_match(text), longest);
  }
}

}  // namespace
}  // namespace aha::data::sentencepiece_tables_test
