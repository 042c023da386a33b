// Points at which expressions are compared: rational, secret, on both sides of zero and of one.
#pragma once
#include "reward/math/numeric.h"

namespace aha::reward::math {

constexpr int kNumSamplePoints = 12, kFirstWholePoint = 8;

/// Points 0–7 have fractions, around 0.5, 1.8, -0.5 and -1.8 in turn; the others whole numbers from 2 to 12.
/// Words (units) are positive, and so is n, which everybody writes for a natural number.
Point sample_point(int index, const FixedPoint& arithmetic);

}  // namespace aha::reward::math
