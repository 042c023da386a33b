// How large a number is, roughly: enough to tell 9^9^9^9 from 5.
#pragma once
#include <vector>

#include "reward/math/expression.h"
#include "reward/math/value.h"

namespace aha::reward::math {

/// 2^low <= |value| <= 2^high, of a real number that is not zero. `low` and `high` may be infinite.
struct Magnitude {
  int sign = 0;  // 0: nothing is known
  double low = 0, high = 0;
};

/// Of the node `index`; nothing is known of what has variables or functions.
Magnitude magnitude(const Expression& expression, const std::vector<Value>& values, int32_t index);
/// Whether no number is of both kinds.
bool are_apart(const Magnitude& a, const Magnitude& b);

}  // namespace aha::reward::math
