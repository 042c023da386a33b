#include "aha/ops/cpu_gemm.h"

#include <gtest/gtest.h>

#include <cmath>

#include "aha/core/random.h"
#include "ops/cpu/kernels.h"

namespace aha::ops::cpu_gemm_test {
namespace {

constexpr int64_t kSizes[] = {1, 2, 3, 7, 8, 15, 16, 17, 31, 33, 64, 130};

template <class T>
std::vector<T> random_values(int64_t count, uint64_t seed) {
  Random random(seed, "tests/gemm");
  std::vector<T> values(static_cast<size_t>(count));
  for (T& value : values) value = static_cast<T>(random.uniform() * 2 - 1);
  return values;
}

// One product with row strides three beyond the rows' widths.
template <class T>
struct Case {
  int64_t m, n, k;
  bool transpose_a = false, transpose_b = false, accumulate = false;
  std::vector<T> a, b, c;
  int64_t lda, ldb, ldc;

  Case(int64_t m, int64_t n, int64_t k, int layout) : m(m), n(n), k(k) {
    transpose_a = layout & 1;
    transpose_b = layout & 2;
    accumulate = layout & 4;
    lda = (transpose_a ? m : k) + 3;
    ldb = (transpose_b ? k : n) + 3;
    ldc = n + 3;
    a = random_values<T>(lda * (transpose_a ? k : m), 1);
    b = random_values<T>(ldb * (transpose_b ? n : k), 2);
    c = random_values<T>(ldc * m, 3);
  }
  T a_at(int64_t i, int64_t p) const { return a[static_cast<size_t>(transpose_a ? p * lda + i : i * lda + p)]; }
  T b_at(int64_t p, int64_t j) const { return b[static_cast<size_t>(transpose_b ? j * ldb + p : p * ldb + j)]; }
  std::vector<T> product() const {
    std::vector<T> out = c;
    gemm(GemmArgs<T>{a.data(), b.data(), out.data(), m, n, k, lda, ldb, ldc, transpose_a, transpose_b, accumulate});
    return out;
  }
};

// Each element by its definition; `step` is one link of the chain. What lies between the rows must stay.
template <class T, class Sum, class Step>
void expect_product(const Case<T>& problem, double tolerance, Step step) {
  const std::vector<T> out = problem.product();
  for (int64_t i = 0; i < problem.m; ++i) {
    for (int64_t j = 0; j < problem.ldc; ++j) {
      const size_t place = static_cast<size_t>(i * problem.ldc + j);
      Sum expected = j >= problem.n || problem.accumulate ? problem.c[place] : 0;
      for (int64_t p = 0; p < problem.k && j < problem.n; ++p)
        expected = step(problem.a_at(i, p), problem.b_at(p, j), expected);
      ASSERT_LE(std::abs(out[place] - expected), tolerance)
          << "m " << problem.m << " n " << problem.n << " k " << problem.k << " at " << i << ", " << j;
    }
  }
}

bool has_fused_kernels() { return std::string(cpu_kernels().name) != "portable"; }

TEST(CpuGemm, FloatIsOneChainOfFusedMultiplyAdds) {
  if (!has_fused_kernels()) GTEST_SKIP() << "needs AVX2 with FMA";
  for (const int64_t m : kSizes)
    for (const int64_t n : kSizes)
      for (const int64_t k : {1, 7, 33, 130})
        for (int layout = 0; layout < 8; ++layout)
          expect_product<float, float>({m, n, k, layout}, 0.0,
                                       [](float x, float y, float sum) { return std::fma(x, y, sum); });
}

TEST(CpuGemm, FloatMatchesFloat64) {
  for (const int64_t m : kSizes)
    for (const int64_t n : {1, 17, 33})
      for (const int64_t k : kSizes)
        for (int layout = 0; layout < 8; ++layout)
          expect_product<float, double>({m, n, k, layout}, 2e-7 * static_cast<double>(k + 1),
                                        [](double x, double y, double sum) { return x * y + sum; });
}

TEST(CpuGemm, BlocksOfBAndKLeaveNoTrace) {
  if (!has_fused_kernels()) GTEST_SKIP() << "needs AVX2 with FMA";
  for (int layout = 0; layout < 8; ++layout)
    expect_product<float, float>({5, 1100, 900, layout}, 0.0,
                                 [](float x, float y, float sum) { return std::fma(x, y, sum); });
}

// Rows 2 KB apart are read from copies.
TEST(CpuGemm, CopiesOfScatteredRowsLeaveNoTrace) {
  if (!has_fused_kernels()) GTEST_SKIP() << "needs AVX2 with FMA";
  for (int layout = 0; layout < 8; ++layout) {
    const auto step = [](float x, float y, float sum) { return std::fma(x, y, sum); };
    if (layout & 1)
      expect_product<float, float>({509, 70, 40, layout}, 0.0, step);
    else
      expect_product<float, float>({130, 70, 509, layout}, 0.0, step);
  }
}

TEST(CpuGemm, DoubleMatchesItsDefinition) {
  for (const int64_t m : {1, 3, 17})
    for (const int64_t n : kSizes)
      for (const int64_t k : {1, 2, 31, 130})
        for (int layout = 0; layout < 8; ++layout)
          expect_product<double, double>({m, n, k, layout}, 1e-13,
                                         [](double x, double y, double sum) { return x * y + sum; });
}

TEST(CpuGemm, ARowHasTheBitsItHasAlone) {
  const int64_t n = 96, k = 130;
  const auto a = random_values<float>(130 * k, 4), b = random_values<float>(n * k, 5);
  std::vector<float> alone(130 * n);
  for (int64_t i = 0; i < 130; ++i)
    gemm(GemmArgs<float>{&a[i * k], b.data(), &alone[i * n], 1, n, k, k, k, n, false, true});
  for (int64_t m = 1; m <= 130; ++m) {
    std::vector<float> batch(static_cast<size_t>(m * n));
    gemm(GemmArgs<float>{a.data(), b.data(), batch.data(), m, n, k, k, k, n, false, true});
    ASSERT_TRUE(std::equal(batch.begin(), batch.end(), alone.begin())) << "m " << m;
  }
}

TEST(CpuGemm, NothingToDo) {
  std::vector<float> c{5, 6};
  const float one = 1;
  gemm(GemmArgs<float>{&one, &one, c.data(), 0, 2, 1, 1, 2, 2});
  gemm(GemmArgs<float>{&one, &one, c.data(), 1, 2, 0, 1, 2, 2, false, false, true});
  EXPECT_EQ(c, (std::vector<float>{5, 6}));
  gemm(GemmArgs<float>{&one, &one, c.data(), 1, 2, 0, 1, 2, 2});
  EXPECT_EQ(c, (std::vector<float>{0, 0}));
}

// The two sets with fused multiply-adds must agree bit for bit: a run may move between machines.
TEST(CpuGemm, InstructionSetsAgree) {
  if (std::string(cpu_kernels().name) != "AVX-512") GTEST_SKIP() << "needs AVX-512";
  for (const int64_t n : {5, 16, 40, 96}) {
    for (const int64_t m : {1, 6, 11, 30}) {
      for (const bool is_a_transposed : {false, true}) {
        const int64_t k = 70;
        const auto a = random_values<float>(m * k, 9), b = random_values<float>(n * k, 10);
        std::vector<float> results[3];
        const CpuKernels* sets[] = {avx512_kernels(), avx2_kernels(), portable_kernels()};
        for (int i = 0; i < 3; ++i) {
          const int64_t stride = sets[i]->panel_width * k;
          std::vector<float> panels(static_cast<size_t>((n / sets[i]->panel_width + 1) * stride));
          results[i].resize(static_cast<size_t>(m * n));
          sets[i]->pack(b.data(), k, true, k, n, panels.data(), stride);
          sets[i]->multiply({a.data(), is_a_transposed ? m : k, is_a_transposed, panels.data(), sets[i]->panel_width,
                             stride, results[i].data(), n, m, n, k, false});
        }
        ASSERT_EQ(results[0], results[1]);
        for (size_t i = 0; i < results[0].size(); ++i) ASSERT_NEAR(results[0][i], results[2][i], 1e-5);
      }
    }
  }
}

}  // namespace
}  // namespace aha::ops::cpu_gemm_test
