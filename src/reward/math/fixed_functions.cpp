// Exponential, logarithm, sine, cosine and arctangent: reduced to a small argument, then summed by Taylor's series with
// spare places. The middle of an enclosure is mapped; its radius grows by the steepest slope near it.
#include <cmath>

#include "reward/math/fixed_point.h"

namespace aha::reward::math {

/// The same arithmetic with more places, and the way back.
class WidePoint {
 public:
  WidePoint(const FixedPoint& narrow, int64_t spare)
      : narrow_(narrow), spare_(spare), wide(narrow.precision() + spare, narrow.work()) {}

  Fixed widen(const Fixed& a) const { return {shifted(a.middle, spare_, narrow_.work()), 0}; }
  Fixed narrow(const Fixed& a) const {
    if (!wide.is_known(a)) return narrow_.unknown();
    const double radius = std::ldexp(a.radius, -static_cast<int>(spare_)) + 1;
    return narrow_.checked({shifted(a.middle, -spare_, narrow_.work()), radius});
  }

 private:
  const FixedPoint& narrow_;
  int64_t spare_;

 public:
  FixedPoint wide;
};

namespace {

constexpr int64_t kSpare = 48;
constexpr double kMaxExponential = 350;  // e^350 < 2^512
constexpr double kMaxAngle = 0x1p60;
constexpr int64_t kPiPlaces = 1400;  // > kMaxPrecision and all spare places

int64_t num_bits(const FixedPoint& arithmetic, const Fixed& a) {
  return std::max<int64_t>(0, a.middle.bit_length() - arithmetic.precision());
}

Fixed halved(const FixedPoint& arithmetic, const Fixed& a, int64_t times) {
  return {shifted(a.middle, -times, arithmetic.work()), std::ldexp(a.radius, -static_cast<int>(times)) + 1};
}

Fixed divided(const FixedPoint& arithmetic, const Fixed& a, int64_t divisor) {
  return {divide(a.middle, divisor, arithmetic.work()).first, a.radius / static_cast<double>(std::abs(divisor)) + 1};
}

// Below half a unit in the last place.
bool is_negligible(const Fixed& term) { return term.middle.bit_length() <= 1; }

// 1 + a + a²/2 + …, |a| < 1/2: what is left out is less than the last term.
Fixed exponential_series(const FixedPoint& arithmetic, const Fixed& a) {
  Fixed sum = arithmetic.from(1), term = sum;
  for (int64_t n = 1; arithmetic.is_known(sum); ++n) {
    term = divided(arithmetic, arithmetic.multiply(term, a), n);
    sum = arithmetic.add(sum, term);
    if (is_negligible(term)) break;
  }
  sum.radius += 2;
  return sum;
}

// Sine and cosine of |a| < 1.
std::pair<Fixed, Fixed> sine_cosine_series(const FixedPoint& arithmetic, const Fixed& a) {
  Fixed sums[2] = {arithmetic.from(1), {}}, term = arithmetic.from(1);  // of even and of odd powers
  for (int64_t n = 1; arithmetic.is_known(sums[0]) && arithmetic.is_known(sums[1]); ++n) {
    term = divided(arithmetic, arithmetic.multiply(term, a), n);
    sums[n % 2] = (n / 2) % 2 == 1 ? arithmetic.subtract(sums[n % 2], term) : arithmetic.add(sums[n % 2], term);
    if (is_negligible(term)) break;
  }
  sums[0].radius += 2;
  sums[1].radius += 2;
  return {sums[1], sums[0]};
}

// a - a³/3 + a⁵/5 …, |a| < 1/8.
Fixed arctangent_series(const FixedPoint& arithmetic, const Fixed& a) {
  const Fixed square = arithmetic.multiply(a, a);
  Fixed sum = a, power = a;
  for (int64_t n = 3; arithmetic.is_known(sum); n += 2) {
    power = arithmetic.negated(arithmetic.multiply(power, square));
    sum = arithmetic.add(sum, divided(arithmetic, power, n));
    if (is_negligible(power)) break;
  }
  sum.radius += 2;
  return sum;
}

// ln(1 + t), |t| < 2^-20.
Fixed logarithm_series(const FixedPoint& arithmetic, const Fixed& t) {
  Fixed sum = t, power = t;
  for (int64_t n = 2; arithmetic.is_known(sum); ++n) {
    power = arithmetic.negated(arithmetic.multiply(power, t));
    sum = arithmetic.add(sum, divided(arithmetic, power, n));
    if (is_negligible(power)) break;
  }
  sum.radius += 2;
  return sum;
}

// 2^places · arctan(1/n), too small by less than one unit a term.
BigInteger arctangent_of_inverse(int64_t n, int64_t places, Work& work) {
  BigInteger power = divide(shifted(1, places, work), n, work).first, sum = power;
  for (int64_t k = 3; !power.is_zero(); k += 2) {
    power = divide(power, -n * n, work).first;
    sum = add(sum, divide(power, k, work).first, work);
  }
  return sum;
}

// Machin's formula, once; the last 24 places are not to be trusted.
const BigInteger& pi_with_places() {
  static const BigInteger value = [] {
    Work work;
    work.begin_part(Work::kMaxSteps);
    const BigInteger fifth = multiply(16, arctangent_of_inverse(5, kPiPlaces, work), work);
    return add(fifth, multiply(-4, arctangent_of_inverse(239, kPiPlaces, work), work), work);
  }();
  return value;
}

}  // namespace

Fixed FixedPoint::pi() const { return {shifted(pi_with_places(), precision_ - kPiPlaces, work_), 2}; }

Fixed FixedPoint::exponential(const Fixed& a) const {
  if (a.is_exact_zero()) return from(1);
  const double slack = radius(a);
  if (!is_known(a) || upper(a) > kMaxExponential || slack > 0.01) return unknown();
  const int64_t halvings = num_bits(*this, a) + 12;
  const WidePoint point(*this, kSpare + halvings);
  Fixed value = exponential_series(point.wide, halved(point.wide, point.widen(a), halvings));
  for (int64_t i = 0; i < halvings; ++i) value = point.wide.multiply(value, value);
  const Fixed result = point.narrow(value);
  return widened(result, upper(result) * std::expm1(slack) * 1.001);
}

// ln a = y + ln(1 + t) with y near it and t = a·e^-y - 1.
Fixed FixedPoint::logarithm(const Fixed& a) const {
  if (sign(a) <= 0) return unknown();
  if (a.is_exact() && as_integer(a) == 1) return {};
  int64_t exponent = 0;
  const double fraction = a.middle.leading(exponent);
  const double near = std::log(fraction) + static_cast<double>(exponent - precision_) * std::log(2.0);
  if (std::abs(near) > kMaxExponential) return unknown();
  const WidePoint point(*this, kSpare + static_cast<int64_t>(std::abs(near) * 2));
  const auto scaled_near = static_cast<int64_t>(std::ldexp(near, 40));
  const Fixed y{shifted(scaled_near, point.wide.precision() - 40, work_), 0};
  const Fixed product = point.wide.multiply(point.widen(a), point.wide.exponential(negated(y)));
  const Fixed t = point.wide.subtract(product, point.wide.from(1));
  if (!point.wide.is_known(t) || point.wide.upper(t) > 0x1p-20) return unknown();
  const Fixed result = point.narrow(point.wide.add(y, logarithm_series(point.wide, t)));
  return widened(result, radius(a) / lower(a) * 1.001);
}

std::pair<Fixed, Fixed> FixedPoint::sine_cosine(const Fixed& a) const {
  if (a.is_exact_zero()) return {Fixed(), from(1)};
  const double slack = radius(a);
  if (!is_known(a) || upper(a) > kMaxAngle || slack > 0.1) return {unknown(), unknown()};
  const WidePoint point(*this, kSpare + num_bits(*this, a));
  const Fixed angle = point.widen(a), quarter = halved(point.wide, point.wide.pi(), 1);
  // The nearest multiple of π/2, or one beside it: both leave an angle that is small enough.
  const BigInteger doubled = shifted(angle.middle, 1, work_);
  const BigInteger away = angle.middle.is_negative() ? quarter.middle.negated() : quarter.middle;
  const BigInteger turns =
      math::divide(math::add(doubled, away, work_), shifted(quarter.middle, 1, work_), work_).first;
  const auto count = turns.to_int64();
  if (!count) return {unknown(), unknown()};
  const Fixed rest = point.wide.subtract(angle, point.wide.multiply(quarter, point.wide.from(*count)));
  auto [sine, cosine] = sine_cosine_series(point.wide, rest);
  const Fixed s = widened(point.narrow(sine), slack), c = widened(point.narrow(cosine), slack);
  switch (((*count % 4) + 4) % 4) {
    case 0:
      return {s, c};
    case 1:
      return {c, negated(s)};
    case 2:
      return {negated(s), negated(c)};
    default:
      return {negated(c), s};
  }
}

// arctan a = 2·arctan(a / (1 + √(1 + a²))), four times; for |a| > 1 it is what 1/a leaves of a right angle.
Fixed FixedPoint::arctangent(const Fixed& a) const {
  if (!is_known(a) || a.is_exact_zero()) return a;
  const WidePoint point(*this, kSpare);
  const FixedPoint& wide = point.wide;
  Fixed value = point.widen(a);
  const bool is_steep = upper(a) > 1 && lower(a) > 0.5;
  if (!is_steep && upper(a) > 4) return unknown();
  if (is_steep) value = wide.divide(wide.from(1), value);
  constexpr int kHalvings = 5;
  for (int i = 0; i < kHalvings; ++i) {
    const Fixed hypotenuse = wide.square_root(wide.add(wide.from(1), wide.multiply(value, value)));
    value = wide.divide(value, wide.add(wide.from(1), hypotenuse));
  }
  value = wide.multiply(arctangent_series(wide, value), wide.from(1 << kHalvings));
  if (is_steep) {
    const Fixed quarter = halved(wide, wide.pi(), 1);
    value = wide.subtract(a.middle.is_negative() ? wide.negated(quarter) : quarter, value);
  }
  return widened(point.narrow(value), radius(a));
}

}  // namespace aha::reward::math
