// Roots of polynomials: exact radicals where there are any, opaque symbols elsewhere.
#include <numeric>

#include "reward/math/polynomial.h"

namespace aha::reward::math {
namespace {

constexpr int64_t kMaxTrialDivisor = 1 << 16;
constexpr uint32_t kMaxDegree = 64;

// Multiplies `product` by prime^(exponent/degree).
Polynomial times_prime_root(const Polynomial& product, int64_t prime, int64_t exponent, uint32_t degree, Work& work) {
  Monomial radical;
  const int64_t rest = exponent % degree;
  const int64_t divisor = std::gcd(rest, static_cast<int64_t>(degree));
  if (rest != 0) radical.radicals.push_back({prime, rest / divisor, degree / divisor});
  const Rational whole = power(Rational{prime, 1}, static_cast<uint64_t>(exponent / degree), work);
  return multiply(product, {{radical, whole}}, work);
}

// Exponent of `divisor` in `value`, which loses it.
int64_t take_factor(int64_t& value, int64_t divisor) {
  int64_t exponent = 0;
  for (; value % divisor == 0; value /= divisor) ++exponent;
  return exponent;
}

// The root of a whole number > 0 by trial division; what it cannot factor is given up.
Polynomial root_of_integer(const BigInteger& value, uint32_t degree, Work& work) {
  if (const auto exact = exact_root(value, degree, work)) return constant({*exact, 1});
  const auto small = value.to_int64();
  if (!small) work.give_up();
  if (work.is_void()) return {};
  Polynomial result = constant({1, 1});
  int64_t rest = *small;
  int64_t prime = 2;
  for (; prime < kMaxTrialDivisor && prime * prime <= rest; prime += prime == 2 ? 1 : 2) {
    if (rest % prime == 0) result = times_prime_root(result, prime, take_factor(rest, prime), degree, work);
  }
  work.charge(prime);
  if (rest > 1 && prime * prime <= rest) work.give_up();  // perhaps no prime
  if (rest > 1) result = times_prime_root(result, rest, 1, degree, work);
  return result;
}

Polynomial opaque_root(const Polynomial& a, uint32_t degree, Work& work) {
  return symbol("@root" + std::to_string(degree) + "(" + name_of(a, work) + ")");
}

}  // namespace

Polynomial root_of_rational(const Rational& value, uint32_t degree, Work& work) {
  const Polynomial top = root_of_integer(value.numerator, degree, work);
  if (value.is_integer() || work.is_void()) return top;
  const Polynomial bottom = root_of_integer(value.denominator, degree, work);
  return work.is_void() ? Polynomial() : multiply(top, inverse_term(bottom, work), work);
}

Polynomial root(const Polynomial& a, uint32_t degree, Work& work) {
  if (degree < 1 || degree > kMaxDegree) work.give_up();
  if (work.is_void() || a.empty()) return {};
  // Only a positive factor may leave a principal root.
  const Rational outside = content(a, work);
  const Polynomial inside = multiply(a, constant(inverse(outside)), work);
  if (work.is_void()) return {};
  const Polynomial factor = root_of_rational(outside, degree, work);
  if (const Rational* unit = as_rational(inside)) {
    if (unit->is_one()) return factor;
    if (degree % 2 == 1) return negated(factor);  // the real root
    if (degree == 2) return multiply(factor, imaginary_unit(), work);
  }
  return multiply(factor, opaque_root(inside, degree, work), work);
}

}  // namespace aha::reward::math
