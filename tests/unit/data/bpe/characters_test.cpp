// UTF-8 there and back, and the classes of characters where Unicode's versions differ.
#include "data/bpe/characters.h"

#include <gtest/gtest.h>

#include "data/bpe/byte_alphabet.h"
#include "data/bpe/later_unicode.h"

namespace aha::data::bpe::characters_test {
namespace {

TEST(Characters, AreWrittenAndReadAgain) {
  std::string text;
  const uint32_t edges[] = {0, 0x7F, 0x80, 0x7FF, 0x800, 0xD7FF, 0xE000, 0xFFFF, 0x10000, 0x10FFFF};
  for (const uint32_t code_point : edges) append_utf8(text, code_point);
  EXPECT_EQ(valid_prefix(text), text.size());
  size_t place = 0, last = 0;
  for (const uint32_t code_point : edges) {
    last = place;
    const Character character = character_at(text, place);
    EXPECT_EQ(character.code_point, code_point);
    place += character.length;
    EXPECT_EQ(previous_character(text, place), last);
  }
  EXPECT_EQ(place, text.size());
}

TEST(Characters, ValidPrefixEndsAtTheFirstBrokenByte) {
  EXPECT_EQ(valid_prefix("twelve bytes\xFFmore"), 12u);
  EXPECT_EQ(valid_prefix("\xE4\xB8"), 0u);
  EXPECT_EQ(valid_prefix("a\xC0\x80"), 1u);       // overlong
  EXPECT_EQ(valid_prefix("ab\xED\xA0\x80"), 2u);  // a surrogate
}

TEST(Characters, HaveClasses) {
  EXPECT_TRUE(is_white_space(0x3000) && is_white_space('\t') && is_white_space(0x85));
  EXPECT_FALSE(is_white_space(0x180E) || is_white_space(0x200B));
  EXPECT_TRUE(is_numeric('7') && is_numeric(0x2167) && is_numeric(0xBD) && is_numeric(0x10D40));
  EXPECT_TRUE(is_punctuation('$') && is_punctuation('~') && is_punctuation(0x3002));
  EXPECT_FALSE(is_punctuation('a') || is_punctuation(' ') || is_punctuation(0x20AC) || is_punctuation(0x2E52));
  EXPECT_TRUE(is_word('_') && is_word(0x301) && is_word(0x4E00) && is_word('0') && is_word(0x200D));
  EXPECT_FALSE(is_word('-') || is_word(0xB2));
}

TEST(LaterUnicode, StandInsHaveTheSameLength) {
  std::string stand_ins;
  EXPECT_FALSE(needs_stand_ins("plain text, 中文, é, 🙂", stand_ins));
  const std::string text = "a\u1C89b\U0001FAE8\u180E";
  ASSERT_TRUE(needs_stand_ins(text, stand_ins));
  EXPECT_EQ(stand_ins, "a\u1E00b\U0001F300\u200B");
  for (uint32_t code_point = 0x80; code_point < 0x110000; ++code_point) {
    if (code_point >= 0xD800 && code_point < 0xE000) continue;
    std::string one;
    append_utf8(one, code_point);
    if (needs_stand_ins(one, stand_ins)) EXPECT_EQ(stand_ins.size(), one.size()) << code_point;
  }
}

TEST(ByteAlphabet, GivesEachByteACharacterOfItsOwn) {
  EXPECT_EQ(character_of_byte('A'), uint32_t{'A'});
  EXPECT_EQ(character_of_byte(' '), 0x120u);   // Ġ
  EXPECT_EQ(character_of_byte('\n'), 0x10Au);  // Ċ
  EXPECT_EQ(character_of_byte(0xAD), 0x143u);  // the last
  for (int byte = 0; byte < 256; ++byte) {
    EXPECT_EQ(byte_of_character(character_of_byte(static_cast<unsigned char>(byte))), byte);
  }
  std::string bytes;
  EXPECT_TRUE(bytes_of_token("Ġthe", bytes));
  EXPECT_EQ(bytes, " the");
  EXPECT_FALSE(bytes_of_token("a b", bytes));
  EXPECT_FALSE(bytes_of_token("中", bytes));
}

}  // namespace
}  // namespace aha::data::bpe::characters_test
