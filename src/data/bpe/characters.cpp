// UTF-8 by hand; categories from utf8proc.
#include "data/bpe/characters.h"

#include <utf8proc.h>

#include <cstring>

#include "core/utf8.h"
#include "data/bpe/later_unicode.h"

namespace aha::data::bpe {
namespace {

utf8proc_category_t category_of(uint32_t code_point) {
  return utf8proc_category(static_cast<utf8proc_int32_t>(code_point));
}

}  // namespace

bool is_continuation(char byte) { return (static_cast<unsigned char>(byte) & 0xC0) == 0x80; }

Character character_at(std::string_view text, size_t place) {
  const auto byte = [&](size_t offset) -> uint32_t { return static_cast<unsigned char>(text[place + offset]); };
  const uint32_t first = byte(0);
  if (first < 0x80) return {first, 1};
  if (first < 0xE0) return {(first & 0x1F) << 6 | (byte(1) & 0x3F), 2};
  if (first < 0xF0) return {(first & 0x0F) << 12 | (byte(1) & 0x3F) << 6 | (byte(2) & 0x3F), 3};
  return {(first & 0x07) << 18 | (byte(1) & 0x3F) << 12 | (byte(2) & 0x3F) << 6 | (byte(3) & 0x3F), 4};
}

size_t previous_character(std::string_view text, size_t place) {
  --place;
  while (place > 0 && is_continuation(text[place])) --place;
  return place;
}

void append_utf8(std::string& text, uint32_t code_point) {
  const auto put = [&](uint32_t byte) { text.push_back(static_cast<char>(byte)); };
  const auto put_rest = [&](int shift) { put(0x80 | (code_point >> shift & 0x3F)); };
  if (code_point < 0x80) return put(code_point);
  if (code_point < 0x800) {
    put(0xC0 | code_point >> 6);
  } else if (code_point < 0x10000) {
    put(0xE0 | code_point >> 12);
    put_rest(6);
  } else {
    put(0xF0 | code_point >> 18);
    put_rest(12);
    put_rest(6);
  }
  put_rest(0);
}

size_t valid_prefix(std::string_view text) {
  size_t place = 0;
  while (place < text.size()) {
    uint64_t eight;
    if (place + 8 <= text.size() && (std::memcpy(&eight, text.data() + place, 8), (eight & 0x8080808080808080) == 0)) {
      place += 8;
      continue;
    }
    const size_t length = utf8::character_length(text, place);
    if (length == 0) break;
    place += length;
  }
  return place;
}

bool is_white_space(uint32_t c) {
  if (c < 0x85) return c == ' ' || (c >= '\t' && c <= '\r');
  return c == 0x85 || c == 0xA0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 ||
         c == 0x202F || c == 0x205F || c == 0x3000;
}

bool is_numeric(uint32_t code_point) {
  const auto category = category_of(code_point);
  return (category >= UTF8PROC_CATEGORY_ND && category <= UTF8PROC_CATEGORY_NO) || is_later_digit(code_point);
}

bool is_punctuation(uint32_t c) {
  if (c < 0x80)
    return (c >= '!' && c <= '/') || (c >= ':' && c <= '@') || (c >= '[' && c <= '`') || (c >= '{' && c <= '~');
  const auto category = category_of(c);
  // Two that lost this category since.
  const bool was_punctuation = c == 0x166D || c == 0x111C9;
  const bool is_in_category = category >= UTF8PROC_CATEGORY_PC && category <= UTF8PROC_CATEGORY_PO;
  return was_punctuation || (is_in_category && !is_later_punctuation(c));
}

bool is_word(uint32_t code_point) {
  if (code_point == 0x200C || code_point == 0x200D) return true;  // joiners
  if (code_point >= 0x24B6 && code_point <= 0x24E9) return true;  // circled letters, which are symbols by category
  if ((code_point >= 0x1F130 && code_point <= 0x1F149) || (code_point >= 0x1F150 && code_point <= 0x1F169) ||
      (code_point >= 0x1F170 && code_point <= 0x1F189)) {
    return true;  // squared letters, likewise
  }
  const auto category = category_of(code_point);
  return (category >= UTF8PROC_CATEGORY_LU && category <= UTF8PROC_CATEGORY_NL) || category == UTF8PROC_CATEGORY_PC;
}

}  // namespace aha::data::bpe
