#include "aha/ops/cpu_math.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <string>
#include <vector>

#include "aha/core/random.h"
#include "ops/cpu/kernels.h"

namespace aha::ops::cpu_math_test {
namespace {

constexpr int64_t kWidths[] = {1, 2, 7, 15, 16, 17, 31, 32, 33, 63, 64, 65, 128, 320, 333};
constexpr float kInfinity = std::numeric_limits<float>::infinity();

template <class T>
std::vector<T> random_row(int64_t width, uint64_t seed, double spread = 3) {
  Random random(seed, "tests/cpu_math");
  std::vector<T> row(static_cast<size_t>(width));
  for (T& value : row) value = static_cast<T>(static_cast<float>(random.normal() * spread));
  return row;
}

void expect_near(const std::vector<float>& values, const std::vector<double>& exact, double tolerance) {
  ASSERT_EQ(values.size(), exact.size());
  for (size_t i = 0; i < exact.size(); ++i)
    ASSERT_NEAR(values[i], exact[i], tolerance * (1 + std::abs(exact[i]))) << "place " << i << " of " << exact.size();
}

// Distance from the exact value in units of the float's last place.
double error_in_ulps(float value, double exact) {
  const float rounded = static_cast<float>(exact);
  const double unit = static_cast<double>(std::nextafter(rounded, kInfinity)) - rounded;
  return std::abs(value - exact) / unit;
}

std::vector<const CpuKernels*> runnable_sets() {
  std::vector<const CpuKernels*> sets{portable_kernels()};
#if defined(__x86_64__)
  if (avx2_kernels() && std::string(cpu_kernels().name) != "portable") sets.push_back(avx2_kernels());
  if (std::string(cpu_kernels().name) == "AVX-512") sets.push_back(avx512_kernels());
#endif
  return sets;
}

TEST(CpuMath, ExpIsWithinTwoUlps) {
  for (const CpuKernels* set : runnable_sets()) {
    double worst = 0;
    for (float x = -103.0f; x < 88.72f; x += 0.00137f) {
      float y;
      set->exp(&x, 1, &y);
      worst = std::max(worst, error_in_ulps(y, std::exp(static_cast<double>(x))));
    }
    EXPECT_LE(worst, 2.0) << set->name;
    RecordProperty(std::string("worst_ulps_") + set->name, std::to_string(worst));
  }
}

TEST(CpuMath, ExpAtTheEnds) {
  for (const CpuKernels* set : runnable_sets()) {
    const float x[] = {0.0f, -0.0f, -kInfinity, kInfinity, -200.0f, 200.0f, NAN, 88.8f, -103.9f};
    float y[9];
    set->exp(x, 9, y);
    const float expected[] = {1, 1, 0, kInfinity, 0, kInfinity};
    for (int i = 0; i < 6; ++i) EXPECT_EQ(y[i], expected[i]) << set->name << " " << x[i];
    EXPECT_TRUE(std::isnan(y[6])) << set->name;
    EXPECT_EQ(y[7], kInfinity) << set->name;
    EXPECT_EQ(y[8], std::numeric_limits<float>::denorm_min()) << set->name;  // e^-103.9 = 0.52 of it, after rounding
  }
}

TEST(CpuMath, ExpOfARowMatchesLibraryInDouble) {
  const auto x = random_row<double>(33, 1);
  std::vector<double> y(33);
  exp_row(x.data(), 33, y.data());
  for (size_t i = 0; i < 33; ++i) EXPECT_DOUBLE_EQ(y[i], std::exp(x[i]));
}

TEST(CpuMath, RmsNormWorkedByHand) {
  // Mean square of 3 and 4 is 12.5; with eps 3.5 the root is 4.
  const float x[] = {3, 4}, weight[] = {2, 10};
  float y[2];
  EXPECT_FLOAT_EQ(rms_norm_row(x, weight, 3.5f, 2, y), 0.25f);
  EXPECT_FLOAT_EQ(y[0], 1.5f);
  EXPECT_FLOAT_EQ(y[1], 10.0f);
}

TEST(CpuMath, RopeWorkedByHandAndBack) {
  // A quarter turn of (1, 2) is (-2, 1); the second pair turns by the angle whose cosine is 0.6.
  float x[] = {1, 2, 5, 10};
  const float cosine[] = {0, 0.6f}, sine[] = {1, 0.8f};
  rope_row(x, cosine, sine, 4, 1);
  const float turned[] = {-2, 1, -5, 10};
  for (int i = 0; i < 4; ++i) EXPECT_FLOAT_EQ(x[i], turned[i]);
  rope_row(x, cosine, sine, 4, -1);
  const float back[] = {1, 2, 5, 10};
  for (int i = 0; i < 4; ++i) EXPECT_NEAR(x[i], back[i], 1e-6);
}

TEST(CpuMath, HalfSplitRopeWorkedByHandAndBack) {
  // The pairs of the interleaved test, (1, 2) and (5, 10), stored as halves.
  const auto check = [](auto tolerance) {
    using T = decltype(tolerance);
    T x[] = {1, 5, 2, 10};
    const T cosine[] = {0, T(0.6)}, sine[] = {1, T(0.8)};
    rope_half_row(x, cosine, sine, 4, 1);
    const T turned[] = {-2, -5, 1, 10};
    for (int i = 0; i < 4; ++i) EXPECT_NEAR(x[i], turned[i], tolerance);
    rope_half_row(x, cosine, sine, 4, -1);
    const T back[] = {1, 5, 2, 10};
    for (int i = 0; i < 4; ++i) EXPECT_NEAR(x[i], back[i], tolerance);
  };
  check(1e-6f);
  check(1e-14);
}

TEST(CpuMath, BothLayoutsOfRopeTurnTheSamePairs) {
  for (const int64_t half : {1, 8, 15, 16, 17, 32, 64}) {
    SCOPED_TRACE(half);
    const auto pairs = random_row<float>(2 * half, 1), angle = random_row<float>(half, 2);
    std::vector<float> cosine, sine, side_by_side = pairs, halves(pairs.size());
    for (const float a : angle) cosine.push_back(std::cos(a)), sine.push_back(std::sin(a));
    const auto at = [half](int64_t i) { return static_cast<size_t>(i / 2 + (i % 2) * half); };
    for (int64_t i = 0; i < 2 * half; ++i) halves[at(i)] = pairs[static_cast<size_t>(i)];
    rope_row(side_by_side.data(), cosine.data(), sine.data(), 2 * half, 1);
    rope_half_row(halves.data(), cosine.data(), sine.data(), 2 * half, 1);
    for (int64_t i = 0; i < 2 * half; ++i) ASSERT_NEAR(halves[at(i)], side_by_side[static_cast<size_t>(i)], 2e-6) << i;
  }
}

TEST(CpuMath, SoftmaxWorkedByHand) {
  // Logits ln 1, ln 3 halved by the scale 2 → weights 1 and 9.
  float x[] = {0.0f, std::log(3.0f)};
  EXPECT_NEAR(softmax_row(x, 2.0f, 2), std::log(10.0), 1e-6);
  EXPECT_NEAR(x[0], 0.1, 1e-7);
  EXPECT_NEAR(x[1], 0.9, 1e-6);
  double entropy;
  const double y[] = {0.0, std::log(3.0)};
  EXPECT_NEAR(logsumexp_row(y, 2.0, 2, &entropy), std::log(10.0), 1e-14);
  EXPECT_NEAR(entropy, -0.1 * std::log(0.1) - 0.9 * std::log(0.9), 1e-14);
}

TEST(CpuMath, FloatRowsMatchDoubleRows) {
  for (const int64_t width : kWidths) {
    SCOPED_TRACE(width);
    const size_t size = static_cast<size_t>(width);
    const auto x = random_row<float>(width, 2), z = random_row<float>(width, 3), g = random_row<float>(width, 4);
    const auto xd = random_row<double>(width, 2), zd = random_row<double>(width, 3), gd = random_row<double>(width, 4);
    std::vector<float> y(size), u(size), v(size);
    std::vector<double> yd(size), ud(size), vd(size);

    EXPECT_NEAR(rms_norm_row(x.data(), z.data(), 1e-6f, width, y.data()),
                rms_norm_row(xd.data(), zd.data(), 1e-6, width, yd.data()), 1e-4);
    expect_near(y, yd, 2e-6);
    swiglu_row(x.data(), z.data(), width, y.data());
    swiglu_row(xd.data(), zd.data(), width, yd.data());
    expect_near(y, yd, 1e-6);
    swiglu_backward_row(x.data(), z.data(), g.data(), width, u.data(), v.data(), y.data());
    swiglu_backward_row(xd.data(), zd.data(), gd.data(), width, ud.data(), vd.data(), yd.data());
    expect_near(u, ud, 2e-6);
    expect_near(v, vd, 2e-6);
    expect_near(y, yd, 1e-6);

    y = x, yd = xd;
    EXPECT_NEAR(softmax_row(y.data(), 0.7f, width), softmax_row(yd.data(), 0.7, width), 1e-5);
    expect_near(y, yd, 1e-6);
    float entropy;
    double exact_entropy;
    EXPECT_NEAR(logsumexp_row(x.data(), 0.7f, width, &entropy), logsumexp_row(xd.data(), 0.7, width, &exact_entropy),
                1e-5);
    EXPECT_NEAR(entropy, exact_entropy, 1e-5);
    y = x, yd = xd;
    scaled_exp_row(y.data(), 0.5f, 2.0f, -3.0f, width);
    scaled_exp_row(yd.data(), 0.5, 2.0, -3.0, width);
    expect_near(y, yd, 1e-6);

    EXPECT_NEAR(dot(x.data(), z.data(), width), dot(xd.data(), zd.data(), width), 1e-5 * static_cast<double>(width));
    axpy(0.3f, x.data(), u.data(), width);
    axpy(static_cast<double>(0.3f), xd.data(), ud.data(), width);
    expect_near(u, ud, 3e-6);
  }
}

TEST(CpuMath, OutputsMayBeInputs) {
  const auto gate = random_row<float>(37, 5), up = random_row<float>(37, 6), grad = random_row<float>(37, 7);
  std::vector<float> a(37), b(37), c(37), g = gate, u = up, d = grad, y(37);
  swiglu_backward_row(gate.data(), up.data(), grad.data(), 37, a.data(), b.data(), c.data());
  swiglu_backward_row(g.data(), u.data(), d.data(), 37, g.data(), u.data(), d.data());
  EXPECT_EQ(g, a);
  EXPECT_EQ(u, b);
  EXPECT_EQ(d, c);
  g = gate, u = up;
  swiglu_row(gate.data(), up.data(), 37, y.data());
  swiglu_row(g.data(), u.data(), 37, u.data());
  EXPECT_EQ(u, y);
  rms_norm_row(gate.data(), up.data(), 1e-6f, 37, y.data());
  rms_norm_row(g.data(), up.data(), 1e-6f, 37, g.data());
  EXPECT_EQ(g, y);
}

TEST(CpuMath, MaskedLogitsAndLargeOnes) {
  float x[] = {-kInfinity, 500.0f, 500.0f, -kInfinity}, entropy;
  EXPECT_NEAR(logsumexp_row(x, 1.0f, 4, &entropy), 500 + std::log(2.0), 1e-4);
  EXPECT_NEAR(entropy, std::log(2.0), 1e-6);
  EXPECT_NEAR(softmax_row(x, 1.0f, 4), 500 + std::log(2.0), 1e-4);
  const float expected[] = {0, 0.5f, 0.5f, 0};
  for (int i = 0; i < 4; ++i) EXPECT_EQ(x[i], expected[i]);
}

// Calls every row function of a set on one width and collects all it writes.
std::vector<float> all_results(const CpuKernels& set, int64_t width) {
  const auto x = random_row<float>(width, 8), z = random_row<float>(width, 9), g = random_row<float>(width, 10);
  std::vector<float> out, u(x.size()), v(x.size()), y(x.size());
  const auto keep = [&](const std::vector<float>& row) { out.insert(out.end(), row.begin(), row.end()); };
  set.exp(x.data(), width, y.data()), keep(y);
  set.sigmoid(x.data(), width, y.data()), keep(y);
  out.push_back(set.rms_norm(x.data(), z.data(), 1e-5f, width, y.data())), keep(y);
  set.rms_norm_backward(x.data(), z.data(), g.data(), out.back(), width, y.data(), u.data()), keep(y), keep(u);
  set.swiglu(x.data(), z.data(), width, y.data()), keep(y);
  set.swiglu_backward(x.data(), z.data(), g.data(), width, u.data(), v.data(), y.data()), keep(u), keep(v), keep(y);
  y = x, set.rope(y.data(), z.data(), g.data(), width, -1), keep(y);
  y = x, set.rope_half(y.data(), z.data(), g.data(), width, -1), keep(y);
  y = x;
  const SoftmaxSums a = set.softmax(y.data(), 0.9f, width), b = set.softmax_sums(x.data(), 0.9f, width);
  keep(y), keep({a.max, a.sum, b.max, b.sum, b.weighted});
  y = x, set.scaled_exp(y.data(), 0.9f, 1.0f, 2.0f, width), keep(y);
  y = x, set.axpy(0.1f, z.data(), y.data(), width), keep(y);
  out.push_back(set.dot(x.data(), z.data(), width));
  return out;
}

TEST(CpuMath, InstructionSetsAgree) {
  if (std::string(cpu_kernels().name) != "AVX-512") GTEST_SKIP() << "needs AVX-512";
  for (const int64_t width : kWidths) {
    const auto wide = all_results(*avx512_kernels(), width), narrow = all_results(*avx2_kernels(), width);
    ASSERT_EQ(wide.size(), narrow.size());
    EXPECT_EQ(std::memcmp(wide.data(), narrow.data(), wide.size() * sizeof(float)), 0) << "width " << width;
    const auto portable = all_results(*portable_kernels(), width);
    for (size_t i = 0; i < wide.size(); ++i)
      ASSERT_NEAR(wide[i], portable[i], 1e-4 * (1 + std::abs(portable[i]))) << "width " << width << " value " << i;
  }
}

}  // namespace
}  // namespace aha::ops::cpu_math_test
