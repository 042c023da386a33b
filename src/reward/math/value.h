// The value of each scalar node of an expression, in a form that makes comparing exact.
#pragma once
#include <vector>

#include "reward/math/expression.h"
#include "reward/math/polynomial.h"
#include "reward/math/work.h"

namespace aha::reward::math {

/// numerator / denominator, or an infinity.
struct Value {
  bool is_scalar = false;  // tuples, sets, relations have no value
  int infinity = 0;        // -1, 0 or 1
  Polynomial numerator;
  Polynomial denominator = constant({1, 1});  // not 0
};

/// Values by node. The work is void afterwards if a value has no exact form here (0/0, 9^9^9^9, \infty - 1).
std::vector<Value> evaluate(const Expression& expression, Work& work);

enum class Verdict { kEqual, kDifferent, kUndecided, kUnparsable, kUnparsableGold };

/// kEqual, kDifferent or kUndecided, for two scalars.
Verdict compare(const Value& a, const Value& b, Work& work);

/// The word if the value is nothing but one ("\"yes" without its mark), else empty.
std::string word_of(const Value& value);

}  // namespace aha::reward::math
