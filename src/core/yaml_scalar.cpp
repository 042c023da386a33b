// The core schema's patterns, written out by hand.
#include "core/yaml_scalar.h"

#include <charconv>
#include <cmath>
#include <string_view>

namespace aha {
namespace {

bool is_any_of(std::string_view text, std::initializer_list<std::string_view> names) {
  for (const auto name : names) {
    if (text == name) return true;
  }
  return false;
}

std::string_view without_sign(std::string_view text) {
  if (!text.empty() && (text[0] == '+' || text[0] == '-')) text.remove_prefix(1);
  return text;
}

bool is_digits(std::string_view text, int base) {
  const std::string_view digits = base == 8 ? "01234567" : base == 10 ? "0123456789" : "0123456789abcdefABCDEF";
  return !text.empty() && text.find_first_not_of(digits) == std::string_view::npos;
}

// Base of an integer, or 0. A leading 0 alone means nothing in YAML 1.2: 010 is ten.
int integer_base(std::string_view text) {
  if (text.substr(0, 2) == "0o") return is_digits(text.substr(2), 8) ? 8 : 0;
  if (text.substr(0, 2) == "0x") return is_digits(text.substr(2), 16) ? 16 : 0;
  return is_digits(without_sign(text), 10) ? 10 : 0;
}

int64_t read_integer(const std::string& text, int base) {
  std::string_view digits = text;
  if (base != 10) digits.remove_prefix(2);
  if (digits[0] == '+') digits.remove_prefix(1);
  int64_t value = 0;
  const auto result = std::from_chars(digits.data(), digits.data() + digits.size(), value, base);
  if (result.ec != std::errc()) throw InvalidScalar{text + " does not fit into 64 bits"};
  return value;
}

// [0-9]* with an optional point and an optional exponent; at least one digit before the exponent.
bool is_number(std::string_view text) {
  text = without_sign(text);
  const size_t exponent = text.find_first_of("eE");
  if (exponent != std::string_view::npos && !is_digits(without_sign(text.substr(exponent + 1)), 10)) return false;
  const std::string_view mantissa = text.substr(0, exponent);
  const size_t point = mantissa.find('.');
  if (point == std::string_view::npos) return is_digits(mantissa, 10);
  const std::string digits = std::string(mantissa.substr(0, point)) + std::string(mantissa.substr(point + 1));
  return is_digits(digits, 10);
}

double read_number(const std::string& text) {
  std::string_view digits = text;
  if (digits[0] == '+') digits.remove_prefix(1);
  double value = 0;
  const auto result = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (result.ec != std::errc()) throw InvalidScalar{text + " is too large or too small for a number"};
  return value;
}

}  // namespace

ConfigTree::Value read_plain_scalar(const std::string& text) {
  if (is_any_of(text, {"", "~", "null", "Null", "NULL"})) return std::monostate();
  if (is_any_of(text, {"true", "True", "TRUE"})) return true;
  if (is_any_of(text, {"false", "False", "FALSE"})) return false;
  if (const int base = integer_base(text)) return read_integer(text, base);
  if (is_number(text)) return read_number(text);
  if (is_any_of(without_sign(text), {".inf", ".Inf", ".INF"}) || is_any_of(text, {".nan", ".NaN", ".NAN"})) {
    throw InvalidScalar{text + " is no finite number; write a number, or quotes around a text"};
  }
  return text;
}

}  // namespace aha
