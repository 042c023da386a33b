// Enclosures of complex numbers: rectangles of two Fixed.
#pragma once
#include <algorithm>

#include "reward/math/fixed_point.h"

namespace aha::reward::math {

struct Complex {
  Fixed real, imaginary;
  bool is_real() const { return imaginary.is_exact_zero(); }
};

/// Principal values; unknown where a cut may run through the rectangle.
class ComplexPoint {
 public:
  explicit ComplexPoint(const FixedPoint& arithmetic) : fixed_(arithmetic) {}

  const FixedPoint& fixed() const { return fixed_; }
  Complex unknown() const { return {fixed_.unknown(), {}}; }
  bool is_known(const Complex& a) const { return fixed_.is_known(a.real) && fixed_.is_known(a.imaginary); }
  Complex from(const Fixed& real) const { return {real, {}}; }
  Complex from(int64_t real) const { return {fixed_.from(real), {}}; }
  Complex negated(const Complex& a) const { return {fixed_.negated(a.real), fixed_.negated(a.imaginary)}; }
  Complex add(const Complex& a, const Complex& b) const;
  Complex subtract(const Complex& a, const Complex& b) const { return add(a, negated(b)); }
  Complex multiply(const Complex& a, const Complex& b) const;
  Complex divide(const Complex& a, const Complex& b) const;
  Complex power(const Complex& base, int64_t exponent) const;
  /// base^exponent for a positive base; for a whole exponent, of any base.
  Complex power(const Complex& base, const Complex& exponent) const;
  /// Of a negative number with an odd degree the real root.
  Complex root(const Complex& a, int64_t degree) const;
  Complex absolute(const Complex& a) const;
  Complex exponential(const Complex& a) const;
  /// Natural, of positive numbers.
  Complex logarithm(const Complex& a) const;

  bool excludes_zero(const Complex& a) const {
    return is_known(a) && (fixed_.sign(a.real) != 0 || fixed_.sign(a.imaginary) != 0);
  }
  /// Bounds of the absolute value.
  double upper(const Complex& a) const { return fixed_.upper(a.real) + fixed_.upper(a.imaginary); }
  double lower(const Complex& a) const { return std::max(fixed_.lower(a.real), fixed_.lower(a.imaginary)); }

 private:
  Complex square_root(const Complex& a) const;

  FixedPoint fixed_;
};

}  // namespace aha::reward::math
