// Sums of rational multiples of radicals, i and powers of symbols, in a form that is unique.
#pragma once
#include <compare>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "reward/math/rational.h"

namespace aha::reward::math {

/// prime^(numerator/denominator), 0 < numerator < denominator, in lowest terms.
struct Radical {
  int64_t prime = 0;
  int64_t numerator = 0;
  int64_t denominator = 1;
  auto operator<=>(const Radical&) const = default;
};

/// Symbols are free variables ("x", "alpha", "x_1"), "#pi", "#e", opaque values ("@sin(…)") and words ("\"cm").
/// Distinct products of radicals and powers of i are linearly independent over the rationals (Besicovitch 1940), so
/// that two sums without opaque symbols are equal only if all terms are.
struct Monomial {
  std::vector<Radical> radicals;                        // by prime
  bool is_imaginary = false;                            // times i
  std::vector<std::pair<std::string, int64_t>> powers;  // by symbol; exponents not 0, perhaps negative
  auto operator<=>(const Monomial&) const = default;
  bool is_one() const { return radicals.empty() && !is_imaginary && powers.empty(); }
};

/// No coefficient is 0; no term at all is 0.
using Polynomial = std::map<Monomial, Rational>;

Polynomial constant(const Rational& value);
Polynomial symbol(const std::string& name);
Polynomial imaginary_unit();
/// The value if it is rational.
const Rational* as_rational(const Polynomial& a);

Polynomial add(const Polynomial& a, const Polynomial& b, Work& work);
Polynomial multiply(const Polynomial& a, const Polynomial& b, Work& work);
Polynomial negated(const Polynomial& a);
/// 1 / a for a single term.
Polynomial inverse_term(const Polynomial& a, Work& work);
Polynomial power(const Polynomial& base, uint64_t exponent, Work& work);

/// The positive rational c for which a / c has whole coefficients without a common divisor.
Rational content(const Polynomial& a, Work& work);
/// Principal root of a positive rational, as a radical.
Polynomial root_of_rational(const Rational& value, uint32_t degree, Work& work);
/// The degree-th root of a; of what has no simpler form it makes an opaque symbol.
Polynomial root(const Polynomial& a, uint32_t degree, Work& work);

/// The same text for equal polynomials alone.
std::string name_of(const Polynomial& a, Work& work);

}  // namespace aha::reward::math
