// JSON as Python's json.dumps writes it: a space after commas and colons, floats as repr() has them.
#include <charconv>
#include <cmath>

#include "aha/core/error.h"
#include "data/chat/format.h"

namespace aha::data {
namespace {

// Digits and decimal exponent of the shortest text that reads back as the value: 1.25e-7 is {"125", -7}.
struct ShortestDigits {
  std::string digits;
  int exponent = 0;
};

ShortestDigits shortest_digits(double magnitude) {
  char buffer[32];
  const auto end = std::to_chars(buffer, buffer + sizeof(buffer), magnitude, std::chars_format::scientific).ptr;
  const std::string_view text(buffer, static_cast<size_t>(end - buffer));
  const size_t mark = text.find('e');
  ShortestDigits found;
  for (const char c : text.substr(0, mark)) {
    if (c != '.') found.digits.push_back(c);
  }
  const size_t number = text[mark + 1] == '+' ? mark + 2 : mark + 1;
  std::from_chars(text.data() + number, text.data() + text.size(), found.exponent);
  return found;
}

// repr() turns to exponents below 1e-4 and from 1e16 on.
std::string python_float(double value) {
  const ShortestDigits shortest = shortest_digits(std::abs(value));
  const std::string& digits = shortest.digits;
  const int exponent = shortest.exponent;
  const std::string sign = std::signbit(value) ? "-" : "";
  if (exponent < -4 || exponent >= 16) {
    const std::string fraction = digits.size() > 1 ? "." + digits.substr(1) : "";
    const std::string power = std::to_string(std::abs(exponent));
    return sign + digits[0] + fraction + (exponent < 0 ? "e-" : "e+") + (power.size() < 2 ? "0" : "") + power;
  }
  if (exponent < 0) return sign + "0." + std::string(static_cast<size_t>(-exponent - 1), '0') + digits;
  const size_t whole = static_cast<size_t>(exponent) + 1;
  if (digits.size() <= whole) return sign + digits + std::string(whole - digits.size(), '0') + ".0";
  return sign + digits.substr(0, whole) + "." + digits.substr(whole);
}

class JsonWriter {
 public:
  explicit JsonWriter(int indent) : indent_(indent) {}

  // Values come from rows, which are at most 64 levels deep.
  void write(const Json& value, int depth = 0) {
    if (value.is_structured() && !value.empty()) {
      write_members(value, depth);
    } else if (value.is_number_float()) {
      text_ += python_float(value.get<double>());
    } else {
      text_ += value.dump(-1, ' ', /*ensure_ascii=*/false, Json::error_handler_t::replace);
    }
  }

  std::string take() { return std::move(text_); }

 private:
  void write_members(const Json& value, int depth) {
    text_ += value.is_object() ? '{' : '[';
    bool is_first = true;
    for (const auto& [key, member] : value.items()) {
      if (!is_first) text_ += indent_ > 0 ? "," : ", ";
      is_first = false;
      break_line(depth + 1);
      if (value.is_object()) text_ += Json(key).dump(-1, ' ', false, Json::error_handler_t::replace) + ": ";
      write(member, depth + 1);
    }
    break_line(depth);
    text_ += value.is_object() ? '}' : ']';
  }

  void break_line(int depth) {
    if (indent_ > 0) text_ += "\n" + std::string(static_cast<size_t>(indent_ * depth), ' ');
  }

  int indent_;
  std::string text_;
};

}  // namespace

std::string python_json(const Json& value, int indent) {
  JsonWriter writer(indent);
  writer.write(value);
  return writer.take();
}

}  // namespace aha::data
