// Upper and lower case of any script.
#pragma once
#include <string>
#include <string_view>

namespace aha::reward {

char32_t lower(char32_t code_point);
/// Character by character; broken bytes become U+FFFD.
std::string lower_case(std::string_view text);

/// Whether it has a letter with case, and all of those are capitals.
bool is_all_upper(std::string_view text);
/// Whether it has a letter with case, and none of those is a capital or a title letter.
bool is_all_lower(std::string_view text);
/// Letters with their marks, digits and other numbers, and the underscore.
bool is_word_character(char32_t code_point);

}  // namespace aha::reward
