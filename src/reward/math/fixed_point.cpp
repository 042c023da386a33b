// The four operations and square roots; radii are rounded up.
#include "reward/math/fixed_point.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace aha::reward::math {
namespace {

constexpr double kUp = 1 + 1e-12, kDown = 1 - 1e-12;  // more than a few roundings of a double

}  // namespace

Fixed FixedPoint::unknown() const { return {0, std::numeric_limits<double>::infinity()}; }

bool FixedPoint::is_known(const Fixed& a) const { return std::isfinite(a.radius) && !work_.is_void(); }

Fixed FixedPoint::checked(Fixed a) const {
  const bool is_small = a.middle.bit_length() <= precision_ + kMaxMagnitude;
  return is_small && std::isfinite(a.radius) && !work_.is_void() ? a : unknown();
}

double FixedPoint::ulps(double value) const { return std::ldexp(value, static_cast<int>(precision_)); }

double FixedPoint::magnitude(const BigInteger& middle, double margin) const {
  int64_t exponent = 0;
  const double fraction = std::abs(middle.leading(exponent));
  return std::ldexp(fraction * margin, static_cast<int>(exponent - precision_));
}

double FixedPoint::radius(const Fixed& a) const { return std::ldexp(a.radius, -static_cast<int>(precision_)); }

double FixedPoint::upper(const Fixed& a) const { return (magnitude(a.middle, kUp) + radius(a)) * kUp; }

double FixedPoint::lower(const Fixed& a) const {
  return std::max(0.0, (magnitude(a.middle, kDown) - radius(a) * kUp) * kDown);
}

Fixed FixedPoint::widened(const Fixed& a, double radius) const {
  return checked({a.middle, (a.radius + ulps(radius)) * kUp});
}

int FixedPoint::sign(const Fixed& a) const {
  if (!is_known(a) || !(magnitude(a.middle, kDown) > radius(a) * kUp)) return 0;
  return a.middle.is_negative() ? -1 : 1;
}

Fixed FixedPoint::from(int64_t value) const { return checked({shifted(value, precision_, work_), 0}); }

Fixed FixedPoint::from(const Rational& value) const {
  auto [quotient, rest] = math::divide(shifted(value.numerator, precision_, work_), value.denominator, work_);
  return checked({std::move(quotient), rest.is_zero() ? 0.0 : 1.0});
}

Fixed FixedPoint::add(const Fixed& a, const Fixed& b) const {
  return checked({math::add(a.middle, b.middle, work_), (a.radius + b.radius) * kUp});
}

Fixed FixedPoint::multiply(const Fixed& a, const Fixed& b) const {
  if (!is_known(a) || !is_known(b)) return unknown();
  if (a.is_exact_zero() || b.is_exact_zero()) return {};
  const BigInteger product = math::multiply(a.middle, b.middle, work_);
  const bool is_rounded = !product.is_multiple_of_power_of_two(precision_);
  double error = is_rounded ? 1 : 0;
  if (!a.is_exact() || !b.is_exact()) {
    error += magnitude(a.middle, kUp) * b.radius + magnitude(b.middle, kUp) * a.radius + radius(a) * b.radius;
  }
  return checked({shifted(product, -precision_, work_), error * kUp});
}

Fixed FixedPoint::divide(const Fixed& a, const Fixed& b) const {
  if (!is_known(a) || sign(b) == 0) return unknown();
  auto [quotient, rest] = math::divide(shifted(a.middle, precision_, work_), b.middle, work_);
  double error = rest.is_zero() ? 0 : 1;
  if (!a.is_exact() || !b.is_exact()) {
    error += (a.radius + magnitude(quotient, kUp) * b.radius + radius(b)) / lower(b);
  }
  return checked({std::move(quotient), error * kUp});
}

Fixed FixedPoint::power(const Fixed& base, uint64_t exponent) const {
  Fixed result = from(1), square = base;
  while (exponent > 0 && is_known(result)) {
    if (exponent & 1) result = multiply(result, square);
    exponent >>= 1;
    if (exponent > 0) square = multiply(square, square);
  }
  return result;
}

Fixed FixedPoint::square_root(const Fixed& a) const {
  if (!is_known(a) || a.is_exact_zero()) return a;
  if (sign(a) == 0) {  // somewhere from 0 up
    return a.middle.is_negative() ? unknown() : checked({0, ulps(std::sqrt(upper(a)) * kUp)});
  }
  if (a.middle.is_negative()) return unknown();
  const BigInteger scaled = shifted(a.middle, precision_, work_);
  BigInteger root = floor_root(scaled, 2, work_);
  const bool is_rounded = !(math::multiply(root, root, work_) == scaled);
  const double error = a.is_exact() ? 0 : a.radius / (2 * std::sqrt(lower(a)));
  return checked({std::move(root), (error + (is_rounded ? 1 : 0)) * kUp});
}

double FixedPoint::ulps_between(const Fixed& a, const Fixed& b) const {
  const Fixed distance = subtract(a, b);
  return ulps(upper(distance)) + 1;
}

std::optional<int64_t> FixedPoint::as_integer(const Fixed& a) const {
  if (!is_known(a) || !a.is_exact() || !a.middle.is_multiple_of_power_of_two(precision_)) return std::nullopt;
  return shifted(a.middle, -precision_, work_).to_int64();
}

}  // namespace aha::reward::math
