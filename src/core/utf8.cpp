// UTF-8 by the table of well-formed byte sequences (Unicode, table 3-7).
#include "core/utf8.h"

#include <fmt/format.h>

#include <cstdint>
#include <iterator>

namespace aha::utf8 {
namespace {

uint8_t byte_at(std::string_view text, size_t place) { return static_cast<uint8_t>(text[place]); }

bool is_within(std::string_view text, size_t place, uint8_t low, uint8_t high) {
  return place < text.size() && byte_at(text, place) >= low && byte_at(text, place) <= high;
}

// The second byte's range depends on the first: that is where overlong forms and surrogates are cut off.
bool has_second(std::string_view text, size_t place) {
  switch (byte_at(text, place)) {
    case 0xE0:
      return is_within(text, place + 1, 0xA0, 0xBF);
    case 0xED:
      return is_within(text, place + 1, 0x80, 0x9F);
    case 0xF0:
      return is_within(text, place + 1, 0x90, 0xBF);
    case 0xF4:
      return is_within(text, place + 1, 0x80, 0x8F);
    default:
      return is_within(text, place + 1, 0x80, 0xBF);
  }
}

}  // namespace

size_t character_length(std::string_view text, size_t place) {
  const uint8_t first = byte_at(text, place);
  if (first < 0x80) return 1;
  if (first < 0xC2 || first > 0xF4) return 0;
  const size_t length = first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
  if (!has_second(text, place)) return 0;
  for (size_t i = 2; i < length; ++i) {
    if (!is_within(text, place + i, 0x80, 0xBF)) return 0;
  }
  return length;
}

bool is_control(std::string_view character) {
  const uint8_t first = byte_at(character, 0);
  return first < 0x20 || first == 0x7F || (first == 0xC2 && byte_at(character, 1) < 0xA0);
}

std::string visible(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (size_t i = 0; i < text.size();) {
    const size_t length = character_length(text, i);
    const std::string_view character = text.substr(i, length == 0 ? 1 : length);
    const bool is_layout = character == "\n" || character == "\t";
    if (length > 0 && (is_layout || !is_control(character))) {
      out += character;
    } else {
      for (const char byte : character)
        fmt::format_to(std::back_inserter(out), "\\x{:02x}", static_cast<uint8_t>(byte));
    }
    i += character.size();
  }
  return out;
}

}  // namespace aha::utf8
