// Draws by blocks against one sum from the left, to the last bit of the threshold.
#include "rollout/inverse_cdf.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "aha/core/random.h"

namespace aha::rollout::inverse_cdf_test {
namespace {

int32_t plain_draw(const std::vector<float>& probabilities, double threshold) {
  double sum = 0;
  int32_t last = 0;
  for (size_t i = 0; i < probabilities.size(); ++i) {
    if (probabilities[i] == 0) continue;
    sum += static_cast<double>(probabilities[i]);
    last = static_cast<int32_t>(i);
    if (sum > threshold) break;
  }
  return last;
}

std::vector<float> random_probabilities(int64_t size, double spread, uint64_t seed) {
  Random random(seed, "probabilities", {static_cast<uint64_t>(size)});
  std::vector<float> probabilities(size);
  double total = 0;
  for (float& p : probabilities)
    total += static_cast<double>(p = static_cast<float>(std::exp(spread * random.normal())));
  for (float& p : probabilities) p = random.chance(0.1) ? 0 : static_cast<float>(static_cast<double>(p) / total);
  return probabilities;
}

TEST(DrawIndex, IsThatOfAPlainSum) {
  for (const int64_t size : {1, 2, 63, 64, 65, 129, 1000, 20'000}) {
    for (const double spread : {0.1, 2.0, 8.0}) {
      const auto probabilities = random_probabilities(size, spread, 1);
      Random random(2, "thresholds");
      for (int i = 0; i < 200; ++i) {
        const double threshold = random.uniform();
        ASSERT_EQ(draw_index(probabilities, threshold), plain_draw(probabilities, threshold))
            << size << " " << threshold;
      }
    }
  }
}

// A threshold that is one of the sums, and the numbers beside it.
TEST(DrawIndex, DecidesAtTheSumsThemselvesToo) {
  const auto probabilities = random_probabilities(3000, 3, 3);
  double sum = 0;
  for (const float p : probabilities) {
    sum += static_cast<double>(p);
    for (const double threshold : {std::nextafter(sum, 0.0), sum, std::nextafter(sum, 2.0)}) {
      ASSERT_EQ(draw_index(probabilities, threshold), plain_draw(probabilities, threshold)) << threshold;
    }
  }
}

TEST(DrawIndex, TakesTheLastPossibleWhereTheSumStaysBelow) {
  EXPECT_EQ(draw_index(std::vector<float>{0.25f, 0.5f, 0}, 0.9), 1);
  EXPECT_EQ(draw_index(std::vector<float>{0, 0.25f, 0.5f, 0}, 0.0), 1);
}

TEST(DrawIndex, AmongSomeCountsOnlyThose) {
  const std::vector<float> probabilities = {0.25f, 0.5f, 0.125f, 0.125f};
  const std::vector<int32_t> kept = {0, 2, 3};
  EXPECT_EQ(draw_index(probabilities, kept, 0.0), 0);
  EXPECT_EQ(draw_index(probabilities, kept, 0.25), 2);
  EXPECT_EQ(draw_index(probabilities, kept, 0.375), 3);
  EXPECT_EQ(draw_index(probabilities, kept, 0.6), 3);
}

TEST(IndexOfMax, IsTheFirstOfTheLargest) {
  const float none = -std::numeric_limits<float>::infinity();
  EXPECT_EQ(index_of_max(std::vector<float>{-3}), 0);
  EXPECT_EQ(index_of_max(std::vector<float>{none, -3, -2, -2}), 2);
  std::vector<float> row(200, 1.0f);
  EXPECT_EQ(index_of_max(row), 0);
  for (const size_t place : {199u, 130u, 64u, 63u, 5u}) {
    row[place] = 2;
    EXPECT_EQ(index_of_max(row), static_cast<int32_t>(place));
  }
}

}  // namespace
}  // namespace aha::rollout::inverse_cdf_test
