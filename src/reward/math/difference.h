// One comparison between two sides, as what is left of them: "left - right < 0".
#pragma once
#include <string>
#include <vector>

#include "reward/math/numeric.h"
#include "reward/math/reading.h"

namespace aha::reward::math {

struct Difference {
  std::string sign;  // "<", "<=", "=" or "!="
  Part left, right;
  Polynomial exact;  // left - right where both are exact without a denominator, else empty

  /// Whether the differences are multiples of each other that leave the sign as it is.
  bool is_multiple_of(const Difference& other, Work& work) const;
  /// -1, 0, 1 of what lies within the enclosures of the point; null where there is no real value.
  std::optional<Fixed> at(const Point& point, const FixedPoint& arithmetic) const;
};

/// All comparisons of a condition; "1 < x <= 4" has two.
std::vector<Difference> differences_of(const Part& condition, Work& work);

/// Whether a point was found that surely satisfies all of one side and not all of the other. It looks where a
/// difference of `a` changes its sign along secret lines: on both sides of that place, and on it.
bool have_witness(const std::vector<Difference>& a, const std::vector<Difference>& b, Work& work);

}  // namespace aha::reward::math
