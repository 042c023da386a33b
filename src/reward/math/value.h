// The value of each scalar node of an expression, in a form that makes comparing exact.
#pragma once
#include <vector>

#include "reward/math/expression.h"
#include "reward/math/polynomial.h"
#include "reward/math/work.h"

namespace aha::reward::math {

/// How much is known of a scalar.
enum class Knowledge {
  kExact,
  kUnknown,    // it may have a value, but no exact form here (9^9^9^9, a sum of 1,000 terms)
  kUndefined,  // it has no value (0/0, ln 0, \infty - 1)
};

/// numerator / denominator, or an infinity.
struct Value {
  bool is_scalar = false;  // tuples, sets, relations have no value
  Knowledge knowledge = Knowledge::kExact;
  int infinity = 0;  // -1, 0 or 1
  Polynomial numerator;
  Polynomial denominator = constant({1, 1});  // not 0

  bool is_exact() const { return is_scalar && knowledge == Knowledge::kExact; }
  /// The value if it is exact and rational.
  const Rational* exact_rational() const;
};

/// One value a node; unknown ones from where the work ran out.
std::vector<Value> evaluate(const Expression& expression, Work& work);

enum class Verdict { kEqual, kDifferent, kUndecided, kUnparsable, kUnparsableGold };

/// kEqual, kDifferent or kUndecided, for two exact scalars.
Verdict compare(const Value& a, const Value& b, Work& work);

/// The word if the value is nothing but one ("\"yes" without its mark), else empty.
std::string word_of(const Value& value);

}  // namespace aha::reward::math
