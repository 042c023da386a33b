// How texts are cut: the five behaviours, and each step by hand.
#include "data/bpe/pre_tokenizer.h"

#include <gtest/gtest.h>

namespace aha::data::bpe::pre_tokenizer_test {
namespace {

using Texts = std::vector<std::string>;

Texts pieces_of(const SplitText& text) {
  Texts pieces;
  for (const Range piece : text.pieces()) pieces.emplace_back(text.text().substr(piece.begin, piece.end - piece.begin));
  return pieces;
}

Texts cut(const std::unique_ptr<PreTokenizerStep>& step, const std::string& given, bool is_start = true) {
  SplitText text;
  text.reset(given, is_start, /*has_origins=*/false);
  step->apply(text);
  return pieces_of(text);
}

Texts cut_at_digits(const std::string& text, SplitBehavior behavior, bool invert = false) {
  return cut(make_regex_split(Regex("[0-9]", "here"), behavior, invert), text);
}

TEST(Split, CutsInFiveWays) {
  const std::string text = "1ab23c";
  EXPECT_EQ(cut_at_digits(text, SplitBehavior::kIsolated), (Texts{"1", "ab", "2", "3", "c"}));
  EXPECT_EQ(cut_at_digits(text, SplitBehavior::kRemoved), (Texts{"ab", "c"}));
  EXPECT_EQ(cut_at_digits(text, SplitBehavior::kMergedWithPrevious), (Texts{"1", "ab2", "3", "c"}));
  EXPECT_EQ(cut_at_digits(text, SplitBehavior::kMergedWithNext), (Texts{"1ab", "2", "3c"}));
  EXPECT_EQ(cut_at_digits(text, SplitBehavior::kContiguous), (Texts{"1", "ab", "23", "c"}));
}

TEST(Split, TakesTheRestForMatchesIfInverted) {
  const std::string text = "1ab23c";
  EXPECT_EQ(cut_at_digits(text, SplitBehavior::kRemoved, true), (Texts{"1", "2", "3"}));
  EXPECT_EQ(cut_at_digits(text, SplitBehavior::kContiguous, true), (Texts{"1", "ab", "23", "c"}));
  EXPECT_EQ(cut_at_digits(text, SplitBehavior::kMergedWithPrevious, true), (Texts{"1ab", "2", "3c"}));
  EXPECT_EQ(cut_at_digits(text, SplitBehavior::kMergedWithNext, true), (Texts{"1", "ab2", "3", "c"}));
}

TEST(Split, ByAStringTakesItLiterally) {
  EXPECT_EQ(cut(make_string_split("..", SplitBehavior::kIsolated, false), "a..b...c"),
            (Texts{"a", "..", "b", "..", ".c"}));
  EXPECT_EQ(cut(make_string_split("x", SplitBehavior::kRemoved, false), "xx"), Texts{});
}

TEST(Split, LooksAtEachPieceAlone) {
  SplitText text;
  text.reset("ab1 2c", true, false);
  make_digits_split(true)->apply(text);
  // The space is a piece now, and nothing comes behind it.
  make_regex_split(Regex(R"(\s+(?!\S)|\S+)", "here"), SplitBehavior::kIsolated, false)->apply(text);
  EXPECT_EQ(pieces_of(text), (Texts{"ab", "1", " ", "2", "c"}));
}

TEST(Split, ByClassesOfCharacters) {
  EXPECT_EQ(cut(make_digits_split(false), "a12½b"), (Texts{"a", "12½", "b"}));
  EXPECT_EQ(cut(make_digits_split(true), "a12b"), (Texts{"a", "1", "2", "b"}));
  EXPECT_EQ(cut(make_punctuation_split(SplitBehavior::kIsolated), "a, b。"), (Texts{"a", ",", " b", "。"}));
  EXPECT_EQ(cut(make_whitespace_split(), " it's  x\n"), (Texts{"it", "'", "s", "x"}));
  EXPECT_EQ(cut(make_space_split(), " it's\u3000x "), (Texts{"it's", "x"}));
}

TEST(Metaspace, WritesSpacesAndCutsBeforeThem) {
  EXPECT_EQ(cut(make_metaspace("▁", PrependScheme::kAlways, true), "a  b"), (Texts{"▁a", "▁", "▁b"}));
  EXPECT_EQ(cut(make_metaspace("▁", PrependScheme::kAlways, false), " a"), (Texts{"▁a"}));
  EXPECT_EQ(cut(make_metaspace("▁", PrependScheme::kNever, false), "a b"), (Texts{"a▁b"}));
  EXPECT_EQ(cut(make_metaspace("▁", PrependScheme::kFirst, false), "a"), (Texts{"▁a"}));
  EXPECT_EQ(cut(make_metaspace("▁", PrependScheme::kFirst, false), "a", /*is_start=*/false), (Texts{"a"}));
}

TEST(Metaspace, SaysWhereBytesComeFrom) {
  SplitText text;
  text.reset("a b", true, true);
  make_metaspace("▁", PrependScheme::kAlways, true)->apply(text);
  ASSERT_EQ(text.pieces().size(), 2u);
  EXPECT_EQ(text.origin(text.pieces()[0].begin), 0u);
  EXPECT_EQ(text.origin(text.pieces()[1].begin), 1u);
  EXPECT_EQ(text.origin(text.pieces()[1].end - 1), 2u);
}

TEST(ByteLevel, CutsAsGpt2Does) {
  const auto plain = make_byte_level({.add_prefix_space = false, .use_regex = true, .maps_bytes = false});
  EXPECT_EQ(cut(plain, "I'm  here,12\n\n x"), (Texts{"I", "'m", " ", " here", ",", "12", "\n\n", " x"}));
  const auto prefixed = make_byte_level({.add_prefix_space = true, .use_regex = false, .maps_bytes = false});
  EXPECT_EQ(cut(prefixed, "a b"), (Texts{" a b"}));
  EXPECT_EQ(cut(prefixed, " a"), (Texts{" a"}));
  const auto mapping = make_byte_level({.add_prefix_space = false, .use_regex = false, .maps_bytes = true});
  EXPECT_EQ(cut(mapping, " é\n"), (Texts{"ĠÃ©Ċ"}));
}

// U+1C89 is a letter since Unicode 16, U+10D40 a digit.
TEST(ByteLevel, KnowsTheLettersOfLaterUnicode) {
  const auto plain = make_byte_level({.add_prefix_space = false, .use_regex = true, .maps_bytes = false});
  EXPECT_EQ(cut(plain, "a\u1C89!\U00010D407"), (Texts{"a\u1C89", "!", "\U00010D407"}));
}

}  // namespace
}  // namespace aha::data::bpe::pre_tokenizer_test
