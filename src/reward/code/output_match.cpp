// Lines and words in a canonical form, so that equal means the same text.
#include "reward/code/output_match.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>
#include <vector>

#include "reward/code/decimal.h"
#include "reward/extract.h"
#include "reward/rules/lines.h"

namespace aha::reward {
namespace {

constexpr std::array<std::pair<std::string_view, OutputRule>, 5> kOutputRules = {{
    {"exact", OutputRule::kExact},
    {"lines", OutputRule::kLines},
    {"tokens", OutputRule::kTokens},
    {"unordered_lines", OutputRule::kUnorderedLines},
    {"floats", OutputRule::kFloats},
}};

using Words = std::vector<std::string_view>;

Words output_words(std::string_view text) {
  Words words;
  for (size_t i = 0; i < text.size();) {
    while (i < text.size() && is_ascii_space(text[i])) ++i;
    const size_t begin = i;
    while (i < text.size() && !is_ascii_space(text[i])) ++i;
    if (i > begin) words.push_back(text.substr(begin, i - begin));
  }
  return words;
}

// A line of nothing but numbers becomes their canonical forms; any other one stays as it is.
std::string canonical_line(std::string_view line) {
  std::string numbers = "#";
  for (const std::string_view word : output_words(line)) {
    const std::optional<std::string> decimal = canonical_decimal(word);
    if (!decimal) return ":" + std::string(trimmed(line));
    numbers += *decimal + ' ';
  }
  return numbers;
}

std::vector<std::string> canonical_lines(std::string_view text) {
  std::vector<std::string> lines;
  for (const std::string_view line : lines_of(trimmed(text))) lines.push_back(canonical_line(line));
  return lines;
}

bool same_word(std::string_view word, std::string_view expected, std::optional<double> tolerance) {
  if (word == expected) return true;
  const std::optional<std::string> decimal = canonical_decimal(word);
  if (!decimal) return false;
  return decimal == canonical_decimal(expected) || (tolerance && is_near(word, expected, *tolerance));
}

bool same_words(std::string_view output, std::string_view expected, std::optional<double> tolerance) {
  const Words words = output_words(output), wanted = output_words(expected);
  return std::ranges::equal(
      words, wanted, [&](std::string_view word, std::string_view want) { return same_word(word, want, tolerance); });
}

bool same_lines_within(std::string_view output, std::string_view expected, double tolerance) {
  return std::ranges::equal(lines_of(trimmed(output)), lines_of(trimmed(expected)),
                            [&](std::string_view line, std::string_view want) {
                              return trimmed(line) == trimmed(want) || same_words(line, want, tolerance);
                            });
}

bool same_lines_in_any_order(std::string_view output, std::string_view expected) {
  std::vector<std::string> lines = canonical_lines(output), wanted = canonical_lines(expected);
  std::ranges::sort(lines);
  std::ranges::sort(wanted);
  return lines == wanted;
}

}  // namespace

std::optional<OutputRule> output_rule(std::string_view name) {
  const auto found = std::ranges::find(kOutputRules, name, [](const auto& rule) { return rule.first; });
  if (found == kOutputRules.end()) return std::nullopt;
  return found->second;
}

bool matches(std::string_view output, std::string_view expected, const OutputMatch& match) {
  switch (match.rule) {
    case OutputRule::kExact:
      return output == expected;
    case OutputRule::kLines:
      return match.tolerance ? same_lines_within(output, expected, *match.tolerance)
                             : canonical_lines(output) == canonical_lines(expected);
    case OutputRule::kTokens:
      return same_words(output, expected, std::nullopt);
    case OutputRule::kUnorderedLines:
      return same_lines_in_any_order(output, expected);
    case OutputRule::kFloats:
      return same_words(output, expected, match.tolerance.value_or(kFloatsTolerance));
  }
  return false;
}

}  // namespace aha::reward
