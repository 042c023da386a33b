// Whether two exact values are the same.
#include <optional>

#include "reward/math/value.h"

namespace aha::reward::math {
namespace {

bool is_constant_one(const Polynomial& a) {
  const Rational* value = as_rational(a);
  return value && value->is_one();
}

using Powers = std::vector<std::pair<std::string, int64_t>>;

Powers words_among(const Monomial& monomial) {
  Powers words;
  for (const auto& power : monomial.powers) {
    if (power.first[0] == '"') words.push_back(power);
  }
  return words;
}

// What the symbols of a difference allow to be said when it is not zero. A unit that all terms share changes nothing;
// two units may be worth each other.
bool is_surely_not_zero(const Polynomial& difference) {
  bool has_pi = false, has_e = false;
  const Powers words = words_among(difference.begin()->first);
  for (const auto& [monomial, coefficient] : difference) {
    for (const auto& [name, exponent] : monomial.powers) {
      if (name[0] == '@') return false;
      has_pi |= name == "#pi";
      has_e |= name == "#e";
    }
    if (words_among(monomial) != words) return false;
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

struct Numeral {
  int64_t value = 0;
  std::string base;
};

// Null where a digit is none of the base, and for more than 62 bits.
std::optional<Numeral> read_numeral(const std::string& word) {
  const size_t mark = word.find('_');
  const std::string base = word.substr(mark + 1);
  if (base.empty() || base.size() > 2 || base.find_first_not_of("0123456789") != std::string::npos) return std::nullopt;
  Numeral numeral{0, base};
  const int radix = std::stoi(base);
  for (const char digit : word.substr(0, mark)) {
    if (digit < '0' || digit > '9' || digit - '0' >= radix || numeral.value > (int64_t{1} << 56)) return std::nullopt;
    numeral.value = numeral.value * radix + (digit - '0');
  }
  return numeral;
}

// The same number in another base is no other number, but perhaps not what was asked for.
Verdict compare_numerals(const std::string& a, const std::string& b) {
  const auto left = read_numeral(a), right = read_numeral(b);
  if (!left || !right) return Verdict::kUndecided;
  if (left->value != right->value) return Verdict::kDifferent;
  return left->base == right->base ? Verdict::kEqual : Verdict::kUndecided;
}

Verdict compare_words(const std::string& a, const std::string& b) {
  if (a == b) return Verdict::kEqual;
  return is_numeral(a) && is_numeral(b) ? compare_numerals(a, b) : Verdict::kDifferent;
}

Verdict compare_numeral(const std::string& word, const Value& other) {
  const auto numeral = read_numeral(word);
  const Rational* value = other.exact_rational();
  if (!numeral || !value) return Verdict::kUndecided;
  return *value == Rational{numeral->value, 1} ? Verdict::kUndecided : Verdict::kDifferent;
}

Verdict compare_word(const std::string& word, const Value& other, Work& work) {
  if (is_numeral(word)) return compare_numeral(word, other);
  const bool is_short = word.size() <= 3 && word.find_first_not_of("abcdfghjklmnopqrstuvwxyz") == std::string::npos;
  if (!is_short || !is_constant_one(other.denominator)) return Verdict::kDifferent;
  return letters_of(word, work) == other.numerator ? Verdict::kEqual : Verdict::kDifferent;
}

}  // namespace

std::string word_of(const Value& value) {
  if (value.numerator.size() != 1 || !is_constant_one(value.denominator)) return {};
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
