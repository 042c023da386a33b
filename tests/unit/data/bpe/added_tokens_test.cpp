// Added tokens in texts: the longest, words, and spaces taken along.
#include "data/bpe/added_tokens.h"

#include <gtest/gtest.h>

namespace aha::data::bpe::added_tokens_test {
namespace {

// "text|<id>|text" for a text.
std::string parts_of(const AddedTokenFinder& finder, const std::string& text) {
  std::vector<AddedTokenFinder::Part> parts;
  finder.find(text, parts);
  std::string out;
  for (const auto& part : parts) {
    if (!out.empty()) out += '|';
    if (part.token) out += std::to_string(part.token->id) + ":";
    out += text.substr(part.begin, part.end - part.begin);
  }
  return out;
}

AddedTokenFinder finder_of(const std::vector<AddedToken>& tokens) {
  std::vector<AddedTokenFinder::Entry> entries;
  for (const AddedToken& token : tokens) entries.push_back({token.content, token});
  return AddedTokenFinder(entries);
}

TEST(AddedTokens, AreFoundLeftmostAndLongest) {
  const auto finder =
      finder_of({{.id = 1, .content = "<a>"}, {.id = 2, .content = "<a>b"}, {.id = 3, .content = "b<"}});
  EXPECT_EQ(parts_of(finder, "x<a>by<a>"), "x|2:<a>b|y|1:<a>");
  EXPECT_EQ(parts_of(finder, "b<a>"), "3:b<|a>");
  EXPECT_EQ(parts_of(finder, "<<a"), "<<a");
  EXPECT_EQ(parts_of(finder, ""), "");
  EXPECT_EQ(parts_of(finder_of({}), "abc"), "abc");
}

TEST(AddedTokens, MayHaveToBeWholeWords) {
  const auto finder = finder_of({{.id = 1, .content = "the", .single_word = true}});
  EXPECT_EQ(parts_of(finder, "the other the-the"), "1:the| other |1:the|-|1:the");
  EXPECT_EQ(parts_of(finder, "thé éthe the_"), "thé éthe the_");
}

TEST(AddedTokens, TakeSpacesAlong) {
  const auto left = finder_of({{.id = 1, .content = "<m>", .lstrip = true}});
  EXPECT_EQ(parts_of(left, "a \u3000<m> b"), "a|1: \u3000<m>| b");
  const auto both = finder_of({{.id = 1, .content = "<m>", .lstrip = true, .rstrip = true}});
  EXPECT_EQ(parts_of(both, "a <m>  <m> b"), "a|1: <m>  |1:<m> |b");
}

TEST(AddedTokens, OfOnePatternTheFirstCounts) {
  const AddedTokenFinder finder({{"x", {.id = 7, .content = "X"}}, {"x", {.id = 8, .content = "x"}}});
  EXPECT_EQ(parts_of(finder, "x"), "7:x");
}

}  // namespace
}  // namespace aha::data::bpe::added_tokens_test
