// Exact fractions in lowest terms.
#pragma once
#include <string_view>

#include "reward/math/big_integer.h"

namespace aha::reward::math {

struct Rational {
  BigInteger numerator = 0;
  BigInteger denominator = 1;  // > 0

  bool is_zero() const { return numerator.is_zero(); }
  bool is_one() const { return numerator.is_one() && denominator.is_one(); }
  bool is_integer() const { return denominator.is_one(); }
  bool operator==(const Rational&) const = default;
};

/// numerator / denominator in lowest terms. The denominator is not zero.
Rational make_rational(BigInteger numerator, BigInteger denominator, Work& work);
/// "12", "0.50", ".5", "0.1(6)": exactly what is written, with the digits in brackets repeating for ever.
Rational rational_from_decimal(std::string_view decimal, Work& work);

Rational add(const Rational& a, const Rational& b, Work& work);
Rational multiply(const Rational& a, const Rational& b, Work& work);
Rational negated(const Rational& a);
/// 1 / a, which is not zero.
Rational inverse(const Rational& a);
Rational power(const Rational& base, uint64_t exponent, Work& work);

}  // namespace aha::reward::math
