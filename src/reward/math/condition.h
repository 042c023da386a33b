// Equations and inequalities: whether the same points satisfy them.
#pragma once
#include "reward/math/reading.h"

namespace aha::reward::math {

/// Whether a part is a relation of scalars, or a name with a scalar ("y = 2x").
bool is_condition(const Part& part);

/// Whether one side is a bare variable and the others have none: "x = 3", "1 < x", not "2x = 6".
bool is_solved(const Part& condition);

/// kEqual if the conditions are multiples of each other; kDifferent if a point is found that surely satisfies one
/// alone. A solved condition is never equal to one that is not: the latter leaves the question open.
Verdict compare_conditions(const Part& a, const Part& b, Work& work);

/// "1 < x <= 4" beside "(1, 4]"; undecided beside (1, 4), which may be a point.
Verdict compare_with_interval(const Part& condition, const Part& tuple, Work& work);

}  // namespace aha::reward::math
