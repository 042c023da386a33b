// Words and sentences counted by hand.
#include "reward/rules/words.h"

#include <gtest/gtest.h>

#include <string>

#include "reward/rules/letter_case.h"

namespace aha::reward::words_test {
namespace {

TEST(CountSentences, EndsWhereAReaderEnds) {
  const std::pair<const char*, int> cases[] = {
      {"", 0},
      {"One. Two? Three!", 3},
      {"One sentence without an end", 1},
      {"He paid 3.50 for it. Then he left.", 2},
      {"Mr. Smith met Dr. Jones at 5 p.m. on Monday.", 1},
      {"We like fruit, e.g. apples. And nuts.", 2},
      {"J. R. R. Tolkien wrote it.", 1},
      {"So do I. You too.", 2},
      {"\"Stop!\" he said. \"Go.\" She went.", 4},
      {"Wait... what? Well... Yes.", 3},
      {"1. First item.\n2. Second item.\n", 2},
      {"A title\n\nA sentence.", 1},
      {"**Bold end.** Next one.", 2},
      {"Really?! Yes.", 2},
      {"今天很好。明天呢？", 2},
      {"यह एक वाक्य है। यह दूसरा है।", 2},
      {"... !!! ?", 0},
      {"It ends etc.", 1},
  };
  for (const auto& [text, count] : cases) EXPECT_EQ(count_sentences(text), count) << text;
}

TEST(CountWrittenWords, AreRunsOfLettersAndDigits) {
  EXPECT_EQ(count_written_words("it's a well-known 3.5 km, naïve_x"), 9);  // it s a well known 3 5 km naïve_x
}

TEST(CountWrittenWords, KeepMarksWithTheirLetters) {
  EXPECT_EQ(count_written_words("हिंदी में लिखो"), 3);
  EXPECT_EQ(count_written_words("cafe\u0301 noir"), 2);
}

TEST(CountCapitalWords, HyphensJoin) {
  EXPECT_EQ(count_capital_words("I AM here; a WELL-KNOWN U.S. TEAM, A1 and 42 ÄÖ"), 7);
  EXPECT_EQ(count_capital_words("Not One Of These IsN'T"), 0);
  EXPECT_EQ(count_capital_words("DON'T STOP"), 2);
}

TEST(LetterCase, AsksEveryLetterThatHasOne) {
  EXPECT_TRUE(is_all_upper("ABC 12, Ä!"));
  EXPECT_FALSE(is_all_upper("ABc"));
  EXPECT_FALSE(is_all_upper("12"));
  EXPECT_TRUE(is_all_lower("abc 12, ß"));
  EXPECT_FALSE(is_all_lower("abC"));
  EXPECT_FALSE(is_all_lower("漢字"));
  EXPECT_EQ(lower_case("ÄbC Σ"), "äbc σ");
}

TEST(CountSentences, StaysLinear) {
  for (const std::string part : {". ", "...", "\" ", "1.\n", "a.b", "A. "}) {
    std::string text;
    while (text.size() < 300'000) text += part;
    count_sentences(text);
    count_capital_words(text);
  }
}

}  // namespace
}  // namespace aha::reward::words_test
