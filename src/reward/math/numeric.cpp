// From expression nodes to enclosures, children first.
#include "reward/math/numeric.h"

#include <cmath>
#include <string_view>

namespace aha::reward::math {
namespace {

constexpr int64_t kMaxWhole = 170;  // of a factorial

class NodeEnclosure {
 public:
  NodeEnclosure(const Point& point, bool is_log_decimal, const ComplexPoint& arithmetic)
      : point_(point), is_log_decimal_(is_log_decimal), complex_(arithmetic), fixed_(complex_.fixed()) {}

  Complex leaf(const Node& node) const {
    switch (node.kind) {
      case NodeKind::kNumber:
        return complex_.from(fixed_.from(rational_from_decimal(node.text, fixed_.work())));
      case NodeKind::kImaginary:
        return {{}, fixed_.from(1)};
      case NodeKind::kSymbol:
        return complex_.from(symbol(node.text));
      default:
        return complex_.unknown();
    }
  }

  Complex operation(const Node& node, const Complex& a, const Complex& b) const {
    switch (node.kind) {
      case NodeKind::kNegate:
        return complex_.negated(a);
      case NodeKind::kAdd:
        return complex_.add(a, b);
      case NodeKind::kMultiply:
        return complex_.multiply(a, b);
      case NodeKind::kDivide:
        return complex_.divide(a, b);
      case NodeKind::kPower:
        return complex_.power(a, b);
      case NodeKind::kRoot:
        return root(a, b);
      case NodeKind::kAbsolute:
        return complex_.absolute(a);
      case NodeKind::kFactorial:
        return factorial(a);
      case NodeKind::kBinomial:
        return binomial(a, b);
      case NodeKind::kFunction:
        return function(node.text, a);
      default:
        return complex_.unknown();
    }
  }

 private:
  Fixed symbol(const std::string& name) const {
    if (name == "#pi") return fixed_.pi();
    if (name == "#e") return fixed_.exponential(fixed_.from(1));
    if (name == "\"degree") return fixed_.divide(fixed_.pi(), fixed_.from(180));
    return point_(name);
  }

  Complex root(const Complex& a, const Complex& degree) const {
    const auto whole = degree.is_real() ? fixed_.as_integer(degree.real) : std::nullopt;
    return whole ? complex_.root(a, *whole) : complex_.unknown();
  }

  std::optional<int64_t> small_whole(const Complex& a) const {
    const auto whole = a.is_real() ? fixed_.as_integer(a.real) : std::nullopt;
    return whole && *whole >= 0 && *whole <= kMaxWhole ? whole : std::nullopt;
  }

  Complex factorial(const Complex& a) const {
    const auto n = small_whole(a);
    if (!n) return complex_.unknown();
    Fixed product = fixed_.from(1);
    for (int64_t i = 2; i <= *n; ++i) product = fixed_.multiply(product, fixed_.from(i));
    return complex_.from(product);
  }

  Complex binomial(const Complex& a, const Complex& b) const {
    const auto n = small_whole(a), k = small_whole(b);
    if (!n || !k) return complex_.unknown();
    Fixed product = fixed_.from(1);
    for (int64_t i = 1; i <= *k; ++i) {
      product = fixed_.divide(fixed_.multiply(product, fixed_.from(*n - *k + i)), fixed_.from(i));
    }
    return complex_.from(*k > *n ? Fixed() : product);
  }

  Complex function(const std::string& name, const Complex& a) const {
    if (name == "exp") return complex_.exponential(a);
    if (!a.is_real()) return complex_.unknown();
    if (name.starts_with("l")) return complex_.from(logarithm(name, a.real));
    if (name.starts_with("arc")) return complex_.from(inverse(name, a.real));
    if (name.ends_with("h")) return complex_.from(hyperbolic(name, a.real));
    return complex_.from(trigonometric(name, a.real));
  }

  // ln, lg, log, and log_b with a whole base.
  Fixed logarithm(const std::string& name, const Fixed& a) const {
    const Fixed natural = fixed_.logarithm(a);
    if (name == "ln" || name == "log_#e" || (name == "log" && !is_log_decimal_)) return natural;
    if (name == "log" || name == "lg") return fixed_.divide(natural, fixed_.logarithm(fixed_.from(10)));
    const std::string base = name.starts_with("log_") ? name.substr(4) : "";
    const bool is_whole =
        !base.empty() && base.size() < 10 && base.find_first_not_of("0123456789") == std::string::npos;
    return is_whole ? fixed_.divide(natural, fixed_.logarithm(fixed_.from(std::stoll(base)))) : fixed_.unknown();
  }

  Fixed inverse(const std::string& name, const Fixed& a) const {
    if (name == "arctan") return fixed_.arctangent(a);
    // arcsin a = 2·arctan(a / (1 + √(1 - a²)))
    const Fixed one = fixed_.from(1), cosine = fixed_.square_root(fixed_.subtract(one, fixed_.multiply(a, a)));
    const Fixed half = fixed_.arctangent(fixed_.divide(a, fixed_.add(one, cosine)));
    const Fixed sine = fixed_.add(half, half);
    if (name == "arcsin") return sine;
    if (name != "arccos") return fixed_.unknown();
    return fixed_.subtract(fixed_.divide(fixed_.pi(), fixed_.from(2)), sine);
  }

  Fixed hyperbolic(const std::string& name, const Fixed& a) const {
    const Fixed up = fixed_.exponential(a), down = fixed_.exponential(fixed_.negated(a)), two = fixed_.from(2);
    if (name == "sinh") return fixed_.divide(fixed_.subtract(up, down), two);
    if (name == "cosh") return fixed_.divide(fixed_.add(up, down), two);
    if (name == "tanh") return fixed_.divide(fixed_.subtract(up, down), fixed_.add(up, down));
    return fixed_.unknown();
  }

  Fixed trigonometric(const std::string& name, const Fixed& a) const {
    const auto [sine, cosine] = fixed_.sine_cosine(a);
    if (name == "sin") return sine;
    if (name == "cos") return cosine;
    if (name == "tan") return fixed_.divide(sine, cosine);
    if (name == "cot") return fixed_.divide(cosine, sine);
    if (name == "sec") return fixed_.divide(fixed_.from(1), cosine);
    return name == "csc" ? fixed_.divide(fixed_.from(1), sine) : fixed_.unknown();
  }

  const Point& point_;
  bool is_log_decimal_;
  const ComplexPoint& complex_;
  const FixedPoint& fixed_;
};

template <class Predicate>
std::vector<bool> marked(const Expression& expression, int32_t index, const Predicate& goes_on_below) {
  std::vector<bool> is_inside(static_cast<size_t>(index) + 1);
  is_inside[index] = true;
  for (int32_t i = index; i >= 0; --i) {
    if (!is_inside[i] || !goes_on_below(i)) continue;
    for (const int32_t child : expression.at(i).children) is_inside[child] = true;
  }
  return is_inside;
}

// Sums and functions may be zero of themselves; what else has lost its value in the last places.
bool may_be_zero(const Node& node) {
  if (node.kind == NodeKind::kAdd || node.kind == NodeKind::kSymbol) return true;
  return node.kind == NodeKind::kFunction && node.text != "exp" && node.text != "cosh" && node.text != "sec" &&
         node.text != "csc";
}

}  // namespace

std::vector<bool> subtree(const Expression& expression, int32_t index) {
  return marked(expression, index, [](int32_t) { return true; });
}

std::vector<bool> subtree_to_evaluate(const Expression& expression, const std::vector<Value>& values, int32_t index) {
  return marked(expression, index, [&values](int32_t i) { return values[i].exact_rational() == nullptr; });
}

Enclosure enclose(const Expression& expression, const std::vector<Value>& values, int32_t index, const Point& point,
                  bool is_log_decimal, const FixedPoint& arithmetic) {
  const ComplexPoint complex(arithmetic);
  const NodeEnclosure evaluate(point, is_log_decimal, complex);
  const std::vector<bool> is_needed = subtree_to_evaluate(expression, values, index);
  std::vector<Complex> found(is_needed.size());
  std::vector<bool> is_zero(is_needed.size());  // or too small to tell
  const double smallest = std::ldexp(1.0, -static_cast<int>(arithmetic.precision() / 4));
  Enclosure result;
  for (size_t i = 0; i < is_needed.size(); ++i) {
    if (!is_needed[i]) continue;
    const Node& node = expression.at(static_cast<int32_t>(i));
    // An exact value is nearer than what its parts would give.
    const Rational* exact = values[i].exact_rational();
    if (exact) {
      found[i] = complex.from(arithmetic.from(*exact));
    } else if (node.children.empty()) {
      found[i] = evaluate.leaf(node);
    } else {
      found[i] = evaluate.operation(node, found[node.children[0]], found[node.children.back()]);
    }
    if (!complex.is_known(found[i])) return result;
    if (exact && exact->is_zero()) {
      is_zero[i] = true;
      continue;
    }
    is_zero[i] = !complex.excludes_zero(found[i]);
    bool has_zero_child = false;
    for (const int32_t child : node.children) has_zero_child |= is_zero[child];
    if (is_zero[i] && !has_zero_child && !may_be_zero(node)) result.is_of_common_size = false;
    if (complex.upper(found[i]) * smallest > 1) result.is_of_common_size = false;
    if (!is_zero[i] && complex.upper(found[i]) < smallest) result.is_of_common_size = false;
  }
  result.value = found[index];
  result.is_known = true;
  return result;
}

}  // namespace aha::reward::math
