// Both texts are compared as a reader sees them, with a way back to the places in the answer.
#include "reward/math/units.h"

#include <algorithm>

#include "reward/math/normalise.h"

namespace aha::reward::math {
namespace {

// The bytes a reader sees, and where each begins and ends in the text.
struct Visible {
  std::string bytes;
  std::vector<size_t> begins, ends;
};

size_t invisible_length(std::string_view text) {
  for (const std::string_view silent :
       {"\\text", "\\mathrm", "\\textrm", "\\mbox", "\\rm", "\\left", "\\right", "\\,", "\\;", "\\:", "\\!", "\\ "}) {
    if (text.starts_with(silent)) return silent.size();
  }
  return std::string_view(" ~{}$\\").find(text[0]) != std::string_view::npos ? 1 : 0;
}

Visible visible(std::string_view text) {
  Visible result;
  for (size_t place = 0; place < text.size();) {
    if (const size_t length = invisible_length(text.substr(place))) {
      place += length;
      continue;
    }
    const char c = text[place];
    result.bytes += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    result.begins.push_back(place);
    result.ends.push_back(++place);
  }
  return result;
}

bool is_letter_or_digit(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }

// Ends open \text{ and braces that the unit has left behind.
std::string tidied(std::string text) {
  const auto count = [&text](char c) { return std::count(text.begin(), text.end(), c); };
  for (bool has_changed = true; has_changed;) {
    has_changed = false;
    for (const std::string_view rest :
         {"\\text", "\\mathrm", "\\textrm", "\\mbox", "\\rm", "\\,", "\\;", "\\:", "\\!", "~", " ", "\\", "$"}) {
      if (text.ends_with(rest)) {
        text.erase(text.size() - rest.size());
        has_changed = true;
      }
    }
    if (text.ends_with('{') && count('{') > count('}')) {
      text.pop_back();
      has_changed = true;
    }
  }
  while (count('{') > count('}')) text += '}';  // "\\text{5 cm}"
  return text;
}

}  // namespace

std::string without_units(std::string_view answer, const std::vector<std::string>& units) {
  const auto normal = units.empty() ? std::nullopt : normalise(answer);
  if (!normal) return std::string(answer);
  const Visible seen = visible(*normal);
  for (const std::string& unit : units) {
    const std::string mark = visible(normalise(unit).value_or("")).bytes;
    if (mark.empty() || seen.bytes.size() <= mark.size()) continue;
    const size_t rest = seen.bytes.size() - mark.size();
    // "cm" ends no other word: in "5 dm" or "x_cm" it is none.
    const bool is_apart = !(is_letter_or_digit(mark[0]) && seen.bytes[rest - 1] >= 'a' && seen.bytes[rest - 1] <= 'z');
    if (seen.bytes.ends_with(mark) && is_apart) return tidied(normal->substr(0, seen.begins[rest]));
    const bool is_before = !is_letter_or_digit(mark.back()) || !is_letter_or_digit(seen.bytes[mark.size()]) ||
                           (seen.bytes[mark.size()] >= '0' && seen.bytes[mark.size()] <= '9');
    if (seen.bytes.starts_with(mark) && is_before) return normal->substr(seen.ends[mark.size() - 1]);
  }
  return *normal;
}

}  // namespace aha::reward::math
