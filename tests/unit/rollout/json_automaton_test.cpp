// JSON read by bytes: what is right, what is wrong and at which byte, and the limits.
#include "rollout/json_automaton.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "aha/core/random.h"

namespace aha::rollout::json_automaton_test {
namespace {

/// Bytes that may come; one more than the text has if it may also end there.
size_t read_length(const std::string& text) {
  JsonState state;
  for (size_t i = 0; i < text.size(); ++i) {
    if (!read_json_byte(state, static_cast<uint8_t>(text[i]))) return i;
  }
  return text.size() + (may_json_end(state) ? 1 : 0);
}

const char* const kValid[] = {"{}",
                              "[]",
                              "{ }",
                              "[ ]",
                              "null",
                              "true",
                              "false",
                              "0",
                              "-0",
                              "7",
                              "-12.50",
                              "1e5",
                              "1E+05",
                              "0.1e-9",
                              "\"\"",
                              "\"a b\"",
                              " 1",
                              "\n{}",
                              "[1,2]",
                              "[1 , 2 ]",
                              "[[],[[]],{}]",
                              "{\"\":0}",
                              "{\"a\":[true,{\"b\":null}],\"c\":\"\"}",
                              "{\"a\" : 1, \"a\" : 2}",
                              "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\uD83D\\uDE00\\uFFFF\\ud7ff\"",
                              "\"é 好 😀 \x7f \xF4\x8F\xBF\xBF \xED\x9F\xBF \xEE\x80\x80\"",
                              "{\n    \"a\": [\n        1,\n        2\n    ]\n}",
                              "[\r\n\t1\r\n]",
                              "{}\n",
                              "12 "};

TEST(JsonAutomaton, ReadsEveryValidText) {
  for (const std::string text : kValid) {
    ASSERT_TRUE(nlohmann::json::accept(text)) << text;
    EXPECT_EQ(read_length(text), text.size() + 1) << text;
  }
}

TEST(JsonAutomaton, StopsAtTheByteThatIsWrong) {
  const std::pair<std::string, size_t> wrong[] = {{"}", 0},
                                                  {"]", 0},
                                                  {",", 0},
                                                  {"+1", 0},
                                                  {".5", 0},
                                                  {"'a'", 0},
                                                  {"\xEF\xBB\xBF{}", 0},
                                                  {"[1,]", 3},
                                                  {"[,1]", 1},
                                                  {"[1 2]", 3},
                                                  {"[1}", 2},
                                                  {"{]", 1},
                                                  {"{1:2}", 1},
                                                  {"{\"a\"}", 4},
                                                  {"{\"a\":}", 5},
                                                  {"{\"a\":1,}", 7},
                                                  {"{\"a\",1}", 4},
                                                  {"01", 1},
                                                  {"-a", 1},
                                                  {"1.e", 2},
                                                  {"1.5.", 3},
                                                  {"1e+-", 3},
                                                  {"--1", 1},
                                                  {"tru1", 3},
                                                  {"nul}", 3},
                                                  {"truee", 4},
                                                  {"{}{}", 2},
                                                  {"\"a\"x", 3},
                                                  {"\"\n\"", 1},
                                                  {"\"\t\"", 1},
                                                  {std::string("\"\0\"", 3), 1},
                                                  {"\"\\x\"", 2},
                                                  {"\"\\u12g4\"", 5},
                                                  {"\"\\U0000", 2},
                                                  {"\"\\uDC00\"", 4},
                                                  {"\"\\uD800\"", 7},
                                                  {"\"\\uD800x", 7},
                                                  {"\"\\uD800\\n", 8},
                                                  {"\"\\uD800\\u0041", 9},
                                                  {"\"\\uD800\\uDBFF", 10},
                                                  {"\"\x80\"", 1},
                                                  {"\"\xC1\x80", 1},
                                                  {"\"\xC3(", 2},
                                                  {"\"\xE0\x9F\xBF", 2},
                                                  {"\"\xED\xA0\x80", 2},
                                                  {"\"\xF0\x8F\xBF\xBF", 2},
                                                  {"\"\xF4\x90\x80\x80", 2},
                                                  {"\"\xF5", 1},
                                                  {"\"\xE2\x82\"", 3}};
  for (const auto& [text, place] : wrong) EXPECT_EQ(read_length(text), place) << text;
}

TEST(JsonAutomaton, AnUnfinishedTextMayNotEnd) {
  for (const std::string text :
       {"", " ", "{", "[1", "\"a", "-", "1.", "1e", "1e-", "tr", "[12", "{\"a\":1", "\"\\ud800"}) {
    EXPECT_EQ(read_length(text), text.size()) << text;
  }
}

TEST(JsonAutomaton, KeepsItsLimits) {
  EXPECT_EQ(read_length(std::string(64, '[') + std::string(64, ']')), 129);
  EXPECT_EQ(read_length(std::string(65, '[')), 64);
  EXPECT_EQ(read_length(std::string(64, '7')), 65);
  EXPECT_EQ(read_length(std::string(65, '7')), 64);
  EXPECT_EQ(read_length("0." + std::string(65, '7')), 66);
  EXPECT_EQ(read_length("1e99"), 5);
  EXPECT_EQ(read_length("1e100"), 4);
  // 2 blanks and 4 more for each level.
  EXPECT_EQ(read_length("   1"), 2);
  EXPECT_EQ(read_length("[" + std::string(6, ' ') + "]"), 9);
  EXPECT_EQ(read_length("[" + std::string(7, ' ') + "]"), 7);
  EXPECT_EQ(read_length("[[" + std::string(10, ' ') + "1" + std::string(10, ' ') + "]]"), 26);
}

// The outcome of objects and lists at every depth: each closes as it was opened.
TEST(JsonAutomaton, RemembersEveryLevel) {
  for (uint64_t seed = 0; seed < 200; ++seed) {
    Random random(seed, "levels");
    std::string open, close;
    for (int depth = 0; depth < 64; ++depth) {
      const bool is_object = random.chance(0.5);
      open += is_object ? "{\"k\":" : "[";
      close.insert(0, 1, is_object ? '}' : ']');
    }
    EXPECT_EQ(read_length(open + "1" + close), open.size() + 66);
    const size_t place = random.below(64);
    close[place] = close[place] == '}' ? ']' : '}';
    EXPECT_EQ(read_length(open + "1" + close), open.size() + 1 + place);
  }
}

// Changed, dropped and doubled bytes: whole texts are taken if and only if the parser takes them.
TEST(JsonAutomaton, AgreesWithTheParserOnBrokenTexts) {
  Random random(1, "broken");
  int64_t num_valid = 0;
  for (int i = 0; i < 60'000; ++i) {
    std::string text = kValid[random.below(std::size(kValid))];
    for (uint64_t edits = 1 + random.below(2); edits > 0 && !text.empty(); --edits) {
      const size_t place = random.below(text.size());
      switch (random.below(4)) {
        case 0:
          text.erase(place, 1);
          break;
        case 1:
          text.insert(place, 1, text[random.below(text.size())]);
          break;
        case 2:
          text[place] = static_cast<char>(random.below(256));
          break;
        default:
          text[place] = "{}[]:,\"\\-+.eE019tfnu \n"[random.below(22)];
      }
    }
    const bool is_valid = nlohmann::json::accept(text);
    num_valid += is_valid;
    const bool is_mark = text.starts_with("\xEF\xBB\xBF");
    const bool is_long = read_length(text) < text.size() && is_valid;  // a blank too many, an exponent too long
    if (is_mark || is_long) continue;
    EXPECT_EQ(read_length(text) == text.size() + 1, is_valid) << text;
  }
  EXPECT_GT(num_valid, 5000);
}

}  // namespace
}  // namespace aha::rollout::json_automaton_test
