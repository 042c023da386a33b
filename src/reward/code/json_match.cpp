// Reads JSON event by event, for only so are the digits of a number to be had.
#include "reward/code/json_match.h"

#include <algorithm>
#include <charconv>
#include <string>
#include <utility>
#include <vector>

#include "reward/code/decimal.h"

namespace aha::reward {
namespace {

using nlohmann::json;

constexpr size_t kMaxResultDepth = 64;

std::string number_text(std::string_view digits) {
  return "n" + canonical_decimal(digits).value_or(std::string(digits));
}

// The shortest digits that stand for it.
std::string double_text(double value) {
  char digits[32];
  const char* end = std::to_chars(digits, digits + sizeof digits, value).ptr;
  return number_text({digits, static_cast<size_t>(end - digits)});
}

// `open_` holds the containers around the current place; they do not move, for only the innermost one grows.
class ExactJsonBuilder final : public nlohmann::json_sax<json> {
 public:
  bool null() override { return put(nullptr); }
  bool boolean(bool value) override { return put(value); }
  bool number_integer(int64_t value) override { return put(number_text(std::to_string(value))); }
  bool number_unsigned(uint64_t value) override { return put(number_text(std::to_string(value))); }
  // Integers of more than 64 bits come here too, by their digits.
  bool number_float(double value, const std::string& digits) override {
    const bool is_integer = digits.find_first_of(".eE") == std::string::npos;
    return put(is_integer ? number_text(digits) : double_text(value));
  }
  bool string(std::string& value) override { return put("s" + value); }
  bool binary(json::binary_t&) override { return false; }
  bool start_object(size_t) override { return open(json::object()); }
  bool start_array(size_t) override { return open(json::array()); }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }
  bool key(std::string& name) override {
    key_ = std::move(name);
    return !open_.back()->contains(key_);
  }
  bool parse_error(size_t, const std::string&, const nlohmann::detail::exception&) override { return false; }

  json root;

 private:
  json* put_at_place(json value) {
    json* slot = &root;
    if (!open_.empty()) slot = open_.back()->is_array() ? &open_.back()->emplace_back() : &(*open_.back())[key_];
    *slot = std::move(value);
    return slot;
  }
  bool put(json value) {
    put_at_place(std::move(value));
    return true;
  }
  bool open(json container) {
    if (open_.size() == kMaxResultDepth) return false;
    open_.push_back(put_at_place(std::move(container)));
    return true;
  }
  bool close() {
    open_.pop_back();
    return true;
  }

  std::vector<json*> open_;
  std::string key_;
};

bool same_number(const std::string& value, const std::string& expected, double tolerance) {
  return value.starts_with('n') && expected.starts_with('n') &&
         is_near(std::string_view(value).substr(1), std::string_view(expected).substr(1), tolerance);
}

// Its depth is that of the text, at most kMaxResultDepth.
bool is_near_json(const json& value, const json& expected, double tolerance) {
  if (value.type() != expected.type() || value.size() != expected.size()) return false;
  if (value.is_string()) {
    return value == expected ||
           same_number(value.get_ref<const std::string&>(), expected.get_ref<const std::string&>(), tolerance);
  }
  if (value.is_array()) {
    return std::ranges::equal(value, expected,
                              [&](const json& a, const json& b) { return is_near_json(a, b, tolerance); });
  }
  if (!value.is_object()) return value == expected;
  for (const auto& [key, member] : expected.items()) {
    const auto found = value.find(key);
    if (found == value.end() || !is_near_json(*found, member, tolerance)) return false;
  }
  return true;
}

}  // namespace

std::optional<json> exact_json(std::string_view text) {
  ExactJsonBuilder builder;
  if (!json::sax_parse(text.begin(), text.end(), &builder)) return std::nullopt;
  return std::move(builder.root);
}

bool same_json(const json& value, const json& expected, std::optional<double> tolerance) {
  return tolerance ? is_near_json(value, expected, *tolerance) : value == expected;
}

}  // namespace aha::reward
