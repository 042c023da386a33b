// Brings mathematical text of any dress into ASCII LaTeX.
#pragma once
#include <optional>
#include <string>
#include <string_view>

namespace aha::reward::math {

/// Longest answer that is read, in bytes.
constexpr size_t kMaxAnswerBytes = 2048;

/// Digits of all scripts, minus signs, full-width forms, superscripts, π, √, ½, ≤ and the like become ASCII or LaTeX
/// commands; invisible characters go; outer white space and one trailing period go. Null if the text is too long or
/// is no UTF-8.
std::optional<std::string> normalise(std::string_view text);

}  // namespace aha::reward::math
