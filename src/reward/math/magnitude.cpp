// Logarithms in doubles, with room for their rounding.
#include "reward/math/magnitude.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "reward/math/numeric.h"

namespace aha::reward::math {
namespace {

constexpr double kMost = 1e300;

// Wider by more than the roundings of a few operations.
Magnitude made(int sign, double low, double high) {
  const auto room = [](double value) { return 1e-9 * (std::abs(value) + 1); };
  if (std::isnan(low) || std::isnan(high) || sign == 0) return {};
  constexpr double kInfinite = std::numeric_limits<double>::infinity();
  low = std::min(low, kMost);
  high = std::max(high, -kMost);
  return {sign, low < -kMost ? -kInfinite : low - room(low), high > kMost ? kInfinite : high + room(high)};
}

double log2_of(const BigInteger& value) {
  int64_t exponent = 0;
  const double fraction = std::abs(value.leading(exponent));
  return std::log2(fraction) + static_cast<double>(exponent);
}

Magnitude of_rational(const Rational& value) {
  if (value.is_zero()) return {};
  const double log2 = log2_of(value.numerator) - log2_of(value.denominator);
  return made(value.numerator.is_negative() ? -1 : 1, log2, log2);
}

Magnitude sum(const Magnitude& a, const Magnitude& b) {
  const Magnitude &larger = a.low >= b.low ? a : b, &smaller = a.low >= b.low ? b : a;
  if (a.sign == b.sign) return made(a.sign, larger.low, std::max(a.high, b.high) + 1);
  // What is less than half of the other takes at most half of it away.
  return smaller.high + 1 <= larger.low ? made(larger.sign, larger.low - 1, larger.high) : Magnitude();
}

// 2^(e · log2 base)
Magnitude power(const Magnitude& base, const Magnitude& exponent) {
  if (base.sign != 1 || base.low <= 0) return {};
  const double least = std::exp2(exponent.low) * base.low, most = std::exp2(exponent.high) * base.high;
  return exponent.sign > 0 ? made(1, least, most) : made(1, -most, -least);
}

// log2 n! by the gamma function, which grows with n.
Magnitude factorial(const Magnitude& a) {
  if (a.sign != 1 || a.low < 2) return {};
  const auto log2_factorial = [](double log2) { return std::lgamma(std::exp2(log2) + 1) / std::log(2.0); };
  const double least = log2_factorial(std::min(a.low, 900.0)),
               most = a.high > 900 ? kMost * 10 : log2_factorial(a.high);
  return made(1, least, most);
}

// (n/k)^k <= n! / (k! (n - k)!) <= 2^n, for 0 < k < n.
Magnitude binomial(const Magnitude& n, const Magnitude& k) {
  if (n.sign != 1 || k.sign != 1 || k.low < -0.5 || n.low <= k.high) return {};
  return made(1, std::exp2(k.low) * (n.low - k.high), std::exp2(n.high));
}

Magnitude operation(NodeKind kind, const Magnitude& a, const Magnitude& b) {
  switch (kind) {
    case NodeKind::kNegate:
      return made(-a.sign, a.low, a.high);
    case NodeKind::kAdd:
      return sum(a, b);
    case NodeKind::kMultiply:
      return made(a.sign * b.sign, a.low + b.low, a.high + b.high);
    case NodeKind::kDivide:
      return made(a.sign * b.sign, a.low - b.high, a.high - b.low);
    case NodeKind::kPower:
      return power(a, b);
    case NodeKind::kFactorial:
      return factorial(a);
    case NodeKind::kBinomial:
      return binomial(a, b);
    default:
      return {};
  }
}

}  // namespace

Magnitude magnitude(const Expression& expression, const std::vector<Value>& values, int32_t index) {
  const std::vector<bool> is_needed = subtree_to_evaluate(expression, values, index);
  std::vector<Magnitude> found(is_needed.size());
  for (size_t i = 0; i < is_needed.size(); ++i) {
    const Node& node = expression.at(static_cast<int32_t>(i));
    if (!is_needed[i]) continue;
    if (const Rational* exact = values[i].exact_rational()) {
      found[i] = of_rational(*exact);
    } else if (!node.children.empty()) {
      const Magnitude &a = found[node.children[0]], &b = found[node.children.back()];
      if (a.sign != 0 && b.sign != 0) found[i] = operation(node.kind, a, b);
    }
  }
  return found[index];
}

bool are_apart(const Magnitude& a, const Magnitude& b) {
  if (a.sign == 0 || b.sign == 0) return false;
  return a.sign != b.sign || a.high < b.low || b.high < a.low;
}

}  // namespace aha::reward::math
