#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <string>
#include <vector>

#include "aha/core/random.h"
#include "aha/ops/cpu_gemm.h"
#include "ops/cpu/kernels.h"

namespace aha::ops::packed_weight_test {
namespace {

constexpr NumberType kTypes[] = {NumberType::kFloat32, NumberType::kBFloat16};

std::vector<float> random_values(int64_t count, uint64_t seed) {
  Random random(seed, "tests/packed_weight");
  std::vector<float> values(static_cast<size_t>(count));
  for (float& value : values) value = static_cast<float>(random.uniform() * 2 - 1);
  return values;
}

double rounded(float value) {
  uint16_t number;
  round_to_bfloat16(&value, 1, &number);
  float back;
  widen_bfloat16(&number, 1, &back);
  return back;
}

TEST(PackedWeight, GivesTheBitsOfGemm) {
  for (const int64_t n : {1, 31, 96, 320, 600}) {
    for (const int64_t k : {1, 33, 128, 800}) {
      const auto weight = random_values(n * (k + 3), 6);
      const PackedWeight packed(weight.data(), n, k, k + 3);
      ASSERT_EQ(packed.n(), n);
      ASSERT_EQ(packed.k(), k);
      for (const int64_t m : {1, 2, 3, 4, 7, 12, 13, 65}) {
        const auto x = random_values(m * k, 7), start = random_values(m * n, 8);
        for (const bool accumulate : {false, true}) {
          auto expected = start, y = start;
          gemm(
              GemmArgs<float>{x.data(), weight.data(), expected.data(), m, n, k, k, k + 3, n, false, true, accumulate});
          packed.multiply(x.data(), m, k, y.data(), n, accumulate);
          ASSERT_EQ(y, expected) << m << " " << n << " " << k;
        }
      }
    }
  }
}

// Sums of rounded numbers in float32: off by a rounding a step at most.
void expect_rounded_product(int64_t m, int64_t n, int64_t k, bool accumulate) {
  const int64_t ldw = k + 3, ldx = k + 2, ldy = n + 1;
  const auto weight = random_values(n * ldw, 9), x = random_values(m * ldx, 10), start = random_values(m * ldy, 11);
  const PackedWeight packed(weight.data(), n, k, ldw, NumberType::kBFloat16);
  auto y = start;
  packed.multiply(x.data(), m, ldx, y.data(), ldy, accumulate);
  for (int64_t i = 0; i < m; ++i) {
    for (int64_t j = 0; j < ldy; ++j) {
      const auto place = static_cast<size_t>(i * ldy + j);
      double expected = j == n || accumulate ? start[place] : 0, size = std::abs(expected);
      for (int64_t p = 0; p < k && j < n; ++p) {
        const double product =
            rounded(x[static_cast<size_t>(i * ldx + p)]) * rounded(weight[static_cast<size_t>(j * ldw + p)]);
        expected += product;
        size += std::abs(product);
      }
      ASSERT_NEAR(y[place], expected, 1.2e-7 * size * std::sqrt(static_cast<double>(k + 1)))
          << m << " " << n << " " << k << " at " << i << ", " << j;
    }
  }
}

TEST(PackedWeight, Bfloat16MatchesFloat64OfRoundedNumbers) {
  for (const int64_t m : {1, 2, 4, 5, 13})
    for (const int64_t n : {1, 16, 31, 32, 65, 130})
      for (const int64_t k : {1, 2, 3, 31, 32, 33, 65, 128})
        for (const bool accumulate : {false, true}) expect_rounded_product(m, n, k, accumulate);
  expect_rounded_product(3, 70, 1031, false);
}

TEST(PackedWeight, Bfloat16TakesTwoBytesANumber) {
  const auto weight = random_values(96 * 64, 12);
  EXPECT_EQ(PackedWeight(weight.data(), 96, 64, 64, NumberType::kBFloat16).bytes(), 96 * 64 * 2);
  EXPECT_EQ(PackedWeight(weight.data(), 96, 64, 64).bytes(), 96 * 64 * 4);
  EXPECT_EQ(PackedWeight().bytes(), 0);
}

TEST(PackedWeight, ARowHasTheBitsItHasAlone) {
  const int64_t n = 150, k = 131;
  const auto x = random_values(130 * k, 13), weight = random_values(n * k, 14);
  for (const NumberType type : kTypes) {
    const PackedWeight packed(weight.data(), n, k, k, type);
    std::vector<float> alone(130 * n);
    for (int64_t i = 0; i < 130; ++i) packed.multiply(&x[i * k], 1, k, &alone[i * n], n);
    for (int64_t m = 1; m <= 130; ++m) {
      std::vector<float> batch(static_cast<size_t>(m * n));
      packed.multiply(x.data(), m, k, batch.data(), n);
      ASSERT_TRUE(std::equal(batch.begin(), batch.end(), alone.begin())) << "m " << m;
    }
  }
}

// Blocks of panels that stay in the cache leave no trace either.
TEST(PackedWeight, TheSharesOfAllPartsMakeUpTheProduct) {
  for (const NumberType type : kTypes) {
    for (const auto& [m, n, k] : {std::array<int64_t, 3>{1, 30, 40}, {5, 200, 33}, {14, 600, 900}}) {
      const auto x = random_values(m * k, 15), weight = random_values(n * k, 16);
      const PackedWeight packed(weight.data(), n, k, k, type);
      std::vector<float> whole(static_cast<size_t>(m * n));
      packed.multiply(x.data(), m, k, whole.data(), n);
      for (int parts = 1; parts <= 5; ++parts) {
        std::vector<float> y(whole.size(), 100.0f);
        for (int part = 0; part < parts; ++part) packed.multiply(x.data(), m, k, y.data(), n, false, {part, parts});
        ASSERT_EQ(y, whole) << parts;
      }
    }
  }
}

TEST(PackedWeight, NothingToDo) {
  const float one = 1;
  float y = 5;
  PackedWeight().multiply(&one, 1, 1, &y, 1);
  for (const NumberType type : kTypes) PackedWeight(&one, 1, 1, 1, type).multiply(&one, 0, 1, &y, 1);
  EXPECT_EQ(y, 5);
}

std::vector<const PairKernels*> pair_sets() {
  std::vector<const PairKernels*> sets{&pair_kernels(), &cpu_kernels().pairs, &portable_kernels()->pairs};
  if (std::string(cpu_kernels().name) == "AVX-512") sets.push_back(&avx2_kernels()->pairs);
  return sets;
}

std::vector<float> pair_product(const PairKernels& set, const std::vector<float>& x, const std::vector<float>& weight,
                                int64_t m, int64_t n, int64_t k) {
  const int64_t pairs = (k + 1) / 2, stride = pairs * set.panel_width;
  std::vector<Pair> rounded_x(static_cast<size_t>(m * pairs));
  std::vector<Pair> panels(static_cast<size_t>((n / set.panel_width + 1) * stride));
  for (int64_t i = 0; i < m; ++i) set.round(&x[i * k], k, &rounded_x[i * pairs]);
  set.pack(weight.data(), k, k, n, panels.data(), stride);
  std::vector<float> y(static_cast<size_t>(m * n));
  set.multiply(
      {rounded_x.data(), pairs, false, panels.data(), set.panel_width, stride, y.data(), n, m, n, pairs, false});
  return y;
}

std::vector<float> turned_product(const PairKernels& set, const std::vector<float>& x,
                                  const std::vector<uint16_t>& weight, int64_t m, int64_t n, int64_t k) {
  const int64_t pairs = (k + 1) / 2;
  std::vector<Pair> rounded_x(static_cast<size_t>(m * pairs));
  for (int64_t i = 0; i < m; ++i) set.round(&x[i * k], k, &rounded_x[i * pairs]);
  std::vector<float> y(static_cast<size_t>(m * n));
  set.multiply_turned({rounded_x.data(), pairs, false, weight.data(), k, 0, y.data(), n, m, n, k, false});
  return y;
}

TEST(PackedWeight, EverySetOfKernelsMultipliesPairs) {
  for (const int64_t n : {5, 32, 70}) {
    for (const int64_t m : {1, 6, 11, 30}) {
      const int64_t k = 71;
      const auto x = random_values(m * k, 17), weight = random_values(n * k, 18);
      for (const PairKernels* set : pair_sets()) {
        SCOPED_TRACE(set->name);
        const auto y = pair_product(*set, x, weight, m, n, k);
        for (int64_t i = 0; i < m; ++i) {
          for (int64_t j = 0; j < n; ++j) {
            double expected = 0;
            for (int64_t p = 0; p < k; ++p) expected += rounded(x[i * k + p]) * rounded(weight[j * k + p]);
            ASSERT_NEAR(y[i * n + j], expected, 3e-6) << n << " " << m;
          }
        }
        std::vector<uint16_t> numbers(weight.size());
        round_to_bfloat16(weight.data(), n * k, numbers.data());
        EXPECT_EQ(turned_product(*set, x, numbers, m, n, k), y);
      }
    }
  }
}

// A product touches the columns of its share, and those only.
TEST(PackedWeight, TellsTheColumnsOfAShare) {
  for (const NumberType type : kTypes) {
    for (const int64_t n : {1, 31, 96, 200}) {
      const std::vector<float> weight(static_cast<size_t>(n), 1.0f);
      const PackedWeight packed(weight.data(), n, 1, 1, type);
      int64_t end = 0;
      for (int part = 0; part < 3; ++part) {
        const Columns columns = packed.columns({part, 3});
        EXPECT_EQ(columns.begin, end);
        end = columns.end;
        std::vector<float> y(static_cast<size_t>(n), 0.0f);
        const float one = 1.0f;
        packed.multiply(&one, 1, 1, y.data(), n, false, {part, 3});
        for (int64_t j = 0; j < n; ++j)
          EXPECT_EQ(y[static_cast<size_t>(j)], j >= columns.begin && j < columns.end ? 1.0f : 0.0f) << j;
      }
      EXPECT_EQ(end, n);
    }
  }
}

}  // namespace
}  // namespace aha::ops::packed_weight_test
