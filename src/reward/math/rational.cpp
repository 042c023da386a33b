// Exact fractions in lowest terms.
#include "reward/math/rational.h"

#include <algorithm>

namespace aha::reward::math {

Rational make_rational(BigInteger numerator, BigInteger denominator, Work& work) {
  if (denominator.is_negative()) {
    numerator = numerator.negated();
    denominator = denominator.negated();
  }
  const BigInteger divisor = gcd(numerator, denominator, work);
  if (work.is_void()) return {};
  if (divisor.is_one()) return {std::move(numerator), std::move(denominator)};
  return {divide(numerator, divisor, work).first, divide(denominator, divisor, work).first};
}

namespace {

// 0.(6) is 6/9, and 0.1(6) a tenth of 1 + 0.(6).
Rational repeating(std::string_view once, std::string_view repeated, Work& work) {
  const size_t places = once.size() - std::min(once.find('.'), once.size()) - 1;
  const BigInteger nines = add(power(10, repeated.size(), work), -1, work);
  const BigInteger scale = multiply(nines, power(10, places, work), work);
  if (work.is_void()) return {};
  return add(rational_from_decimal(once, work), make_rational(BigInteger::from_digits(repeated, work), scale, work),
             work);
}

}  // namespace

Rational rational_from_decimal(std::string_view decimal, Work& work) {
  if (decimal.ends_with(')')) {
    const size_t open = decimal.find('(');
    return repeating(decimal.substr(0, open), decimal.substr(open + 1, decimal.size() - open - 2), work);
  }
  const size_t point = decimal.find('.');
  if (point == std::string_view::npos) return {BigInteger::from_digits(decimal, work), 1};
  std::string digits(decimal.substr(0, point));
  digits += decimal.substr(point + 1);
  const BigInteger scale = power(10, decimal.size() - point - 1, work);
  const BigInteger value = BigInteger::from_digits(digits, work);
  return work.is_void() ? Rational() : make_rational(value, scale, work);
}

Rational add(const Rational& a, const Rational& b, Work& work) {
  if (a.is_integer() && b.is_integer()) return {add(a.numerator, b.numerator, work), 1};
  const BigInteger left = multiply(a.numerator, b.denominator, work);
  const BigInteger right = multiply(b.numerator, a.denominator, work);
  const BigInteger bottom = multiply(a.denominator, b.denominator, work);
  return work.is_void() ? Rational() : make_rational(add(left, right, work), bottom, work);
}

Rational multiply(const Rational& a, const Rational& b, Work& work) {
  if (a.is_integer() && b.is_integer()) return {multiply(a.numerator, b.numerator, work), 1};
  const BigInteger top = multiply(a.numerator, b.numerator, work);
  const BigInteger bottom = multiply(a.denominator, b.denominator, work);
  return work.is_void() ? Rational() : make_rational(top, bottom, work);
}

Rational negated(const Rational& a) { return {a.numerator.negated(), a.denominator}; }

Rational inverse(const Rational& a) {
  if (!a.numerator.is_negative()) return {a.denominator, a.numerator};
  return {a.denominator.negated(), a.numerator.negated()};
}

Rational power(const Rational& base, uint64_t exponent, Work& work) {
  return {power(base.numerator, exponent, work), power(base.denominator, exponent, work)};
}

}  // namespace aha::reward::math
