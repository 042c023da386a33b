// Filters against a full sort.
#include "rollout/probability_filter.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "aha/core/random.h"

namespace aha::rollout::probability_filter_test {
namespace {

using Indices = std::vector<int32_t>;

// Likeliest first, of equals the smallest index.
Indices ranked(const std::vector<float>& p) {
  Indices order(p.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](int32_t a, int32_t b) { return p[a] > p[b]; });
  return order;
}

Indices slowly_kept(std::vector<float> p, const SamplingParams& params) {
  const Indices order = ranked(p);
  if (params.top_k > 0 && params.top_k < std::ssize(p)) {
    const float least = p[order[params.top_k - 1]];
    for (float& x : p) x = x < least ? 0 : x;
  }
  if (params.top_p < 1) {
    const double threshold = params.top_p * std::accumulate(p.begin(), p.end(), 0.0);
    double before = 0;
    for (size_t i = 0; i < order.size(); ++i) {
      const double mass = static_cast<double>(p[order[i]]);
      if (i > 0 && before >= threshold) p[order[i]] = 0;
      before += mass;
    }
  }
  const double least = params.min_p * static_cast<double>(*std::max_element(p.begin(), p.end()));
  Indices kept;
  for (size_t i = 0; i < p.size(); ++i) {
    if (p[i] > 0 && static_cast<double>(p[i]) >= least) kept.push_back(static_cast<int32_t>(i));
  }
  return kept;
}

std::vector<float> random_row(int64_t size, double spread, bool has_ties, uint64_t seed) {
  Random random(seed, "row", {static_cast<uint64_t>(size)});
  std::vector<float> p(size);
  double total = 0;
  for (float& x : p) {
    const double logit = spread * random.normal();
    x = static_cast<float>(std::exp(has_ties ? std::round(logit) : logit));
    if (random.chance(0.05)) x = 0;
    total += static_cast<double>(x);
  }
  p[0] = static_cast<float>(total += 0.01) * 0.001f;  // never all zeros
  for (float& x : p) x = static_cast<float>(static_cast<double>(x) / total);
  return p;
}

TEST(ProbabilityFilter, KeepsWhatASortWouldKeep) {
  for (const int64_t size : {1, 2, 64, 65, 500, 5000}) {
    ProbabilityFilter filter(size);
    for (uint64_t seed = 0; seed < 12; ++seed) {
      const auto row = random_row(size, seed % 3 == 0 ? 0.2 : 3, /*has_ties=*/seed % 2 == 0, seed);
      for (const int64_t top_k : {0, 1, 7, 400, 9000}) {
        for (const double top_p : {0.0, 0.3, 0.95, 0.999999, 1.0}) {
          for (const double min_p : {0.0, 0.02, 1.0}) {
            SamplingParams params;
            params.top_k = top_k;
            params.top_p = top_p;
            params.min_p = min_p;
            const auto kept = filter.keep(row, params);
            ASSERT_EQ(Indices(kept.begin(), kept.end()), slowly_kept(row, params))
                << size << " seed " << seed << " top_k " << top_k << " top_p " << top_p << " min_p " << min_p;
          }
        }
      }
    }
  }
}

// Sums of equal halves meet top_p exactly: the order of adding must not decide.
TEST(ProbabilityFilter, DecidesExactlyAtTheThreshold) {
  const std::vector<float> row(256, 1.0f / 256);
  ProbabilityFilter filter(256);
  SamplingParams params;
  for (int count = 1; count <= 255; ++count) {
    params.top_p = count / 256.0;
    EXPECT_EQ(filter.keep(row, params).size(), static_cast<size_t>(count));
    params.top_p = std::nextafter(count / 256.0, 1.0);
    EXPECT_EQ(filter.keep(row, params).size(), static_cast<size_t>(count + 1));
  }
}

}  // namespace
}  // namespace aha::rollout::probability_filter_test
