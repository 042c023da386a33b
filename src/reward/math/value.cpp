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

Value give_up(Work& work) {
  work.give_up();
  return scalar({});
}

bool is_one(const Polynomial& a) {
  const Rational* value = as_rational(a);
  return value && value->is_one();
}

const Rational* as_rational(const Value& a) {
  return a.infinity == 0 && is_one(a.denominator) ? math::as_rational(a.numerator) : nullptr;
}

// A denominator of one term goes into the numerator, so that only sums stay below the line.
Value quotient(Polynomial numerator, Polynomial denominator, Work& work) {
  if (denominator.empty()) return give_up(work);
  Value value = scalar(std::move(numerator));
  if (is_one(denominator)) return value;
  if (denominator.size() == 1) {
    value.numerator = multiply(value.numerator, inverse_term(denominator, work), work);
  } else {
    value.denominator = std::move(denominator);
  }
  return value;
}

Value add(const Value& a, const Value& b, Work& work) {
  if (is_one(a.denominator) && is_one(b.denominator)) return scalar(add(a.numerator, b.numerator, work));
  const Polynomial left = multiply(a.numerator, b.denominator, work);
  const Polynomial right = multiply(b.numerator, a.denominator, work);
  return quotient(add(left, right, work), multiply(a.denominator, b.denominator, work), work);
}

Value multiply(const Value& a, const Value& b, Work& work) {
  return quotient(multiply(a.numerator, b.numerator, work), multiply(a.denominator, b.denominator, work), work);
}

Value divide(const Value& a, const Value& b, Work& work) {
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
  if (exponent < 0) {
    return integer_power(divide(scalar(constant({1, 1})), base, work), -exponent, work);
  }
  if (exponent == 0 && base.numerator.empty()) return give_up(work);  // 0^0
  const bool is_sum = base.numerator.size() > 1 || base.denominator.size() > 1;
  if (exponent > (is_sum ? kMaxPowerOfSum : kMaxPower)) return give_up(work);
  const auto times = static_cast<uint64_t>(exponent);
  return quotient(power(base.numerator, times, work), power(base.denominator, times, work), work);
}

Value root(const Value& radicand, int64_t degree, Work& work) {
  if (degree < 1 || degree > 64) return give_up(work);
  if (is_one(radicand.denominator)) return scalar(root(radicand.numerator, static_cast<uint32_t>(degree), work));
  return opaque("root" + std::to_string(degree), radicand, work);
}

// base^(p/q); a negative base has no root that all readers agree on.
Value rational_power(const Value& base, const Rational& exponent, Work& work) {
  const auto top = exponent.numerator.to_int64(), bottom = exponent.denominator.to_int64();
  if (!top || !bottom || std::abs(*top) > kMaxPower) return give_up(work);
  if (*bottom == 1) return integer_power(base, *top, work);
  const Rational* value = as_rational(base);
  if (value && value->numerator.is_negative()) return give_up(work);
  return integer_power(root(base, *bottom, work), *top, work);
}

Value power(const Value& base, const Value& exponent, Work& work) {
  if (const Rational* value = as_rational(exponent)) return rational_power(base, *value, work);
  std::string name = "power[";
  name.append(name_of(base, work)).append("]");
  return opaque(name, exponent, work);
}

Value factorial(const Value& a, Work& work) {
  const Rational* value = as_rational(a);
  const auto n = value && value->is_integer() ? value->numerator.to_int64() : std::nullopt;
  if (!n || *n < 0 || *n > kMaxFactorial) return give_up(work);
  BigInteger product = 1;
  for (int64_t i = 2; i <= *n; ++i) product = multiply(product, i, work);
  return scalar(constant({product, 1}));
}

Value binomial(const Value& a, const Value& b, Work& work) {
  const Rational *upper = as_rational(a), *lower = as_rational(b);
  if (!upper || !lower || !upper->is_integer() || !lower->is_integer()) return give_up(work);
  const auto n = upper->numerator.to_int64(), k = lower->numerator.to_int64();
  if (!n || !k || *n < 0 || *k < 0 || *k > *n || *n > kMaxFactorial) return give_up(work);
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
  if (has_pole_at_0 && a.numerator.empty()) return give_up(work);
  return opaque(name, a, work);
}

Value evaluate_leaf(const Node& node, Work& work) {
  switch (node.kind) {
    case NodeKind::kNumber:
      return scalar(constant(rational_from_decimal(node.text, work)));
    case NodeKind::kSymbol:
      return scalar(symbol(node.text));
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
      const Rational* degree = as_rational(b);
      const auto whole = degree && degree->is_integer() ? degree->numerator.to_int64() : std::nullopt;
      return whole ? root(a, *whole, work) : give_up(work);
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
  if (!a.is_scalar || !b.is_scalar) return give_up(work);
  if (a.infinity == 0 && b.infinity == 0) return evaluate_operation(node, a, b, work);
  if (node.kind != NodeKind::kNegate) return give_up(work);
  Value value = a;
  value.infinity = -a.infinity;
  return value;
}

// What the symbols of a difference allow to be said when it is not zero.
bool is_surely_not_zero(const Polynomial& difference) {
  bool has_pi = false, has_e = false;
  for (const auto& [monomial, coefficient] : difference) {
    for (const auto& [name, exponent] : monomial.powers) {
      if (name[0] == '@' || name[0] == '"') return false;
      has_pi |= name == "#pi";
      has_e |= name == "#e";
    }
  }
  return !(has_pi && has_e);  // nobody knows whether e and π are algebraically independent
}

// The word read as a product of variables, where it is short enough for that ("ab").
Polynomial letters_of(const std::string& word, Work& work) {
  Polynomial product = constant({1, 1});
  for (const char c : word) product = multiply(product, symbol(std::string(1, c)), work);
  return product;
}

// A numeral in another base ("101_2") is a word that may yet be a number.
bool is_numeral(const std::string& word) { return !word.empty() && word[0] >= '0' && word[0] <= '9'; }

Verdict compare_words(const std::string& a, const std::string& b) {
  if (a == b) return Verdict::kEqual;
  return is_numeral(a) && is_numeral(b) ? Verdict::kUndecided : Verdict::kDifferent;
}

Verdict compare_word(const std::string& word, const Value& other, Work& work) {
  if (is_numeral(word)) return Verdict::kUndecided;
  const bool is_short = word.size() <= 3 && word.find_first_not_of("abcdfghjklmnopqrstuvwxyz") == std::string::npos;
  if (!is_short || !is_one(other.denominator)) return Verdict::kDifferent;
  return letters_of(word, work) == other.numerator ? Verdict::kEqual : Verdict::kDifferent;
}

}  // namespace

std::vector<Value> evaluate(const Expression& expression, Work& work) {
  std::vector<Value> values;
  values.reserve(expression.nodes.size());
  for (const Node& node : expression.nodes) {
    if (work.is_void()) break;
    values.push_back(evaluate_node(node, values, work));
  }
  return values;
}

std::string word_of(const Value& value) {
  if (value.numerator.size() != 1 || !is_one(value.denominator)) return {};
  const auto& [monomial, coefficient] = *value.numerator.begin();
  const bool is_symbol = coefficient.is_one() && monomial.radicals.empty() && !monomial.is_imaginary;
  if (!is_symbol || monomial.powers.size() != 1 || monomial.powers[0].second != 1) return {};
  const std::string& name = monomial.powers[0].first;
  return name[0] == '"' ? name.substr(1) : std::string();
}

Verdict compare(const Value& a, const Value& b, Work& work) {
  if (a.infinity != b.infinity) return Verdict::kDifferent;
  if (a.infinity != 0) return Verdict::kEqual;
  const std::string word_a = word_of(a), word_b = word_of(b);
  if (!word_a.empty() && !word_b.empty()) return compare_words(word_a, word_b);
  if (!word_a.empty()) return compare_word(word_a, b, work);
  if (!word_b.empty()) return compare_word(word_b, a, work);
  const Polynomial left = multiply(a.numerator, b.denominator, work);
  const Polynomial right = multiply(b.numerator, a.denominator, work);
  const Polynomial difference = add(left, negated(right), work);
  if (work.is_void()) return Verdict::kUndecided;
  if (difference.empty()) return Verdict::kEqual;
  return is_surely_not_zero(difference) ? Verdict::kDifferent : Verdict::kUndecided;
}

}  // namespace aha::reward::math
