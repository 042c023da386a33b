// Walks UTF-8 one character at a time.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace aha::reward {

constexpr char32_t kBrokenByte = 0xFFFD;

/// The character at text[place], which moves behind it; a byte that is part of none counts as kBrokenByte.
char32_t next_code_point(std::string_view text, size_t& place);
void append_utf8(std::string& text, char32_t code_point);

/// Value of a decimal digit of any common script (full-width, Arabic-Indic, mathematical bold …), else -1.
int digit_value(char32_t code_point);
/// Marks without width and direction controls, which no reader sees.
bool is_invisible(char32_t code_point);
/// White space of any width.
bool is_space(char32_t code_point);
/// ASCII for characters that only look different (full-width forms, minus signs, curly quotes); else the same.
char32_t plain_form(char32_t code_point);

}  // namespace aha::reward
