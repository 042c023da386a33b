// Cuts text into pieces.
#pragma once
#include <string_view>
#include <vector>

namespace aha::reward {

/// Pieces between the separators, empty ones too; one piece more than there are separators. Views into `text`.
std::vector<std::string_view> split(std::string_view text, std::string_view separator);
std::vector<std::string_view> lines_of(std::string_view text);  ///< without their newlines

}  // namespace aha::reward
