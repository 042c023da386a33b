#include "train/adamw_update.h"

#include <algorithm>
#include <cmath>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace aha::train {
namespace {

constexpr int64_t kBlock = 64;

// Compilers leave a loop of std::sqrt scalar as long as errno counts, so the roots are taken by hand.
#if defined(__SSE2__)
void take_roots(float* values) {
  for (int64_t i = 0; i < kBlock; i += 4) _mm_storeu_ps(values + i, _mm_sqrt_ps(_mm_loadu_ps(values + i)));
}
void take_roots(double* values) {
  for (int64_t i = 0; i < kBlock; i += 2) _mm_storeu_pd(values + i, _mm_sqrt_pd(_mm_loadu_pd(values + i)));
}
#else
template <class Real>
void take_roots(Real* values) {
  for (int64_t i = 0; i < kBlock; ++i) values[i] = std::sqrt(values[i]);
}
#endif

template <class Real>
void update(Real* __restrict value, const Real* __restrict gradient, Real* __restrict first, Real* __restrict second,
            int64_t count, const AdamWFactors& factors) {
  const Real scale = Real(factors.gradient_scale), beta1 = Real(factors.beta1), beta2 = Real(factors.beta2);
  const Real rest1 = Real(1 - factors.beta1), rest2 = Real(1 - factors.beta2), rate = Real(factors.rate);
  const Real root_scale = Real(factors.second_moment_scale), epsilon = Real(factors.epsilon);
  const Real shrink = Real(factors.shrink);
  Real root[kBlock] = {};
  for (int64_t start = 0; start < count; start += kBlock) {
    const int64_t size = std::min(kBlock, count - start);
    for (int64_t i = 0; i < size; ++i) {
      const Real g = gradient[start + i] * scale;
      first[start + i] = beta1 * first[start + i] + rest1 * g;
      second[start + i] = beta2 * second[start + i] + rest2 * g * g;
      root[i] = second[start + i];
    }
    take_roots(root);
    for (int64_t i = 0; i < size; ++i) {
      value[start + i] = value[start + i] * shrink - rate * first[start + i] / (root[i] * root_scale + epsilon);
    }
  }
}

// Eight running sums: a fixed order that still fills vector registers.
template <class Real>
double squares(const Real* values, int64_t count) {
  double lanes[8] = {};
  const int64_t whole = count - count % 8;
  for (int64_t i = 0; i < whole; i += 8) {
    for (int lane = 0; lane < 8; ++lane) {
      const double x = values[i + lane];
      lanes[lane] += x * x;
    }
  }
  for (int64_t i = whole; i < count; ++i) lanes[i - whole] += double(values[i]) * double(values[i]);
  double sum = 0;
  for (const double lane : lanes) sum += lane;
  return sum;
}

}  // namespace

void adamw_update(float* value, const float* gradient, float* first, float* second, int64_t count,
                  const AdamWFactors& factors) {
  update(value, gradient, first, second, count, factors);
}

void adamw_update(double* value, const double* gradient, double* first, double* second, int64_t count,
                  const AdamWFactors& factors) {
  update(value, gradient, first, second, count, factors);
}

double sum_of_squares(const float* values, int64_t count) { return squares(values, count); }

double sum_of_squares(const double* values, int64_t count) { return squares(values, count); }

}  // namespace aha::train
