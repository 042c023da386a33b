// The inner loops of AdamW on raw memory.
#pragma once
#include <cstdint>

namespace aha::train {

/// What one update multiplies with, bias corrections worked in.
struct AdamWFactors {
  double gradient_scale;       // of clipping
  double beta1, beta2;         // decays of the moments
  double rate;                 // learning rate / (1 - beta1^t)
  double second_moment_scale;  // 1 / sqrt(1 - beta2^t)
  double epsilon;
  double shrink;  // 1 - learning rate * weight decay
};

/// One update of `count` values in place.
void adamw_update(float* value, const float* gradient, float* first, float* second, int64_t count,
                  const AdamWFactors& factors);
void adamw_update(double* value, const double* gradient, double* first, double* second, int64_t count,
                  const AdamWFactors& factors);

/// In double, in a fixed order.
double sum_of_squares(const float* values, int64_t count);
double sum_of_squares(const double* values, int64_t count);

}  // namespace aha::train
