// What the built-in checkers accept and refuse.
#include "reward/code/output_match.h"

#include <gtest/gtest.h>

#include <string>

#include "aha/data/jsonl.h"

namespace aha::reward::output_match_test {
namespace {

bool match(const std::string& output, const std::string& expected, OutputRule rule = OutputRule::kLines,
           std::optional<double> tolerance = {}) {
  return matches(output, expected, {rule, tolerance});
}

TEST(OutputMatch, LinesForgiveSpacesAroundAndHowNumbersAreWritten) {
  EXPECT_TRUE(match("1\n2\n", "1\n2"));
  EXPECT_TRUE(match("\n\n 1 \n2\t\n\n", "1\n2"));
  EXPECT_TRUE(match("1\r\n2\r\n", "1\n2"));
  EXPECT_TRUE(match("1.50 2", "1.5   2.0"));
  EXPECT_TRUE(match("a b\n\nc", "a b\n\nc\n"));
  EXPECT_TRUE(match("1e3", "1000"));
  EXPECT_TRUE(match("", "\n"));
}

TEST(OutputMatch, LinesForgiveNothingElse) {
  EXPECT_FALSE(match("1", "1\n2"));  // a right start is not enough
  EXPECT_FALSE(match("1\n2\n3", "1\n2"));
  EXPECT_FALSE(match("1\n\n2", "1\n2"));
  EXPECT_FALSE(match("1 2", "1\n2"));
  EXPECT_FALSE(match("a  b", "a b"));
  EXPECT_FALSE(match("Yes", "YES"));
  EXPECT_FALSE(match("", "1"));
  EXPECT_FALSE(match("1", ""));
  EXPECT_FALSE(match("0.30000000000000004", "0.3"));
  EXPECT_FALSE(match("x 1.0", "x 1"));  // a line with a word is compared as text
  EXPECT_FALSE(match("12", "1 2"));
  EXPECT_FALSE(match("nan", "1"));
  EXPECT_FALSE(match(std::string("1\0", 2), "1"));
}

// tests/data/make_output_pairs.py has the rule in Python, with its Decimal.
TEST(OutputMatch, LinesAgreeWithLiveCodeBench) {
  int64_t num_pairs = 0, num_same = 0;
  data::read_jsonl(AHA_SOURCE_DIR "/tests/data/output_pairs.jsonl", [&](int64_t line, nlohmann::ordered_json row) {
    EXPECT_EQ(match(row["output"], row["expected"]), row["same"].get<bool>()) << "line " << line;
    ++num_pairs;
    num_same += row["same"].get<bool>();
  });
  EXPECT_EQ(num_pairs, 2000);
  EXPECT_GT(num_same, 500);
  EXPECT_LT(num_same, 1500);
}

TEST(OutputMatch, LinesTakeATolerance) {
  EXPECT_TRUE(match("x 1.0000001\n2", "x 1\n2", OutputRule::kLines, 1e-6));
  EXPECT_FALSE(match("x 1.1", "x 1", OutputRule::kLines, 1e-6));
  EXPECT_FALSE(match("1\n2", "1 2", OutputRule::kLines, 1e-6));
  EXPECT_TRUE(match("a  b", "a b", OutputRule::kLines, 1e-6));  // word by word then
}

TEST(OutputMatch, ExactWantsTheSameBytes) {
  EXPECT_TRUE(match("1\n", "1\n", OutputRule::kExact));
  EXPECT_FALSE(match("1", "1\n", OutputRule::kExact));
  EXPECT_FALSE(match("1.0", "1", OutputRule::kExact));
}

TEST(OutputMatch, TokensDoNotCareForLines) {
  EXPECT_TRUE(match("1 2\n3 yes", " 1\n2.0 3\nyes", OutputRule::kTokens));
  EXPECT_FALSE(match("1 2", "1 2 3", OutputRule::kTokens));
  EXPECT_FALSE(match("1 3 2", "1 2 3", OutputRule::kTokens));
  EXPECT_FALSE(match("no", "yes", OutputRule::kTokens));
}

TEST(OutputMatch, UnorderedLinesCountEachLine) {
  EXPECT_TRUE(match("b\na\n1.0\n", "a\n1\nb", OutputRule::kUnorderedLines));
  EXPECT_FALSE(match("a\na\nb", "a\nb\nb", OutputRule::kUnorderedLines));
  EXPECT_FALSE(match("a", "a\na", OutputRule::kUnorderedLines));
  EXPECT_FALSE(match("1 2", "2 1", OutputRule::kUnorderedLines));
}

TEST(OutputMatch, FloatsHaveAToleranceOfTheirOwn) {
  EXPECT_TRUE(match("3.1415930", "3.1415926", OutputRule::kFloats));
  EXPECT_FALSE(match("3.1416", "3.1415926", OutputRule::kFloats));
  EXPECT_TRUE(match("3.1416", "3.1415926", OutputRule::kFloats, 1e-4));
  EXPECT_FALSE(match("inf", "1", OutputRule::kFloats));
}

TEST(OutputMatch, RulesHaveNames) {
  EXPECT_EQ(output_rule("unordered_lines"), OutputRule::kUnorderedLines);
  EXPECT_EQ(output_rule("lines"), OutputRule::kLines);
  EXPECT_EQ(output_rule("fuzzy"), std::nullopt);
}

}  // namespace
}  // namespace aha::reward::output_match_test
