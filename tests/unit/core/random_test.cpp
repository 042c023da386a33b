// Philox against its authors' vectors, and what is drawn from it against its distributions.
#include "aha/core/random.h"

#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <set>
#include <string>

#include "aha/core/error.h"

namespace aha::random_test {
namespace {

using Block = std::array<uint32_t, 4>;

TEST(Philox, MatchesThePublishedVectors) {
  EXPECT_EQ(philox4x32({0, 0, 0, 0}, {0, 0}), (Block{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  EXPECT_EQ(philox4x32({0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff}, {0xffffffff, 0xffffffff}),
            (Block{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
  EXPECT_EQ(philox4x32({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}),
            (Block{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

TEST(HashName, IsFnv1a) {
  EXPECT_EQ(hash_name(""), 0xcbf29ce484222325u);
  EXPECT_EQ(hash_name("a"), 0xaf63dc4c8601ec8cu);
  EXPECT_EQ(hash_name("foobar"), 0x85944171f73967e8u);
}

TEST(Random, SameArgumentsGiveTheSameDraws) {
  Random a(7, "sample/zero", {3, 4, 5}), b(7, "sample/zero", {3, 4, 5});
  for (int i = 0; i < 100; ++i) ASSERT_EQ(a.bits(), b.bits());
}

// A change of these numbers makes every earlier run irreproducible.
TEST(Random, TheStreamIsFrozen) {
  Random random(7, "sample/zero", {3, 4, 5});
  const uint32_t first = random.bits();
  const uint32_t second = random.bits();
  EXPECT_EQ(first, 1985445951u);
  EXPECT_EQ(second, 2461259701u);
  EXPECT_DOUBLE_EQ(random.uniform_at(0), 0.7133343283431441);
}

TEST(Random, EveryArgumentMakesAStreamOfItsOwn) {
  const uint64_t big = uint64_t{1} << 32;
  std::vector<Random> streams = {{7, "a", {}},
                                 {8, "a", {}},
                                 {7, "b", {}},
                                 {7 + big, "a", {}},
                                 {7, "a", {1, 0, 0}},
                                 {7, "a", {0, 1, 0}},
                                 {7, "a", {0, 0, 1}},
                                 {7, "a", {big, 0, 0}},
                                 {7, "a", {0, big, 0}},
                                 {7, "a", {0, 0, big}},
                                 {7, "a", {big, big, 0}},
                                 {7, "a", {2 * big, 0, 0}}};
  std::set<std::pair<uint32_t, uint32_t>> draws;
  std::set<double> uniforms;
  for (auto& stream : streams) {
    const uint32_t word = stream.bits();
    draws.emplace(word, stream.bits());
    uniforms.insert(stream.uniform_at(0));
  }
  EXPECT_EQ(draws.size(), streams.size());
  EXPECT_EQ(uniforms.size(), streams.size());
}

TEST(Random, UniformAtLeavesTheStreamAndSharesNothingWithIt) {
  Random plain(1, "x"), asked(1, "x");
  std::set<double> counted;
  for (uint32_t i = 0; i < 1000; ++i) {
    counted.insert(asked.uniform_at(i));
    const double drawn = plain.uniform();
    ASSERT_EQ(drawn, asked.uniform());
    counted.insert(drawn);
  }
  EXPECT_EQ(counted.size(), 2000u);
  EXPECT_EQ(asked.uniform_at(5), Random(1, "x").uniform_at(5));
  EXPECT_THROW(asked.uniform_at(0x80000000), ShapeError);
}

TEST(Random, UniformFillsTheUnitIntervalEvenly) {
  constexpr int kDraws = 200'000;
  Random random(2, "uniform");
  std::array<int, 20> sequential{}, counted{};
  double sum = 0;
  for (int i = 0; i < kDraws; ++i) {
    const double drawn = random.uniform();
    ASSERT_GE(drawn, 0.0);
    ASSERT_LT(drawn, 1.0);
    sum += drawn;
    ++sequential[static_cast<size_t>(drawn * 20)];
    ++counted[static_cast<size_t>(random.uniform_at(i) * 20)];
  }
  EXPECT_NEAR(sum / kDraws, 0.5, 5 * 0.2887 / std::sqrt(kDraws));
  const auto chi_square = [](const std::array<int, 20>& bins) {
    double total = 0;
    for (const int bin : bins) total += std::pow(bin - kDraws / 20.0, 2) / (kDraws / 20.0);
    return total;
  };
  EXPECT_LT(chi_square(sequential), 43.8);  // 19 degrees of freedom, p = 0.001
  EXPECT_LT(chi_square(counted), 43.8);
}

TEST(Random, BelowIsEvenAndInRange) {
  constexpr int kDraws = 70'000;
  Random random(3, "below");
  std::array<int, 7> bins{};
  for (int i = 0; i < kDraws; ++i) {
    const uint64_t drawn = random.below(7);
    ASSERT_LT(drawn, 7u);
    ++bins[drawn];
  }
  for (const int bin : bins) EXPECT_NEAR(bin, kDraws / 7, 5 * std::sqrt(kDraws / 7.0));
  EXPECT_EQ(random.below(1), 0u);
  EXPECT_THROW(random.below(0), ShapeError);
}

// With n = 3 · 2^62 a plain modulo would give the lowest quarter of all values twice as often.
TEST(Random, BelowHasNoModuloBias) {
  constexpr int kDraws = 30'000;
  const uint64_t n = uint64_t{3} << 62;
  Random random(4, "bias");
  int in_first_third = 0;
  for (int i = 0; i < kDraws; ++i) in_first_third += random.below(n) < n / 3;
  EXPECT_NEAR(in_first_third, kDraws / 3, 5 * std::sqrt(kDraws * 2 / 9.0));
}

TEST(Random, BetweenReachesBothEnds) {
  Random random(5, "between");
  std::set<int64_t> seen;
  for (int i = 0; i < 200; ++i) seen.insert(random.between(-2, 2));
  EXPECT_EQ(seen, (std::set<int64_t>{-2, -1, 0, 1, 2}));
  EXPECT_EQ(random.between(9, 9), 9);
  bool is_negative = false, is_positive = false;
  for (int i = 0; i < 64; ++i) (random.between(INT64_MIN, INT64_MAX) < 0 ? is_negative : is_positive) = true;
  EXPECT_TRUE(is_negative && is_positive);
  EXPECT_THROW(random.between(1, 0), ShapeError);
}

TEST(Random, NormalHasMeanZeroAndVarianceOne) {
  constexpr int kDraws = 100'000;
  Random random(6, "normal");
  double sum = 0, squares = 0, fourths = 0;
  for (int i = 0; i < kDraws; ++i) {
    const double drawn = random.normal();
    ASSERT_TRUE(std::isfinite(drawn));
    sum += drawn;
    squares += drawn * drawn;
    fourths += std::pow(drawn, 4);
  }
  EXPECT_NEAR(sum / kDraws, 0, 5 / std::sqrt(kDraws));
  EXPECT_NEAR(squares / kDraws, 1, 5 * std::sqrt(2.0 / kDraws));
  EXPECT_NEAR(fourths / kDraws, 3, 5 * std::sqrt(96.0 / kDraws));
}

TEST(Random, ChanceHitsAsOftenAsAsked) {
  constexpr int kDraws = 20'000;
  Random random(7, "chance");
  int hits = 0;
  for (int i = 0; i < kDraws; ++i) hits += random.chance(0.3);
  EXPECT_NEAR(hits, 0.3 * kDraws, 5 * std::sqrt(0.21 * kDraws));
  EXPECT_FALSE(random.chance(0.0));
  EXPECT_TRUE(random.chance(1.0));
}

TEST(Random, ChooseFollowsTheWeightsAndNeverTakesZero) {
  constexpr int kDraws = 30'000;
  Random random(8, "choose");
  std::array<int, 4> bins{};
  for (int i = 0; i < kDraws; ++i) ++bins[random.choose({0.0, 1.0, 2.0, 0.0})];
  EXPECT_EQ(bins[0], 0);
  EXPECT_EQ(bins[3], 0);
  EXPECT_NEAR(bins[1], kDraws / 3, 5 * std::sqrt(kDraws * 2 / 9.0));
  EXPECT_THROW(random.choose({0.0, 0.0}), ShapeError);
  EXPECT_THROW(random.choose({1.0, -1.0, 3.0}), ShapeError);
  EXPECT_THROW(random.choose({}), ShapeError);
}

TEST(Random, ShuffleGivesEveryOrderEquallyOften) {
  constexpr int kDraws = 12'000;
  Random random(9, "shuffle");
  std::map<std::string, int> orders;
  for (int i = 0; i < kDraws; ++i) {
    std::vector<char> items = {'a', 'b', 'c'};
    random.shuffle(items);
    ++orders[std::string(items.begin(), items.end())];
  }
  EXPECT_EQ(orders.size(), 6u);
  for (const auto& [order, count] : orders) EXPECT_NEAR(count, kDraws / 6, 5 * std::sqrt(kDraws * 5 / 36.0)) << order;
}

}  // namespace
}  // namespace aha::random_test
