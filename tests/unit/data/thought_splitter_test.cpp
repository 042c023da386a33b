// Thoughts told from speech, whatever the pieces the text comes in.
#include "data/thought_splitter.h"

#include <gtest/gtest.h>

namespace aha::data::thought_splitter_test {
namespace {

// Neighbours of one kind joined.
std::vector<TextPiece> split(std::string_view text, size_t piece_bytes, bool in_thought) {
  ThoughtSplitter splitter(in_thought);
  std::vector<TextPiece> pieces;
  for (size_t begin = 0; begin < text.size(); begin += piece_bytes) {
    for (TextPiece& piece : splitter.take(text.substr(begin, piece_bytes))) pieces.push_back(std::move(piece));
  }
  pieces.push_back(splitter.finish());
  std::vector<TextPiece> joined;
  for (TextPiece& piece : pieces) {
    if (piece.text.empty()) continue;
    if (!joined.empty() && joined.back().is_thought == piece.is_thought) {
      joined.back().text += piece.text;
    } else {
      joined.push_back(std::move(piece));
    }
  }
  return joined;
}

TEST(ThoughtSplitter, CutsAtTagsWhateverThePieces) {
  const std::string text = "a<b<think>x < y</thin</think>said</think><think></think><thin";
  const std::vector<TextPiece> wanted = {{"a<b", false},
                                         {"<think>x < y</thin</think>", true},
                                         {"said</think>", false},
                                         {"<think></think>", true},
                                         {"<thin", false}};
  for (size_t bytes = 1; bytes <= text.size(); ++bytes) EXPECT_EQ(split(text, bytes, false), wanted) << bytes;
}

TEST(ThoughtSplitter, GoesOnWithAThoughtThatThePromptOpened) {
  const std::vector<TextPiece> wanted = {{"mm<think></think>", true}, {"\n4", false}};
  for (size_t bytes = 1; bytes <= 20; ++bytes) EXPECT_EQ(split("mm<think></think>\n4", bytes, true), wanted) << bytes;
}

TEST(ThoughtSplitter, HoldsBackNoMoreThanATagsBeginning) {
  ThoughtSplitter splitter(false);
  EXPECT_EQ(splitter.take("one <t"), (std::vector<TextPiece>{{"one ", false}}));
  EXPECT_EQ(splitter.take("wo"), (std::vector<TextPiece>{{"<two", false}}));
  EXPECT_EQ(splitter.finish().text, "");
}

TEST(EndsInThought, LooksAtThePromptsEndAlone) {
  EXPECT_TRUE(ends_in_thought("<|Assistant|><think>\n"));
  EXPECT_FALSE(ends_in_thought("what is <think> for?"));
  EXPECT_FALSE(ends_in_thought("<think>\n\n</think>\n\n"));
  EXPECT_FALSE(ends_in_thought(" \n"));
}

}  // namespace
}  // namespace aha::data::thought_splitter_test
