// UTF-8 decoding and the few character classes that rewards need.
#include "reward/code_points.h"

#include <algorithm>
#include <array>
#include <utility>

namespace aha::reward {
namespace {

int sequence_length(unsigned char lead) {
  if (lead < 0x80) return 1;
  if (lead >= 0xC2 && lead < 0xE0) return 2;
  if (lead >= 0xE0 && lead < 0xF0) return 3;
  return lead >= 0xF0 && lead < 0xF5 ? 4 : 0;
}

bool is_overlong_or_surrogate(char32_t code_point, int length) {
  constexpr std::array<char32_t, 5> kLeast = {0, 0, 0x80, 0x800, 0x10000};
  return code_point < kLeast[length] || (code_point >= 0xD800 && code_point < 0xE000) || code_point > 0x10FFFF;
}

}  // namespace

char32_t next_code_point(std::string_view text, size_t& place) {
  const auto lead = static_cast<unsigned char>(text[place]);
  const int length = sequence_length(lead);
  if (length == 0 || place + length > text.size()) return ++place, kBrokenByte;
  char32_t code_point = length == 1 ? lead : lead & (0x7F >> length);
  for (int i = 1; i < length; ++i) {
    const auto byte = static_cast<unsigned char>(text[place + i]);
    if ((byte & 0xC0) != 0x80) return ++place, kBrokenByte;
    code_point = code_point << 6 | (byte & 0x3F);
  }
  if (is_overlong_or_surrogate(code_point, length)) return ++place, kBrokenByte;
  place += length;
  return code_point;
}

void append_utf8(std::string& text, char32_t code_point) {
  const auto put = [&text](char32_t byte) { text += static_cast<char>(byte); };
  if (code_point < 0x80) return put(code_point);
  if (code_point < 0x800) {
    put(0xC0 | code_point >> 6);
  } else {
    if (code_point < 0x10000) {
      put(0xE0 | code_point >> 12);
    } else {
      put(0xF0 | code_point >> 18);
      put(0x80 | (code_point >> 12 & 0x3F));
    }
    put(0x80 | (code_point >> 6 & 0x3F));
  }
  put(0x80 | (code_point & 0x3F));
}

int digit_value(char32_t code_point) {
  if (code_point < 0x80) return code_point >= '0' && code_point <= '9' ? static_cast<int>(code_point - '0') : -1;
  // Zeros of Arabic, Persian, Devanagari, Bengali, Gurmukhi, Gujarati, Tamil, Telugu, Thai and full-width digits.
  constexpr std::array<char32_t, 10> kZeros = {0x660, 0x6F0, 0x966, 0x9E6, 0xA66, 0xAE6, 0xBE6, 0xC66, 0xE50, 0xFF10};
  for (const char32_t zero : kZeros) {
    if (code_point >= zero && code_point <= zero + 9) return static_cast<int>(code_point - zero);
  }
  if (code_point >= 0x1D7CE && code_point <= 0x1D7FF) return static_cast<int>((code_point - 0x1D7CE) % 10);
  return -1;
}

bool is_invisible(char32_t code_point) {
  return (code_point >= 0x200B && code_point <= 0x200F) || (code_point >= 0x202A && code_point <= 0x202E) ||
         (code_point >= 0x2060 && code_point <= 0x206F) || code_point == 0xFEFF || code_point == 0xAD ||
         code_point == 0x61C || code_point == 0x180E || (code_point >= 0xFE00 && code_point <= 0xFE0F);
}

bool is_space(char32_t code_point) {
  return code_point == ' ' || (code_point >= '\t' && code_point <= '\r') || code_point == 0xA0 ||
         (code_point >= 0x2000 && code_point <= 0x200A) || code_point == 0x202F || code_point == 0x205F ||
         code_point == 0x3000;
}

char32_t plain_form(char32_t code_point) {
  if (code_point < 0x80) return code_point;
  if (code_point >= 0xFF01 && code_point <= 0xFF5E) return code_point - 0xFF01 + '!';
  constexpr std::pair<char32_t, char> kForms[] = {
      {0x2212, '-'},  {0x2010, '-'}, {0x2011, '-'}, {0x2013, '-'}, {0xFE63, '-'}, {0x2018, '\''},
      {0x2019, '\''}, {0x201C, '"'}, {0x201D, '"'}, {0x3001, ','}, {0x3002, '.'}, {0x2044, '/'},
      {0x2215, '/'},  {0x2236, ':'}, {0x3010, '['}, {0x3011, ']'}, {0x2223, '|'},
  };
  const auto found = std::find_if(std::begin(kForms), std::end(kForms),
                                  [code_point](const auto& form) { return form.first == code_point; });
  return found == std::end(kForms) ? code_point : static_cast<char32_t>(found->second);
}

}  // namespace aha::reward
