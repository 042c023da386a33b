// From expression nodes to quotients of polynomials, children first.
#include "reward/math/value.h"

#include <cstdlib>

namespace aha::reward::math {
namespace {

constexpr int64_t kMaxFactorial = 400;
constexpr int64_t kMaxPowerOfSum = 32;
constexpr int64_t kMaxPower = 1'000'000;

Value scalar(Polynomial numerator) {
  Value value;
  value.is_scalar = true;
  value.numerator = std::move(numerator);
  return value;
}

Value known_as(Knowledge knowledge) {
  Value value = scalar({});
  value.knowledge = knowledge;
  return value;
}

Value unknown() { return known_as(Knowledge::kUnknown); }
Value undefined() { return known_as(Knowledge::kUndefined); }

bool is_one(const Polynomial& a) {
  const Rational* value = as_rational(a);
  return value && value->is_one();
}

// A denominator of one term goes into the numerator, so that only sums stay below the line.
Value quotient(Polynomial numerator, Polynomial denominator, Work& work) {
  if (denominator.empty()) return work.is_void() ? unknown() : undefined();
  Value value = scalar(std::move(numerator));
  if (is_one(denominator)) return value;
  if (denominator.size() == 1) {
    value.numerator = multiply(value.numerator, inverse_term(denominator, work), work);
  } else {
    value.denominator = std::move(denominator);
  }
  return value;
}

// What has no exact value gives none to what is made of it.
const Value* inexact_of(const Value& a, const Value& b) {
  if (a.knowledge == Knowledge::kUndefined || b.is_exact()) return a.is_exact() ? nullptr : &a;
  return &b;
}

Value add(const Value& a, const Value& b, Work& work) {
  if (const Value* inexact = inexact_of(a, b)) return *inexact;
  if (is_one(a.denominator) && is_one(b.denominator)) return scalar(add(a.numerator, b.numerator, work));
  const Polynomial left = multiply(a.numerator, b.denominator, work);
  const Polynomial right = multiply(b.numerator, a.denominator, work);
  return quotient(add(left, right, work), multiply(a.denominator, b.denominator, work), work);
}

Value multiply(const Value& a, const Value& b, Work& work) {
  if (const Value* inexact = inexact_of(a, b)) return *inexact;
  return quotient(multiply(a.numerator, b.numerator, work), multiply(a.denominator, b.denominator, work), work);
}

Value divide(const Value& a, const Value& b, Work& work) {
  if (const Value* inexact = inexact_of(a, b)) return *inexact;
  return quotient(multiply(a.numerator, b.denominator, work), multiply(a.denominator, b.numerator, work), work);
}

// name_of the numerator, and of the denominator where there is one.
std::string name_of(const Value& a, Work& work) {
  std::string name = math::name_of(a.numerator, work);
  if (!is_one(a.denominator)) name.append(":").append(math::name_of(a.denominator, work));
  return name;
}

Value opaque(const std::string& name, const Value& a, Work& work) {
  std::string key = "@";
  key.append(name).append("(").append(name_of(a, work)).append(")");
  return scalar(symbol(key));
}

Value integer_power(const Value& base, int64_t exponent, Work& work) {
  if (!base.is_exact()) return base;
  if (exponent < 0) {
    return integer_power(divide(scalar(constant({1, 1})), base, work), -exponent, work);
  }
  if (exponent == 0 && base.numerator.empty()) return undefined();  // 0^0
  const bool is_sum = base.numerator.size() > 1 || base.denominator.size() > 1;
  if (exponent > (is_sum ? kMaxPowerOfSum : kMaxPower)) return unknown();
  const auto times = static_cast<uint64_t>(exponent);
  return quotient(power(base.numerator, times, work), power(base.denominator, times, work), work);
}

Value root(const Value& radicand, int64_t degree, Work& work) {
  if (degree < 1) return undefined();
  if (degree > 64) return unknown();
  if (is_one(radicand.denominator)) return scalar(root(radicand.numerator, static_cast<uint32_t>(degree), work));
  return opaque("root" + std::to_string(degree), radicand, work);
}

// base^(p/q); a negative base has no root that all readers agree on.
Value rational_power(const Value& base, const Rational& exponent, Work& work) {
  const auto top = exponent.numerator.to_int64(), bottom = exponent.denominator.to_int64();
  if (!top || !bottom || std::abs(*top) > kMaxPower) return unknown();
  if (*bottom == 1) return integer_power(base, *top, work);
  const Rational* value = base.exact_rational();
  if (value && value->numerator.is_negative()) return undefined();
  return integer_power(root(base, *bottom, work), *top, work);
}

Value power(const Value& base, const Value& exponent, Work& work) {
  if (const Rational* value = exponent.exact_rational()) return rational_power(base, *value, work);
  std::string name = "power[";
  name.append(name_of(base, work)).append("]");
  return opaque(name, exponent, work);
}

Value factorial(const Value& a, Work& work) {
  const Rational* value = a.exact_rational();
  const auto n = value && value->is_integer() ? value->numerator.to_int64() : std::nullopt;
  if (value && (!n || *n < 0)) return value->is_integer() && !n ? unknown() : undefined();
  if (!n || *n > kMaxFactorial) return unknown();
  BigInteger product = 1;
  for (int64_t i = 2; i <= *n; ++i) product = multiply(product, i, work);
  return scalar(constant({product, 1}));
}

// a·(a - 1)·…·(a - k + 1) / k!
Value binomial_of_polynomial(const Value& a, const Rational& lower, Work& work) {
  constexpr int64_t kMaxLower = 8;
  const auto k = lower.is_integer() ? lower.numerator.to_int64() : std::nullopt;
  if (!k || *k < 0 || *k > kMaxLower) return unknown();
  Value product = scalar(constant({1, 1}));
  for (int64_t i = 0; i < *k; ++i) {
    const Value factor = add(a, scalar(constant({-i, 1})), work);
    product = multiply(product, multiply(factor, scalar(constant(Rational{1, i + 1})), work), work);
  }
  return product;
}

Value binomial(const Value& a, const Value& b, Work& work) {
  const Rational *upper = a.exact_rational(), *lower = b.exact_rational();
  if (!upper && lower) return binomial_of_polynomial(a, *lower, work);
  if (!upper || !lower || !upper->is_integer() || !lower->is_integer()) return unknown();
  const auto n = upper->numerator.to_int64(), k = lower->numerator.to_int64();
  if (!n || !k || *n < 0 || *k < 0 || *k > *n || *n > kMaxFactorial) return unknown();
  BigInteger product = 1;
  for (int64_t i = 1; i <= *k && !work.is_void(); ++i) {
    product = divide(multiply(product, *n - *k + i, work), i, work).first;
  }
  return scalar(constant({product, 1}));
}

Value absolute(const Value& a, Work& work) {
  const bool is_term = a.numerator.size() <= 1 && is_one(a.denominator);
  if (!is_term) return opaque("abs", a, work);
  if (a.numerator.empty()) return a;
  const auto& [monomial, coefficient] = *a.numerator.begin();
  if (monomial.is_imaginary || !monomial.powers.empty()) return opaque("abs", a, work);
  return coefficient.numerator.is_negative() ? scalar(negated(a.numerator)) : a;
}

Value function(const std::string& name, const Value& a, Work& work) {
  if (name == "exp") return power(scalar(symbol("#e")), a, work);
  const bool has_pole_at_0 = name.starts_with('l') || name == "cot" || name == "csc";
  if (has_pole_at_0 && a.numerator.empty()) return undefined();
  return opaque(name, a, work);
}

// A degree is π/180.
Value degree() {
  Value value = scalar(symbol("#pi"));
  value.numerator.begin()->second = Rational{1, 180};
  return value;
}

Value evaluate_leaf(const Node& node, Work& work) {
  switch (node.kind) {
    case NodeKind::kNumber:
      return scalar(constant(rational_from_decimal(node.text, work)));
    case NodeKind::kSymbol:
      return node.text == "\"degree" ? degree() : scalar(symbol(node.text));
    case NodeKind::kImaginary:
      return scalar(imaginary_unit());
    case NodeKind::kInfinity: {
      Value value = scalar({});
      value.infinity = 1;
      return value;
    }
    default:
      return {};
  }
}

Value evaluate_operation(const Node& node, const Value& a, const Value& b, Work& work) {
  switch (node.kind) {
    case NodeKind::kNegate: {
      Value value = a;
      value.numerator = negated(a.numerator);
      return value;
    }
    case NodeKind::kAdd:
      return add(a, b, work);
    case NodeKind::kMultiply:
      return multiply(a, b, work);
    case NodeKind::kDivide:
      return divide(a, b, work);
    case NodeKind::kPower:
      return power(a, b, work);
    case NodeKind::kFactorial:
      return factorial(a, work);
    case NodeKind::kBinomial:
      return binomial(a, b, work);
    case NodeKind::kAbsolute:
      return absolute(a, work);
    case NodeKind::kFunction:
      return function(node.text, a, work);
    case NodeKind::kRoot: {
      const Rational* degree = b.exact_rational();
      const auto whole = degree && degree->is_integer() ? degree->numerator.to_int64() : std::nullopt;
      return whole ? root(a, *whole, work) : unknown();
    }
    default:
      return {};
  }
}

bool is_structure(NodeKind kind) { return kind >= NodeKind::kNamed; }

Value evaluate_node(const Node& node, const std::vector<Value>& values, Work& work) {
  if (is_structure(node.kind)) return {};
  if (node.children.empty()) return evaluate_leaf(node, work);
  const Value& a = values[node.children[0]];
  const Value& b = values[node.children.back()];
  if (!a.is_scalar || !b.is_scalar) return unknown();
  if (const Value* inexact = inexact_of(a, b)) return *inexact;
  if (a.infinity == 0 && b.infinity == 0) return evaluate_operation(node, a, b, work);
  if (node.kind != NodeKind::kNegate) return undefined();
  Value value = a;
  value.infinity = -a.infinity;
  return value;
}

}  // namespace

const Rational* Value::exact_rational() const {
  return is_exact() && infinity == 0 && is_one(denominator) ? as_rational(numerator) : nullptr;
}

std::vector<Value> evaluate(const Expression& expression, Work& work) {
  std::vector<Value> values;
  values.reserve(expression.nodes.size());
  for (const Node& node : expression.nodes) {
    values.push_back(evaluate_node(node, values, work));
    // What has no exact form costs its own node the value, not all others.
    if (work.is_void() && values.back().is_scalar) values.back() = unknown();
    work.recover();
  }
  return values;
}

}  // namespace aha::reward::math
