// Complex arithmetic on rectangles.
#include "reward/math/complex_point.h"

namespace aha::reward::math {

Complex ComplexPoint::add(const Complex& a, const Complex& b) const {
  return {fixed_.add(a.real, b.real), fixed_.add(a.imaginary, b.imaginary)};
}

Complex ComplexPoint::multiply(const Complex& a, const Complex& b) const {
  if (a.is_real() && b.is_real()) return {fixed_.multiply(a.real, b.real), {}};
  return {fixed_.subtract(fixed_.multiply(a.real, b.real), fixed_.multiply(a.imaginary, b.imaginary)),
          fixed_.add(fixed_.multiply(a.real, b.imaginary), fixed_.multiply(a.imaginary, b.real))};
}

Complex ComplexPoint::divide(const Complex& a, const Complex& b) const {
  if (b.is_real()) {
    return {fixed_.divide(a.real, b.real), a.is_real() ? Fixed() : fixed_.divide(a.imaginary, b.real)};
  }
  const Complex top = multiply(a, {b.real, fixed_.negated(b.imaginary)});
  const Fixed bottom = fixed_.add(fixed_.multiply(b.real, b.real), fixed_.multiply(b.imaginary, b.imaginary));
  return {fixed_.divide(top.real, bottom), fixed_.divide(top.imaginary, bottom)};
}

Complex ComplexPoint::power(const Complex& base, int64_t exponent) const {
  if (exponent < 0) return divide(from(1), power(base, -exponent));
  if (exponent == 0) return excludes_zero(base) ? from(1) : unknown();
  Complex result = from(1), square = base;
  while (exponent > 0 && is_known(result)) {
    if (exponent & 1) result = multiply(result, square);
    exponent >>= 1;
    if (exponent > 0) square = multiply(square, square);
  }
  return result;
}

Complex ComplexPoint::power(const Complex& base, const Complex& exponent) const {
  constexpr int64_t kMaxPower = 1'000'000;
  if (exponent.is_real()) {
    const auto whole = fixed_.as_integer(exponent.real);
    if (whole && *whole <= kMaxPower && *whole >= -kMaxPower) return power(base, *whole);
  }
  if (!base.is_real() || fixed_.sign(base.real) <= 0) return unknown();
  return exponential(multiply(exponent, logarithm(base)));
}

Complex ComplexPoint::square_root(const Complex& a) const {
  if (a.is_real()) {
    if (a.real.is_exact_zero()) return a;
    const int sign = fixed_.sign(a.real);
    if (sign < 0) return {{}, fixed_.square_root(fixed_.negated(a.real))};
    if (sign == 0) {  // a little above zero or a little below: real or imaginary
      const Fixed size = fixed_.square_root(absolute(a).real);
      const Fixed around{0, fixed_.ulps_between(size, fixed_.negated(size))};
      return fixed_.is_known(size) ? Complex{around, around} : unknown();
    }
    return {fixed_.square_root(a.real), {}};
  }
  // √a = (r + i·b/r) with r = √((|a| + re a) / 2), away from the negative axis, which is the cut.
  if (fixed_.sign(a.real) <= 0 && fixed_.sign(a.imaginary) == 0) return unknown();
  const Fixed size = absolute(a).real, two = fixed_.from(2);
  if (fixed_.sign(a.real) >= 0) {
    const Fixed root = fixed_.square_root(fixed_.divide(fixed_.add(size, a.real), two));
    return {root, fixed_.divide(a.imaginary, fixed_.multiply(two, root))};
  }
  const Fixed root = fixed_.square_root(fixed_.divide(fixed_.subtract(size, a.real), two));
  const Fixed imaginary = fixed_.sign(a.imaginary) < 0 ? fixed_.negated(root) : root;
  return {fixed_.divide(a.imaginary, fixed_.multiply(two, imaginary)), imaginary};
}

Complex ComplexPoint::root(const Complex& a, int64_t degree) const {
  if (degree < 1 || !is_known(a)) return unknown();
  if (degree == 1) return a;
  if (degree == 2) return square_root(a);
  if (!a.is_real()) return unknown();
  if (a.real.is_exact_zero()) return a;
  const int sign = fixed_.sign(a.real);
  if (sign == 0 || (sign < 0 && degree % 2 == 0)) return unknown();
  const Fixed size = sign < 0 ? fixed_.negated(a.real) : a.real;
  const Fixed root = fixed_.exponential(fixed_.divide(fixed_.logarithm(size), fixed_.from(degree)));
  return {sign < 0 ? fixed_.negated(root) : root, {}};
}

Complex ComplexPoint::absolute(const Complex& a) const {
  if (a.is_real()) {
    const int sign = fixed_.sign(a.real);
    if (sign != 0) return {sign < 0 ? fixed_.negated(a.real) : a.real, {}};
  }
  const Fixed square = fixed_.add(fixed_.multiply(a.real, a.real), fixed_.multiply(a.imaginary, a.imaginary));
  return {fixed_.square_root(square), {}};
}

Complex ComplexPoint::exponential(const Complex& a) const {
  const Fixed size = fixed_.exponential(a.real);
  if (a.is_real()) return {size, {}};
  const auto [sine, cosine] = fixed_.sine_cosine(a.imaginary);
  return {fixed_.multiply(size, cosine), fixed_.multiply(size, sine)};
}

Complex ComplexPoint::logarithm(const Complex& a) const {
  return a.is_real() ? Complex{fixed_.logarithm(a.real), {}} : unknown();
}

}  // namespace aha::reward::math
