// Rewritten patterns, what is refused, and patterns that would run for ever.
#include "data/bpe/regex.h"

#include <gtest/gtest.h>

#include <chrono>

#include "data/bpe/regex_dialect.h"
#include "unit/data/bpe/message_of.h"

namespace aha::data::bpe::regex_test {
namespace {

std::vector<std::string> matches(const std::string& pattern, const std::string& text) {
  std::vector<Range> ranges;
  Regex(pattern, "here").find_all(text, ranges);
  std::vector<std::string> texts;
  for (const Range range : ranges) texts.push_back(text.substr(range.begin, range.end - range.begin));
  return texts;
}

using Texts = std::vector<std::string>;

TEST(RegexDialect, RewritesWhatPcre2ReadsOtherwise) {
  EXPECT_EQ(pcre2_pattern(R"(\p{L}\P{Lu}\p{^N})", "here"), R"(\p{L}\P{Lu}\P{N})");
  EXPECT_EQ(pcre2_pattern(R"([\p{Han}])", "here"), R"([\p{sc:Han}])");
  EXPECT_EQ(pcre2_pattern(R"(\v\u4e00\x41\x{1F600})", "here"), R"(\x{b}\x{4e00}\x{41}\x{1F600})");
  const std::string known = R"((?i:'s|'t)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}| ?[^\s\p{L}]+[\r\n]*|\s+(?!\S))";
  EXPECT_EQ(pcre2_pattern(known, "here"), known);
}

TEST(RegexDialect, RefusesWhatItCannotRewrite) {
  const std::pair<std::string, std::string> cases[] = {{"a(*UTF)", "`(*` at byte 2"},
                                                       {R"(\K)", R"(`\K` at byte 1)"},
                                                       {R"((a)\1)", R"(`\1` at byte 4)"},
                                                       {"[a&&b]", "`&&` at byte 3"},
                                                       {"[a[b]]", "`[ inside a class` at byte 3"},
                                                       {"(?m:a)", "`(?m:` at byte 1"},
                                                       {R"(\bx)", R"(`\b` at byte 1)"},
                                                       {"(?<n>a)", "`(?<n` at byte 1"},
                                                       {R"(\p{L})"
                                                        "x{1,2}+",
                                                        "`{1,2}+` at byte 7"},
                                                       {"x{,3}", "`{` at byte 2"},
                                                       {"[abc", "`[ without its ]` at byte 5"},
                                                       {"[]a]", "`[]` at byte 2"},
                                                       {R"([\W])", R"(`\W inside a class` at byte 2)"},
                                                       {R"(\pL)", R"(`\p` at byte 1)"}};
  for (const auto& [pattern, part] : cases) {
    EXPECT_EQ(message_of([&, p = pattern] { pcre2_pattern(p, "here"); }),
              "here: the regular expression `" + pattern + "` has " + part + ", which is not supported");
  }
  EXPECT_EQ(message_of([] { Regex("a(b", "here"); }),
            "here: the regular expression `a(b` is not valid: missing closing parenthesis");
  EXPECT_EQ(message_of([] { Regex(std::string(10'001, 'a'), "here"); }), "here: is a regular expression of over 10 kB");
  EXPECT_NE(message_of([] { Regex(R"(\p{Letter})", "here"); }).find("is not valid"), std::string::npos);
}

TEST(Regex, FindsAllMatches) {
  EXPECT_EQ(matches(R"(\p{N}{1,3})", "1234 ٣٤x"), (Texts{"123", "4", "٣٤"}));
  EXPECT_EQ(matches(R"(\w+)", "é_1-中\u0301"), (Texts{"é_1", "中\u0301"}));
  EXPECT_EQ(matches(R"((?i:'s))", "'S 'ſ 's"), (Texts{"'S", "'ſ", "'s"}));
  EXPECT_EQ(matches(R"(^b)", "a\nb"), (Texts{"b"}));  // lines, as in Ruby
  EXPECT_EQ(matches(R"(\s+(?!\S)|\s+)", "a   b"), (Texts{"  ", " "}));
  EXPECT_EQ(matches("x", ""), Texts{});
  EXPECT_EQ(matches("(?=b)", "abb"), (Texts{"", ""}));
  // Further than one window.
  EXPECT_EQ(matches("b", std::string(100'000, 'a') + "b"), Texts{"b"});
}

TEST(Regex, ThatBacktracksWithoutEndIsStopped) {
  const std::string text(200'000, 'a');
  for (const char* pattern : {"(a+)+[bc]", "(?:a|aa)+[bc]", "a*a*a*[bc]", "(?:.*)(?:.*)(?:.*)[bc]", "(?:a*)*[bc]"}) {
    const auto begin = std::chrono::steady_clock::now();
    EXPECT_EQ(message_of([&] { matches(pattern, text); }),
              std::string("here: the regular expression `") + pattern +
                  "` takes too long on a text of 200000 bytes; it backtracks too much");
    EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(20)) << pattern;
  }
}

// No single match takes many steps, but every starting place reads the rest of the text.
TEST(Regex, OfSquaredTimeIsStoppedByTheClock) {
  const std::string text(500'000, 'a');
  EXPECT_EQ(message_of([&] { matches("(?=a*[bc])", text); }),
            "here: the regular expression `(?=a*[bc])` takes too long on a text of 500000 bytes; it backtracks too "
            "much");
}

}  // namespace
}  // namespace aha::data::bpe::regex_test
