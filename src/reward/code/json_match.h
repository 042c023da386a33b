// JSON values compared as what they say: 2 is 2.0, true is not 1, and no digit of a long integer is lost.
#pragma once
#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>

namespace aha::reward {

/// Null unless the text is one JSON value in UTF-8, at most 64 levels deep, no key of an object twice. Numbers become
/// strings "n" + their canonical decimal (a number with point or exponent stands for the nearest double), strings "s" +
/// the string: so == compares exactly.
std::optional<nlohmann::json> exact_json(std::string_view text);

/// Of two such values. Without tolerance that is ==; with one, numbers may differ as in is_near().
bool same_json(const nlohmann::json& value, const nlohmann::json& expected, std::optional<double> tolerance);

}  // namespace aha::reward
