// Seeds against counting every substring, and what training makes of words whose parts are plain to see.
#include "data/training/unigram_training.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "aha/core/random.h"
#include "data/sentencepiece/normalizer.h"
#include "data/training/unigram_seeds.h"

namespace aha::data::unigram_training_test {
namespace {

double weight_of(const std::vector<SeedPiece>& seeds, const std::string& text) {
  const auto found = std::find_if(seeds.begin(), seeds.end(), [&](const auto& seed) { return seed.text == text; });
  return found == seeds.end() ? 0 : found->weight;
}

TEST(UnigramSeeds, WeighSubstringsByHand) {
  // "ab" occurs 3 + 2 times, "abc" 3 times; "bc" is never seen but after a, yet it is a seed of its own: 3 times.
  const auto seeds = unigram_seeds({{"abc", 3}, {"ab", 2}}, 1000);
  EXPECT_EQ(weight_of(seeds, "ab"), 10);
  EXPECT_EQ(weight_of(seeds, "abc"), 9);
  EXPECT_EQ(weight_of(seeds, "bc"), 6);
  EXPECT_EQ(weight_of(seeds, "a"), 5);
  EXPECT_EQ(weight_of(seeds, "c"), 3);
  EXPECT_EQ(seeds[0].text, "ab");
  EXPECT_EQ(unigram_seeds({{"abc", 1}}, 1000).size(), 3u);  // characters alone: nothing repeats
  EXPECT_EQ(unigram_seeds({{"abc", 3}, {"ab", 2}}, 1).size(), 4u);
}

TEST(UnigramSeeds, KeepKindsOfCharactersApart) {
  const std::string mark(kSpaceMark);
  const auto seeds = unigram_seeds({{mark + mark + "ab12,,é漢字", 5}}, 1000);
  EXPECT_EQ(weight_of(seeds, mark + mark), 10);
  EXPECT_EQ(weight_of(seeds, mark + "ab"), 15);
  EXPECT_EQ(weight_of(seeds, mark + mark + "ab"), 0);
  EXPECT_EQ(weight_of(seeds, "12"), 0);
  EXPECT_EQ(weight_of(seeds, "b1"), 0);
  EXPECT_EQ(weight_of(seeds, ",,"), 10);
  EXPECT_EQ(weight_of(seeds, ",é"), 0);
  EXPECT_EQ(weight_of(seeds, "漢字"), 10);
  EXPECT_EQ(weight_of(seeds, "é漢"), 0);
  const auto long_run = unigram_seeds({{std::string(40, 'a'), 1}}, 1000);
  EXPECT_EQ(weight_of(long_run, std::string(16, 'a')), 25 * 16);
  EXPECT_EQ(weight_of(long_run, std::string(17, 'a')), 0);
}

TEST(UnigramSeeds, CountRightInRandomWords) {
  Random random(5, "seeds");
  std::vector<CountedWord> words;
  std::map<std::string, int64_t> counts;
  for (int i = 0; i < 200; ++i) {
    std::string text;
    for (uint64_t length = 1 + random.below(9); length > 0; --length) text += random.chance(0.3) ? "é" : "a";
    const auto count = static_cast<int64_t>(1 + random.below(3));
    words.push_back({text, count});
    for (size_t begin = 0; begin < text.size(); begin += character_or_byte(text, begin)) {
      for (size_t end = begin; end < text.size();) {
        end += character_or_byte(text, end);
        counts[text.substr(begin, end - begin)] += count;
      }
    }
  }
  const auto seeds = unigram_seeds(words, 100'000);
  EXPECT_GT(seeds.size(), 50u);
  for (const SeedPiece& seed : seeds) {
    const auto characters =
        std::count_if(seed.text.begin(), seed.text.end(), [](char c) { return (c & 0xC0) != 0x80; });
    EXPECT_EQ(seed.weight, static_cast<double>(counts[seed.text] * characters)) << seed.text;
  }
}

std::vector<std::string> texts_of(const std::vector<ScoredPiece>& pieces) {
  std::vector<std::string> texts;
  for (const ScoredPiece& piece : pieces) texts.push_back(piece.text);
  return texts;
}

TEST(UnigramTraining, FindsTheWordsThatAreRepeated) {
  // 8 places: 6 characters, and the two stems that every word is made of, each of them in half of the places.
  const std::vector<CountedWord> words = {{"cat", 100}, {"dog", 100}, {"catdog", 10}};
  const auto pieces = train_unigram(words, 8);
  ASSERT_EQ(pieces.size(), 8u);
  std::vector<std::string> best = {pieces[0].text, pieces[1].text};
  std::sort(best.begin(), best.end());
  EXPECT_EQ(best, (std::vector<std::string>{"cat", "dog"}));
  EXPECT_NEAR(pieces[0].score, std::log(0.5), 0.03);
}

TEST(UnigramTraining, KeepsEveryCharacterAndTheSizeAskedFor) {
  Random random(6, "unigram training");
  std::map<std::string, int64_t> counts;
  for (int i = 0; i < 3000; ++i) {
    std::string text;
    for (uint64_t length = 1 + random.below(7); text.size() < length;) {
      text += static_cast<char>('a' + random.below(1 + random.below(26)));
    }
    ++counts[text];
  }
  std::vector<CountedWord> words;
  for (const auto& [text, count] : counts) words.push_back({text, count});
  const auto pieces = train_unigram(words, 100);
  ASSERT_EQ(pieces.size(), 100u);
  std::vector<std::string> texts = texts_of(pieces);
  for (char letter = 'a'; letter <= 'z'; ++letter) {
    EXPECT_EQ(std::count(texts.begin(), texts.end(), std::string(1, letter)), 1) << letter;
  }
  double sum = 0;
  for (size_t i = 0; i < pieces.size(); ++i) {
    sum += std::exp(pieces[i].score);
    EXPECT_LE(pieces[i].score, pieces[i - std::min<size_t>(i, 1)].score);
  }
  EXPECT_GT(sum, 0.8);
  EXPECT_LE(sum, 1.0);
  const auto again = train_unigram(words, 100);
  for (size_t i = 0; i < pieces.size(); ++i) {
    EXPECT_EQ(again[i].text, pieces[i].text);
    EXPECT_EQ(again[i].score, pieces[i].score);
  }
  EXPECT_EQ(train_unigram(words, 26).size(), 26u);
  EXPECT_EQ(train_unigram({}, 10).size(), 0u);
  EXPECT_EQ(texts_of(train_unigram({{"ab", 1}}, 10)), (std::vector<std::string>{"a", "b"}));
}

}  // namespace
}  // namespace aha::data::unigram_training_test
