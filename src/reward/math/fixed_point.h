// Enclosures of real numbers with a fixed number of binary places: what lies in the operands leads into the result.
#pragma once
#include <cstdint>
#include <optional>
#include <utility>

#include "reward/math/big_integer.h"
#include "reward/math/rational.h"
#include "reward/math/work.h"

namespace aha::reward::math {

/// Every real number within `radius` of `middle`, both in units of 2^-precision. An infinite radius: nothing is known,
/// for want of a value (1/0, ln -1) or of places.
struct Fixed {
  BigInteger middle = 0;
  double radius = 0;
  bool is_exact() const { return radius == 0; }
  bool is_exact_zero() const { return radius == 0 && middle.is_zero(); }
};

/// Arithmetic with one precision. Results are void with the work.
class FixedPoint {
 public:
  /// precision <= kMaxPrecision
  FixedPoint(int64_t precision, Work& work) : precision_(precision), work_(work) {}

  static constexpr int64_t kMaxPrecision = 1024;
  static constexpr int64_t kMaxMagnitude = 512;  // bits before the point; larger values are unknown

  int64_t precision() const { return precision_; }
  Work& work() const { return work_; }

  Fixed unknown() const;
  bool is_known(const Fixed& a) const;
  Fixed from(const Rational& value) const;
  Fixed from(int64_t value) const;
  Fixed negated(const Fixed& a) const { return {a.middle.negated(), a.radius}; }
  Fixed add(const Fixed& a, const Fixed& b) const;
  Fixed subtract(const Fixed& a, const Fixed& b) const { return add(a, negated(b)); }
  Fixed multiply(const Fixed& a, const Fixed& b) const;
  Fixed divide(const Fixed& a, const Fixed& b) const;
  Fixed power(const Fixed& base, uint64_t exponent) const;
  /// Of what is nowhere negative.
  Fixed square_root(const Fixed& a) const;
  Fixed exponential(const Fixed& a) const;
  Fixed logarithm(const Fixed& a) const;
  std::pair<Fixed, Fixed> sine_cosine(const Fixed& a) const;
  Fixed arctangent(const Fixed& a) const;
  Fixed pi() const;

  /// The sign of all numbers enclosed: -1, 1, or 0 where zero may be among them.
  int sign(const Fixed& a) const;
  /// Bounds of the absolute value, and of the size of the radius, in plain units.
  double upper(const Fixed& a) const;
  double lower(const Fixed& a) const;
  double radius(const Fixed& a) const;
  /// A radius, in units of the last place, that reaches from the middle of two exact numbers to both.
  double ulps_between(const Fixed& a, const Fixed& b) const;
  /// The value if it is known exactly to be whole and fits.
  std::optional<int64_t> as_integer(const Fixed& a) const;

 private:
  friend class WidePoint;
  Fixed checked(Fixed a) const;
  double ulps(double value) const;
  double magnitude(const BigInteger& middle, double margin) const;
  Fixed widened(const Fixed& a, double radius) const;

  int64_t precision_;
  Work& work_;
};

}  // namespace aha::reward::math
