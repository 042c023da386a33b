// Decimal numbers as text: the digits are moved, never turned into binary.
#include "reward/code/decimal.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>

namespace aha::reward {
namespace {

constexpr size_t kMaxExponentDigits = 9;

std::string_view take_digits(std::string_view& text) {
  size_t count = 0;
  while (count < text.size() && text[count] >= '0' && text[count] <= '9') ++count;
  const std::string_view digits = text.substr(0, count);
  text.remove_prefix(count);
  return digits;
}

bool take_decimal_sign(std::string_view& text) {
  const bool is_negative = text.starts_with('-');
  if (is_negative || text.starts_with('+')) text.remove_prefix(1);
  return is_negative;
}

// Of "e-5"; null if that is not all there is.
std::optional<int64_t> decimal_exponent(std::string_view text) {
  if (text.empty()) return 0;
  if (text[0] != 'e' && text[0] != 'E') return std::nullopt;
  text.remove_prefix(1);
  const bool is_negative = take_decimal_sign(text);
  const std::string_view digits = take_digits(text);
  if (digits.empty() || digits.size() > kMaxExponentDigits || !text.empty()) return std::nullopt;
  int64_t exponent = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), exponent);
  return is_negative ? -exponent : exponent;
}

std::optional<double> double_of(std::string_view text) {
  if (!canonical_decimal(text)) return std::nullopt;
  if (text.starts_with('+')) text.remove_prefix(1);  // from_chars does not take it
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace

std::optional<std::string> canonical_decimal(std::string_view text) {
  const bool is_negative = take_decimal_sign(text);
  const std::string_view whole = take_digits(text);
  std::string_view fraction;
  if (text.starts_with('.')) {
    text.remove_prefix(1);
    fraction = take_digits(text);
  }
  const std::optional<int64_t> exponent = decimal_exponent(text);
  if ((whole.empty() && fraction.empty()) || !exponent) return std::nullopt;

  std::string digits = std::string(whole) + std::string(fraction);
  const size_t last = digits.find_last_not_of('0');
  if (last == std::string::npos) return "0";
  const int64_t dropped = static_cast<int64_t>(digits.size() - last) - 1;
  digits = digits.substr(digits.find_first_not_of('0'), last + 1 - digits.find_first_not_of('0'));
  const int64_t power = *exponent - static_cast<int64_t>(fraction.size()) + dropped;
  return (is_negative ? "-" : "") + digits + (power == 0 ? "" : "e" + std::to_string(power));
}

bool is_near(std::string_view a, std::string_view expected, double tolerance) {
  const std::optional<double> left = double_of(a), right = double_of(expected);
  return left && right && std::abs(*left - *right) <= tolerance * std::max(1.0, std::abs(*right));
}

}  // namespace aha::reward
