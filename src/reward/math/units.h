// Units that a dataset declares.
#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace aha::reward::math {

/// The answer without one of the units at its end ("5\text{ cm}^2", "5 CM^2" without "cm^2") or at its start; as it
/// was where none is there or nothing would be left. Spaces, \text and braces around a unit do not count, nor does the
/// case of letters.
std::string without_units(std::string_view answer, const std::vector<std::string>& units);

}  // namespace aha::reward::math
