// Characters of well-formed UTF-8 text, and the classes of them that splitting needs.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace aha::data::bpe {

struct Character {
  uint32_t code_point;
  size_t length;  // in bytes
};

bool is_continuation(char byte);  ///< of a character, not its first
/// @param text well-formed UTF-8, longer than `place`, which is where a character starts
Character character_at(std::string_view text, size_t place);
/// Where the character that ends before `place` starts. @param place > 0
size_t previous_character(std::string_view text, size_t place);
void append_utf8(std::string& text, uint32_t code_point);

/// Bytes at the front of `text` that are well-formed UTF-8.
size_t valid_prefix(std::string_view text);

bool is_white_space(uint32_t code_point);  // Unicode's White_Space
bool is_numeric(uint32_t code_point);      // Nd, Nl, No of Unicode 17
bool is_punctuation(uint32_t code_point);  // P of Unicode 8, or any printable ASCII that is no letter, digit or space
bool is_word(uint32_t code_point);         // a letter, mark, decimal digit, connector, or alike

}  // namespace aha::data::bpe
