#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "aha/core/error.h"
#include "aha/core/random.h"
#include "aha/ops/cpu_gemm.h"
#include "ops/cpu/kernels.h"

namespace aha::ops::gemm_once_test {
namespace {

std::vector<float> random_values(int64_t count, uint64_t seed) {
  Random random(seed, "tests/gemm_once");
  std::vector<float> values(static_cast<size_t>(count));
  for (float& value : values) value = static_cast<float>(random.uniform() * 2 - 1);
  return values;
}

std::vector<uint16_t> rounded(const std::vector<float>& values) {
  std::vector<uint16_t> numbers(values.size());
  round_to_bfloat16(values.data(), static_cast<int64_t>(values.size()), numbers.data());
  return numbers;
}

std::vector<float> widened(const std::vector<uint16_t>& numbers) {
  std::vector<float> values(numbers.size());
  widen_bfloat16(numbers.data(), static_cast<int64_t>(numbers.size()), values.data());
  return values;
}

struct Sizes {
  int64_t m, n, k;
};

std::vector<Sizes> all_sizes() {
  std::vector<Sizes> sizes;
  for (const int64_t m : {1, 4, 5, 12, 13, 24, 40})
    for (const int64_t n : {1, 16, 31, 32, 64, 100, 200})
      for (const int64_t k : {1, 7, 16, 31, 33, 64, 65, 160}) sizes.push_back({m, n, k});
  return sizes;
}

// The widened B goes through gemm(); rows lie three numbers further apart than they are wide.
template <class Number>
void expect_bits_of_gemm(const std::vector<Number>& b, const std::vector<float>& b_widened, Sizes size,
                         bool transpose_b, bool accumulate) {
  const auto [m, n, k] = size;
  const int64_t lda = k + 3, ldb = (transpose_b ? k : n) + 3, ldc = n + 3;
  const auto a = random_values(m * lda, 1), start = random_values(m * ldc, 3);
  auto c = start, expected = start;
  gemm_once(GemmOnceArgs<Number>{a.data(), b.data(), c.data(), m, n, k, lda, ldb, ldc, transpose_b, accumulate});
  gemm(GemmArgs<float>{a.data(), b_widened.data(), expected.data(), m, n, k, lda, ldb, ldc, false, transpose_b,
                       accumulate});
  ASSERT_EQ(c, expected) << m << " " << n << " " << k << (transpose_b ? " turned" : "");
}

TEST(GemmOnce, HasTheBitsOfGemm) {
  for (const Sizes size : all_sizes()) {
    // Its last row ends where the vector does: reading beyond would be found by the address sanitizer.
    for (const bool transpose_b : {false, true}) {
      const int64_t rows = transpose_b ? size.n : size.k, width = transpose_b ? size.k : size.n;
      const auto b = random_values(rows * (width + 3) - 3, 2);
      for (const bool accumulate : {false, true}) expect_bits_of_gemm(b, b, size, transpose_b, accumulate);
    }
  }
}

TEST(GemmOnce, WidensBfloat16) {
  for (const Sizes size : all_sizes()) {
    for (const bool transpose_b : {false, true}) {
      const int64_t rows = transpose_b ? size.n : size.k, width = transpose_b ? size.k : size.n;
      const auto b = rounded(random_values(rows * (width + 3) - 3, 2));
      for (const bool accumulate : {false, true}) expect_bits_of_gemm(b, widened(b), size, transpose_b, accumulate);
    }
  }
}

// As a packed weight does it: the same pairs in the same order, so the same bits.
TEST(GemmOnce, RoundedHasTheBitsOfAPackedWeight) {
  for (const auto& [m, n, k] : all_sizes()) {
    const int64_t lda = k + 3, ldb = k + 5, ldc = n + 3;
    const auto a = random_values(m * lda, 1), start = random_values(m * ldc, 3);
    const auto b = rounded(random_values(n * ldb - 5, 2));
    auto b_widened = widened(b);
    b_widened.resize(static_cast<size_t>(n * ldb));
    const PackedWeight packed(b_widened.data(), n, k, ldb, NumberType::kBFloat16);
    for (const bool accumulate : {false, true}) {
      auto c = start, expected = start;
      gemm_once_rounded({a.data(), b.data(), c.data(), m, n, k, lda, ldb, ldc, true, accumulate});
      packed.multiply(a.data(), m, lda, expected.data(), ldc, accumulate);
      ASSERT_EQ(c, expected) << m << " " << n << " " << k;
    }
  }
  EXPECT_THROW(gemm_once_rounded({nullptr, nullptr, nullptr, 1, 1, 1, 1, 1, 1}), ShapeError);
}

TEST(GemmOnce, NothingToDo) {
  std::vector<float> c{5, 6};
  const float one = 1;
  gemm_once(GemmOnceArgs<float>{&one, &one, c.data(), 0, 2, 1, 1, 2, 2});
  gemm_once(GemmOnceArgs<float>{&one, &one, c.data(), 1, 2, 0, 1, 2, 2, false, true});
  EXPECT_EQ(c, (std::vector<float>{5, 6}));
  gemm_once(GemmOnceArgs<float>{&one, &one, c.data(), 1, 2, 0, 1, 2, 2});
  EXPECT_EQ(c, (std::vector<float>{0, 0}));
}

TEST(Bfloat16, RoundsToNearestTiesToEven) {
  const float infinity = std::numeric_limits<float>::infinity();
  const std::vector<float> values{1.0f,      -2.0f, 1.0f + 0x1p-8f, 1.0f + 0x3p-8f, 1.0f + 0x1.002p-8f, 0x1.fffffep127f,
                                  -infinity, -0.0f, 0x1p-133f};
  EXPECT_EQ(rounded(values),
            (std::vector<uint16_t>{0x3f80, 0xc000, 0x3f80, 0x3f82, 0x3f81, 0x7f80, 0xff80, 0x8000, 0x0001}));
  EXPECT_EQ(widened({0x3f80, 0xc000, 0x3f81}), (std::vector<float>{1.0f, -2.0f, 1.0f + 0x1p-7f}));
  const float not_a_number = std::nanf("");
  uint16_t number = 0;
  round_to_bfloat16(&not_a_number, 1, &number);
  float back = 0;
  widen_bfloat16(&number, 1, &back);
  EXPECT_TRUE(std::isnan(back));
}

// Each set by itself: its own bfloat16 panels, and rows in place, against its own panels of floats.
TEST(GemmOnce, EverySetOfKernelsWidensAlike) {
  const int64_t m = 7, n = 64, k = 75;
  const auto a = random_values(m * k, 4);
  const auto b = rounded(random_values(n * k, 5));
  const auto b_widened = widened(b);
  for (const CpuKernels* set : {&cpu_kernels(), avx2_kernels(), portable_kernels()}) {
    if (!set || (set == avx2_kernels() && std::string(cpu_kernels().name) == "portable")) continue;
    SCOPED_TRACE(set->name);
    const int64_t stride = k * set->panel_width, width = set->panel_width;
    for (const bool is_turned : {false, true}) {
      std::vector<float> panels(static_cast<size_t>(n * k)), expected(panels.size());
      set->pack(b_widened.data(), is_turned ? k : n, is_turned, k, n, expected.data(), stride);
      set->pack_bfloat16(b.data(), is_turned ? k : n, is_turned, k, n, panels.data(), stride);
      EXPECT_EQ(panels, expected);
    }
    std::vector<float> c(static_cast<size_t>(m * n)), expected(c.size());
    set->multiply_turned({a.data(), k, false, b_widened.data(), k, 0, expected.data(), n, m, n, k, false});
    set->multiply_turned_bfloat16({a.data(), k, false, b.data(), k, 0, c.data(), n, m, n, k, false});
    EXPECT_EQ(c, expected);
    set->multiply({a.data(), k, false, b_widened.data(), n, width, expected.data(), n, m, n, k, false});
    set->multiply_bfloat16({a.data(), k, false, b.data(), n, width, c.data(), n, m, n, k, false});
    EXPECT_EQ(c, expected);
  }
}

}  // namespace
}  // namespace aha::ops::gemm_once_test
