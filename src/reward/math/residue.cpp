// From expression nodes to residues, children first.
#include "reward/math/residue.h"

#include "reward/math/modular.h"
#include "reward/math/numeric.h"
#include "reward/math/secret.h"

namespace aha::reward::math {
namespace {

constexpr int64_t kMaxFactors = 20'000;  // of a factorial
constexpr int64_t kStepsPerFactor = 8;

class NodeResidue {
 public:
  NodeResidue(const SecretPrime& prime, Work& work) : p_(prime.value), prime_(prime), work_(work) {}

  std::optional<uint64_t> of_rational(const Rational& value) const {
    const auto top = of_integer(value.numerator, p_), bottom = of_integer(value.denominator, p_);
    return top && bottom ? quotient(*top, *bottom) : std::nullopt;
  }

  std::optional<uint64_t> leaf(const Node& node) const {
    switch (node.kind) {
      case NodeKind::kImaginary:
        return prime_.imaginary_unit;
      case NodeKind::kSymbol:
        if (node.text == "\"degree") return std::nullopt;
        return secret_number(node.text, p_) % p_;
      default:
        return std::nullopt;
    }
  }

  std::optional<uint64_t> operation(NodeKind kind, uint64_t a, uint64_t b) const {
    switch (kind) {
      case NodeKind::kNegate:
        return a == 0 ? 0 : p_ - a;
      case NodeKind::kAdd:
        return add_modulo(a, b, p_);
      case NodeKind::kMultiply:
        return multiply_modulo(a, b, p_);
      case NodeKind::kDivide:
        return quotient(a, b);
      default:
        return std::nullopt;
    }
  }

  std::optional<uint64_t> power(uint64_t base, const Rational* exponent) const {
    if (!exponent || !exponent->is_integer() || base == 0) return std::nullopt;
    const auto reduced = of_integer(exponent->numerator, p_ - 1);
    if (!reduced || !work_.charge(64 * kStepsPerFactor)) return std::nullopt;
    return power_modulo(base, *reduced, p_);
  }

  std::optional<uint64_t> factorial(const Rational* value) const {
    const auto n = small_whole(value);
    if (!n || !work_.charge(*n * kStepsPerFactor)) return std::nullopt;
    uint64_t product = 1;
    for (int64_t i = 2; i <= *n; ++i) product = multiply_modulo(product, static_cast<uint64_t>(i), p_);
    return product;
  }

  std::optional<uint64_t> binomial(const Rational* upper, const Rational* lower) const {
    const auto n = small_whole(upper), k = small_whole(lower);
    if (!n || !k || *k > *n) return std::nullopt;
    const Rational rest{*n - *k, 1};
    const auto top = factorial(upper), left = factorial(lower), right = factorial(&rest);
    if (!top || !left || !right) return std::nullopt;
    return quotient(*top, multiply_modulo(*left, *right, p_));
  }

 private:
  std::optional<uint64_t> of_integer(const BigInteger& value, uint64_t modulus) const {
    const auto rest = divide(value, BigInteger(static_cast<int64_t>(modulus)), work_).second.to_int64();
    if (!rest || work_.is_void()) return std::nullopt;
    return *rest < 0 ? modulus - static_cast<uint64_t>(-*rest) : static_cast<uint64_t>(*rest);
  }

  // A divisor that only this prime calls zero is as good as impossible.
  std::optional<uint64_t> quotient(uint64_t a, uint64_t b) const {
    if (b == 0 || !work_.charge(64 * kStepsPerFactor)) return std::nullopt;
    return multiply_modulo(a, power_modulo(b, p_ - 2, p_), p_);
  }

  static std::optional<int64_t> small_whole(const Rational* value) {
    const auto n = value && value->is_integer() ? value->numerator.to_int64() : std::nullopt;
    return n && *n >= 0 && *n <= kMaxFactors ? n : std::nullopt;
  }

  uint64_t p_;
  const SecretPrime& prime_;
  Work& work_;
};

}  // namespace

std::optional<uint64_t> residue(const Expression& expression, const std::vector<Value>& values, int32_t index,
                                const SecretPrime& prime, Work& work) {
  const NodeResidue evaluate(prime, work);
  const std::vector<bool> is_needed = subtree_to_evaluate(expression, values, index);
  std::vector<uint64_t> found(is_needed.size());
  for (size_t i = 0; i < is_needed.size(); ++i) {
    if (!is_needed[i]) continue;
    const Node& node = expression.at(static_cast<int32_t>(i));
    const int32_t first = node.children.empty() ? 0 : node.children[0];
    const int32_t last = node.children.empty() ? 0 : node.children.back();
    std::optional<uint64_t> value;
    if (const Rational* exact = values[i].exact_rational()) {
      value = evaluate.of_rational(*exact);
    } else if (node.children.empty()) {
      value = evaluate.leaf(node);
    } else if (node.kind == NodeKind::kPower) {
      value = evaluate.power(found[first], values[last].exact_rational());
    } else if (node.kind == NodeKind::kFactorial) {
      value = evaluate.factorial(values[first].exact_rational());
    } else if (node.kind == NodeKind::kBinomial) {
      value = evaluate.binomial(values[first].exact_rational(), values[last].exact_rational());
    } else {
      value = evaluate.operation(node.kind, found[first], found[last]);
    }
    if (!value || !work.charge(8)) return std::nullopt;
    found[i] = *value;
  }
  return found[index];
}

}  // namespace aha::reward::math
