// Reads UTF-8 one character at a time, telling broken bytes apart.
#pragma once
#include <cstddef>
#include <string>
#include <string_view>

namespace aha::utf8 {

/// Bytes of the well-formed character at text[place] (1 to 4), or 0 if the bytes there are none.
/// Overlong forms, surrogates and values over U+10FFFF are not well-formed.
size_t character_length(std::string_view text, size_t place);

/// A C0 control (tab, newline and carriage return included), DEL, or a C1 control (U+0080 to U+009F).
bool is_control(std::string_view character);

/// The text with every control but tab and newline, and every broken byte, written as \xNN.
std::string visible(std::string_view text);

}  // namespace aha::utf8
