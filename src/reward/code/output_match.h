// Whether what a program has written is what was expected: the built-in checkers.
#pragma once
#include <optional>
#include <string_view>

namespace aha::reward {

enum class OutputRule {
  kExact,           // the same bytes
  kLines,           // LiveCodeBench's: see below
  kTokens,          // the same words, wherever lines end
  kUnorderedLines,  // the same lines in any order
  kFloats,          // the same words, numbers within a tolerance
};
/// "exact", "lines", "tokens", "unordered_lines", "floats"; null for other names.
std::optional<OutputRule> output_rule(std::string_view name);

struct OutputMatch {
  OutputRule rule = OutputRule::kLines;
  std::optional<double> tolerance = {};  // of kLines and kFloats, absolute or relative, whichever is larger
};
constexpr double kFloatsTolerance = 1e-6;  // of kFloats without another

/// kLines: white space around the whole and around each line is dropped; the number of lines is the same; each line
/// reads the same, or is the same numbers as exact decimals ("1.50 2" = "1.5 2.0"). Words are equal if they read the
/// same or are the same decimal. Numbers are exact unless a tolerance is given. Linear time but for sorting.
bool matches(std::string_view output, std::string_view expected, const OutputMatch& match);

}  // namespace aha::reward
