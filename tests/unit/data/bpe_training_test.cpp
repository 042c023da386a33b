// Merges learned: by hand, against counting everything again each time, and the same for any order of words.
#include "data/training/bpe_training.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "aha/core/random.h"

namespace aha::data::bpe_training_test {
namespace {

std::string plain_order() {
  std::string order;
  for (int byte = 0; byte < 256; ++byte) order += static_cast<char>(byte);
  return order;
}

std::vector<std::string> learned(const std::vector<CountedWord>& words, size_t count) {
  const Merges merges = train_merges(words, plain_order(), 256 + count);
  return {merges.tokens.begin() + 256, merges.tokens.end()};
}

TEST(MergeTraining, TakesTheCommonestPairs) {
  // aa: 2·4 + 1·1 = 9 … by hand: "aaab" 3 times has aa twice, ab once; "ab" twice.
  // aa 6, ab 5 → aa; then "aa a b": aaa 3, ab 3 + 2 = 5 → ab; then "aa ab": aaab 3.
  const std::vector<CountedWord> words = {{"aaab", 3}, {"ab", 2}};
  EXPECT_EQ(learned(words, 3), (std::vector<std::string>{"aa", "ab", "aaab"}));
  const Merges merges = train_merges(words, plain_order(), 259);
  EXPECT_EQ(merges.pairs, (std::vector<std::pair<int32_t, int32_t>>{{'a', 'a'}, {'a', 'b'}, {256, 257}}));
}

TEST(MergeTraining, BreaksTiesByTheSmallerTokens) {
  EXPECT_EQ(learned({{"cd", 5}, {"ab", 5}, {"ac", 5}}, 3), (std::vector<std::string>{"ab", "ac", "cd"}));
  std::string order = plain_order();
  std::swap(order['a'], order['c']);
  const Merges merges = train_merges({{"cd", 5}, {"ab", 5}, {"ac", 5}}, order, 257);
  EXPECT_EQ(merges.tokens[256], "cd");
}

TEST(MergeTraining, StopsWhereNothingRepeats) {
  EXPECT_EQ(learned({{"ab", 1}, {"cd", 1}}, 5), std::vector<std::string>{});
  EXPECT_EQ(learned({{"abab", 1}}, 5), (std::vector<std::string>{"ab"}));
  EXPECT_EQ(learned({{"abc", 2}}, 5), (std::vector<std::string>{"ab", "abc"}));
  EXPECT_EQ(learned({}, 5), std::vector<std::string>{});
}

TEST(MergeTraining, TwoWaysToOneTokenAreTwoMerges) {
  // abc comes from ab c in some words and, where ab is not merged first, from a bc.
  const Merges merges = train_merges({{"bc", 9}, {"abd", 8}, {"abc", 7}}, plain_order(), 300);
  std::vector<std::string> tokens = merges.tokens;
  std::sort(tokens.begin(), tokens.end());
  EXPECT_EQ(std::unique(tokens.begin(), tokens.end()), tokens.end());
  EXPECT_GE(merges.pairs.size(), merges.tokens.size() - 256);
}

// Counts all pairs again after each merge.
std::vector<std::pair<int32_t, int32_t>> slow_merges(const std::vector<CountedWord>& words, size_t num_tokens) {
  std::vector<std::string> tokens;
  for (int byte = 0; byte < 256; ++byte) tokens.emplace_back(1, static_cast<char>(byte));
  std::vector<std::vector<int32_t>> lists;
  for (const auto& word : words) lists.emplace_back(word.text.begin(), word.text.end());
  std::vector<std::pair<int32_t, int32_t>> pairs;
  while (tokens.size() < num_tokens) {
    std::map<std::pair<int32_t, int32_t>, int64_t> counts;
    for (size_t w = 0; w < lists.size(); ++w) {
      for (size_t i = 0; i + 1 < lists[w].size(); ++i) counts[{lists[w][i], lists[w][i + 1]}] += words[w].count;
    }
    const auto best = std::max_element(counts.begin(), counts.end(),
                                       [](const auto& a, const auto& b) { return a.second < b.second; });
    if (best == counts.end() || best->second < 2) break;
    const auto [left, right] = best->first;
    const std::string whole = tokens[left] + tokens[right];
    const auto known = std::find(tokens.begin(), tokens.end(), whole);
    const auto id = static_cast<int32_t>(known - tokens.begin());
    if (known == tokens.end()) tokens.push_back(whole);
    pairs.emplace_back(left, right);
    for (auto& list : lists) {
      for (size_t i = 0; i + 1 < list.size(); ++i) {
        if (list[i] != left || list[i + 1] != right) continue;
        list[i] = id;
        list.erase(list.begin() + static_cast<int64_t>(i) + 1);
      }
    }
  }
  return pairs;
}

TEST(MergeTraining, AgreesWithCountingAgain) {
  for (uint64_t seed = 0; seed < 20; ++seed) {
    Random random(seed, "merges");
    std::vector<CountedWord> words;
    for (int i = 0; i < 60; ++i) {
      std::string text;
      for (uint64_t length = 1 + random.below(12); text.size() < length;)
        text += static_cast<char>('a' + random.below(3));
      words.push_back({text, static_cast<int64_t>(1 + random.below(5))});
    }
    const Merges merges = train_merges(words, plain_order(), 256 + 60);
    EXPECT_EQ(merges.pairs, slow_merges(words, 256 + 60)) << seed;
    random.shuffle(words);
    EXPECT_EQ(train_merges(words, plain_order(), 256 + 60).pairs, merges.pairs) << seed;
  }
}

}  // namespace
}  // namespace aha::data::bpe_training_test
