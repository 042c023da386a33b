// Arithmetic of polynomials in radicals and symbols.
#include "reward/math/polynomial.h"

#include <cstdlib>
#include <numeric>

namespace aha::reward::math {
namespace {

constexpr size_t kMaxTerms = 128;
constexpr int64_t kMaxExponent = 1'000'000;
constexpr size_t kMaxNameLength = 2048;
constexpr int64_t kStepsPerTerm = 128;  // a term is looked up in a map, compared by names and copied

using Powers = std::vector<std::pair<std::string, int64_t>>;

Powers multiply_powers(const Powers& a, const Powers& b, Work& work) {
  Powers product;
  size_t i = 0, j = 0;
  while (i < a.size() || j < b.size()) {
    if (j == b.size() || (i < a.size() && a[i].first < b[j].first)) {
      product.push_back(a[i++]);
    } else if (i == a.size() || b[j].first < a[i].first) {
      product.push_back(b[j++]);
    } else {
      const int64_t exponent = a[i].second + b[j++].second;
      if (std::abs(exponent) > kMaxExponent) work.give_up();
      if (exponent != 0) product.emplace_back(a[i].first, exponent);
      ++i;
    }
  }
  return product;
}

// p^x · p^y: what exceeds a whole power of p goes to the coefficient.
void append_product(const Radical& a, const Radical& b, std::vector<Radical>& radicals, Rational& coefficient,
                    Work& work) {
  int64_t bottom = a.denominator * b.denominator;
  int64_t top = a.numerator * b.denominator + b.numerator * a.denominator;
  if (bottom > kMaxExponent) return work.give_up();
  if (top >= bottom) {
    coefficient = multiply(coefficient, Rational{a.prime, 1}, work);
    top -= bottom;
  }
  const int64_t divisor = std::gcd(top, bottom);
  if (top != 0) radicals.push_back({a.prime, top / divisor, bottom / divisor});
}

std::vector<Radical> multiply_radicals(const std::vector<Radical>& a, const std::vector<Radical>& b,
                                       Rational& coefficient, Work& work) {
  std::vector<Radical> product;
  size_t i = 0, j = 0;
  while (i < a.size() || j < b.size()) {
    if (j == b.size() || (i < a.size() && a[i].prime < b[j].prime)) {
      product.push_back(a[i++]);
    } else if (i == a.size() || b[j].prime < a[i].prime) {
      product.push_back(b[j++]);
    } else {
      append_product(a[i++], b[j++], product, coefficient, work);
    }
  }
  return product;
}

void add_term(Polynomial& sum, const Monomial& monomial, const Rational& coefficient, Work& work) {
  auto [place, is_new] = sum.try_emplace(monomial, coefficient);
  if (!is_new) place->second = add(place->second, coefficient, work);
  if (place->second.is_zero()) sum.erase(place);
  if (sum.size() > kMaxTerms) work.give_up();
}

void add_product(Polynomial& sum, const Polynomial::value_type& a, const Polynomial::value_type& b, Work& work) {
  Rational coefficient = multiply(a.second, b.second, work);
  Monomial product;
  product.radicals = multiply_radicals(a.first.radicals, b.first.radicals, coefficient, work);
  product.powers = multiply_powers(a.first.powers, b.first.powers, work);
  product.is_imaginary = a.first.is_imaginary != b.first.is_imaginary;
  if (a.first.is_imaginary && b.first.is_imaginary) coefficient = negated(coefficient);
  if (!work.is_void()) add_term(sum, product, coefficient, work);
}

}  // namespace

Polynomial constant(const Rational& value) { return value.is_zero() ? Polynomial() : Polynomial{{Monomial(), value}}; }

Polynomial symbol(const std::string& name) {
  Monomial monomial;
  monomial.powers.emplace_back(name, 1);
  return {{monomial, Rational{1, 1}}};
}

Polynomial imaginary_unit() {
  Monomial monomial;
  monomial.is_imaginary = true;
  return {{monomial, Rational{1, 1}}};
}

const Rational* as_rational(const Polynomial& a) {
  static const Rational kZero;
  if (a.empty()) return &kZero;
  return a.size() == 1 && a.begin()->first.is_one() ? &a.begin()->second : nullptr;
}

Polynomial add(const Polynomial& a, const Polynomial& b, Work& work) {
  Polynomial sum = a;
  for (const auto& [monomial, coefficient] : b) {
    if (!work.charge(kStepsPerTerm)) return {};
    add_term(sum, monomial, coefficient, work);
  }
  return sum;
}

Polynomial multiply(const Polynomial& a, const Polynomial& b, Work& work) {
  Polynomial product;
  for (const auto& left : a) {
    for (const auto& right : b) {
      const size_t symbols = left.first.powers.size() + right.first.powers.size();
      if (!work.charge(kStepsPerTerm + 16 * static_cast<int64_t>(symbols))) return {};
      add_product(product, left, right, work);
    }
  }
  return product;
}

Polynomial negated(const Polynomial& a) {
  Polynomial result = a;
  for (auto& [monomial, coefficient] : result) coefficient = negated(coefficient);
  return result;
}

Polynomial inverse_term(const Polynomial& a, Work& work) {
  const auto& [monomial, coefficient] = *a.begin();
  Monomial result = monomial;
  Rational factor = inverse(coefficient);
  for (Radical& radical : result.radicals) {  // p^-x = p^(1-x) / p
    radical.numerator = radical.denominator - radical.numerator;
    factor = multiply(factor, Rational{1, radical.prime}, work);
  }
  if (monomial.is_imaginary) factor = negated(factor);  // 1/i = -i
  for (auto& [name, exponent] : result.powers) exponent = -exponent;
  return {{std::move(result), std::move(factor)}};
}

Polynomial power(const Polynomial& base, uint64_t exponent, Work& work) {
  Polynomial result = constant({1, 1}), square = base;
  while (exponent > 0 && !work.is_void()) {
    if (exponent & 1) result = multiply(result, square, work);
    exponent >>= 1;
    if (exponent > 0) square = multiply(square, square, work);
  }
  return result;
}

Rational content(const Polynomial& a, Work& work) {
  BigInteger top = 0, bottom = 1;
  for (const auto& [monomial, coefficient] : a) {
    top = gcd(top, coefficient.numerator, work);
    const BigInteger divisor = gcd(bottom, coefficient.denominator, work);
    bottom = multiply(bottom, divide(coefficient.denominator, divisor, work).first, work);
    if (work.is_void()) return {1, 1};
  }
  return {top, bottom};
}

std::string name_of(const Polynomial& a, Work& work) {
  std::string name;
  for (const auto& [monomial, coefficient] : a) {
    name += '+' + coefficient.numerator.to_hexadecimal() + '/' + coefficient.denominator.to_hexadecimal();
    for (const Radical& radical : monomial.radicals) {
      name += '*' + std::to_string(radical.prime) + '^' + std::to_string(radical.numerator) + '/' +
              std::to_string(radical.denominator);
    }
    if (monomial.is_imaginary) name += "*i";
    for (const auto& [symbol_name, exponent] : monomial.powers) {
      name += "*[" + symbol_name + "]^" + std::to_string(exponent);
    }
    if (name.size() > kMaxNameLength) {
      work.give_up();
      return {};
    }
  }
  return name;
}

}  // namespace aha::reward::math
