// The sentences of a strict recipe: what a field may be, and what was meant.
#include "aha/core/config_fields.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "aha/core/error.h"
#include "core/utf8.h"

namespace aha {
namespace {

constexpr size_t kLongestGuessedKey = 100;
constexpr size_t kLongestShownText = 60;
constexpr double kLargestExactInteger = 9007199254740992.0;  // 2^53

// Edits that turn one word into the other; two neighbours swapped count once.
size_t edit_distance(const std::string& a, const std::string& b) {
  std::vector<std::vector<size_t>> table(a.size() + 1, std::vector<size_t>(b.size() + 1));
  for (size_t i = 0; i <= a.size(); ++i) table[i][0] = i;
  for (size_t j = 0; j <= b.size(); ++j) table[0][j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t replaced = table[i - 1][j - 1] + (a[i - 1] != b[j - 1]);
      table[i][j] = std::min({table[i - 1][j] + 1, table[i][j - 1] + 1, replaced});
      const bool is_swap = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (is_swap) table[i][j] = std::min(table[i][j], table[i - 2][j - 2] + 1);
    }
  }
  return table[a.size()][b.size()];
}

// Cut text may end inside a character; the JSON writer would show that as a replacement mark.
std::string quoted(std::string text) {
  if (text.size() > kLongestShownText) {
    size_t end = kLongestShownText;
    while (end > 0 && (text[end] & 0xC0) == 0x80) --end;
    text = text.substr(0, end) + "…";
  }
  return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::string described(const ConfigTree& tree) {
  if (tree.is_null()) return "nothing";
  if (tree.is_list() || tree.is_map()) return "a " + tree.kind_name();
  if (tree.is_string()) return "a string (" + quoted(std::get<std::string>(tree.value())) + ")";
  return tree.to_json().dump();
}

bool refuse(const ConfigTree& tree, const std::string& path, const std::string& wanted, ConfigErrors& errors) {
  errors.add(path, "must be " + wanted + ", but is " + described(tree));
  return false;
}

bool is_allowed(const Allowed& allowed, double value) {
  return value <= allowed.high && (allowed.excludes_low ? value > allowed.low : value >= allowed.low);
}

std::string listed(const std::vector<std::string>& names) {
  std::string out;
  for (const auto& name : names) out += (out.empty() ? "" : ", ") + name;
  return out;
}

}  // namespace

void ConfigErrors::add(const std::string& path, const std::string& sentence) {
  sentences_.push_back((path.empty() ? "(top level)" : path) + ": " + sentence);
}

void ConfigErrors::throw_if_any() const {
  if (sentences_.empty()) return;
  std::string all;
  for (const auto& sentence : sentences_) all += (all.empty() ? "" : "\n") + sentence;
  throw ConfigError(all);
}

std::string did_you_mean(const std::string& key, const std::vector<std::string>& known) {
  if (key.size() > kLongestGuessedKey) return "";
  std::string nearest;
  size_t fewest = kLongestGuessedKey;
  for (const auto& name : known) {
    if (name.size() > kLongestGuessedKey) continue;
    const size_t distance = edit_distance(key, name);
    if (distance >= fewest || distance * 3 > std::max(key.size(), name.size())) continue;
    fewest = distance;
    nearest = name;
  }
  return nearest.empty() ? "" : "did you mean `" + nearest + "`?";
}

Allowed any() { return {}; }

Allowed required() {
  Allowed allowed;
  allowed.is_required = true;
  return allowed;
}

Allowed at_least(double low) {
  Allowed allowed;
  allowed.sentence = fmt::format("at least {}", low);
  allowed.low = low;
  return allowed;
}

Allowed above(double low) {
  Allowed allowed;
  allowed.sentence = fmt::format("above {}", low);
  allowed.low = low;
  allowed.excludes_low = true;
  return allowed;
}

Allowed between(double low, double high) {
  Allowed allowed;
  allowed.sentence = fmt::format("between {} and {}", low, high);
  allowed.low = low;
  allowed.high = high;
  return allowed;
}

Allowed one_of(std::vector<std::string> names) {
  Allowed allowed;
  allowed.sentence = "one of " + listed(names);
  allowed.names = std::move(names);
  return allowed;
}

namespace config_internal {

bool read_leaf(const ConfigTree& tree, const std::string& path, const Allowed&, bool& out, ConfigErrors& errors) {
  const auto* flag = std::get_if<bool>(&tree.value());
  if (!flag) return refuse(tree, path, "true or false", errors);
  out = *flag;
  return true;
}

bool read_leaf(const ConfigTree& tree, const std::string& path, const Allowed& allowed, int64_t& out,
               ConfigErrors& errors) {
  int64_t value = 0;
  if (const auto* integer = std::get_if<int64_t>(&tree.value())) {
    value = *integer;
  } else {
    const auto* number = std::get_if<double>(&tree.value());
    const bool is_whole = number && *number == std::trunc(*number) && std::abs(*number) <= kLargestExactInteger;
    if (!is_whole) return refuse(tree, path, "an integer", errors);
    value = static_cast<int64_t>(*number);
  }
  if (!is_allowed(allowed, static_cast<double>(value))) return refuse(tree, path, allowed.sentence, errors);
  out = value;
  return true;
}

bool read_leaf(const ConfigTree& tree, const std::string& path, const Allowed& allowed, uint64_t& out,
               ConfigErrors& errors) {
  int64_t value = 0;
  const Allowed wanted = allowed.low < 0 ? at_least(0) : allowed;
  if (!read_leaf(tree, path, wanted, value, errors)) return false;
  if (!is_allowed(allowed, static_cast<double>(value))) return refuse(tree, path, allowed.sentence, errors);
  out = static_cast<uint64_t>(value);
  return true;
}

bool read_leaf(const ConfigTree& tree, const std::string& path, const Allowed& allowed, double& out,
               ConfigErrors& errors) {
  const auto* integer = std::get_if<int64_t>(&tree.value());
  const auto* number = std::get_if<double>(&tree.value());
  if (!integer && !number) return refuse(tree, path, "a number", errors);
  const double value = integer ? static_cast<double>(*integer) : *number;
  if (!is_allowed(allowed, value)) return refuse(tree, path, allowed.sentence, errors);
  out = value;
  return true;
}

bool read_leaf(const ConfigTree& tree, const std::string& path, const Allowed& allowed, std::string& out,
               ConfigErrors& errors) {
  const auto* text = std::get_if<std::string>(&tree.value());
  if (!text) return refuse(tree, path, allowed.names.empty() ? "a string" : allowed.sentence, errors);
  const auto& names = allowed.names;
  if (!names.empty() && std::find(names.begin(), names.end(), *text) == names.end()) {
    const std::string hint = did_you_mean(*text, names);
    errors.add(path, "must be " + allowed.sentence + ", but is " + quoted(*text) + (hint.empty() ? "" : "; " + hint));
    return false;
  }
  out = *text;
  return true;
}

bool expect_map(const ConfigTree& tree, const std::string& path, ConfigErrors& errors) {
  return tree.is_map() || refuse(tree, path, "a map", errors);
}

bool expect_list(const ConfigTree& tree, const std::string& path, ConfigErrors& errors) {
  return tree.is_list() || refuse(tree, path, "a list", errors);
}

void refuse_unknown(const ConfigTree& tree, const std::string& path, const std::vector<std::string>& known,
                    ConfigErrors& errors) {
  for (const auto& [key, value] : tree.map()) {
    if (std::find(known.begin(), known.end(), key) != known.end()) continue;
    const std::string hint = did_you_mean(key, known);
    errors.add(join(path, utf8::visible(key)),
               "unknown key; " + (hint.empty() ? "the keys here are " + listed(known) : hint));
  }
}

std::string join(const std::string& path, const std::string& key) { return path.empty() ? key : path + "." + key; }

}  // namespace config_internal
}  // namespace aha
