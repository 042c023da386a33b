// Text that came from outside: is it UTF-8, and how to show it in an error sentence.
#pragma once
#include <string>
#include <string_view>

namespace aha::data {

/// Offset of the first byte that begins no well-formed UTF-8 character, or npos.
size_t first_invalid_utf8(std::string_view text);

/// About the first 160 bytes, cut between characters, control characters written out.
std::string shortened(std::string_view text);

}  // namespace aha::data
