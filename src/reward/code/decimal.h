// Decimal numbers as text, compared exactly or within a tolerance.
#pragma once
#include <optional>
#include <string>
#include <string_view>

namespace aha::reward {

/// The number without superfluous zeros, point or sign: "-012.50" is "-125e-1", "0.0" is "0". Two texts say the same
/// number exactly when this is the same. Null unless the text is [+-]digits[.digits][e[+-]digits], with at least one
/// digit before the e and at most nine behind it. Linear time; nothing is computed.
std::optional<std::string> canonical_decimal(std::string_view text);

/// Whether both are such numbers, of a size that double holds, and |a - expected| <= tolerance · max(1, |expected|).
bool is_near(std::string_view a, std::string_view expected, double tolerance);

}  // namespace aha::reward
