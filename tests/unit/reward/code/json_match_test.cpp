// Results of functions as JSON values.
#include "reward/code/json_match.h"

#include <gtest/gtest.h>

#include <string>

namespace aha::reward::json_match_test {
namespace {

bool same(const std::string& value, const std::string& expected, std::optional<double> tolerance = {}) {
  const auto a = exact_json(value), b = exact_json(expected);
  return a && b && same_json(*a, *b, tolerance);
}

TEST(JsonMatch, EqualValuesInAnyWriting) {
  for (const auto& [a, b] : {std::pair{"2", "2.0"},
                             {"[1, 2]\n", "[1,2]"},
                             {R"({"a":1,"b":[]})", R"({"b":[],"a":1})"},
                             {"1e2", "100"},
                             {"-0.0", "0"},
                             {R"("\u00e9")", R"("é")"},
                             {"null", "null"},
                             {"123456789012345678901234567890", "123456789012345678901234567890"},
                             {"0.1", "0.10000000000000000555"},
                             {"18446744073709551615", "18446744073709551615"}}) {
    EXPECT_TRUE(same(a, b)) << a << " " << b;
  }
}

TEST(JsonMatch, DifferentValues) {
  for (const auto& [a, b] : {std::pair{"true", "1"},
                             {"\"1\"", "1"},
                             {"[1]", "1"},
                             {"[1,2]", "[2,1]"},
                             {"[1,2]", "[1,2,3]"},
                             {"0", "false"},
                             {"null", "0"},
                             {"\"\"", "null"},
                             {"[]", "{}"},
                             {R"({"a":1})", R"({"a":1,"b":2})"},
                             {R"("n1")", "1"},
                             {"123456789012345678901234567890", "123456789012345678901234567891"},
                             {"0.30000000000000004", "0.3"},
                             {"9007199254740993", "9007199254740992"}}) {
    EXPECT_FALSE(same(a, b)) << a << " " << b;
    EXPECT_FALSE(same(b, a)) << a << " " << b;
  }
}

TEST(JsonMatch, ATextIsOneValue) {
  for (const std::string text : {"", "1 2", "1\n2", "[1", "NaN", "Infinity", "1e999", "'a'", "{\"a\":1,\"a\":1}",
                                 "\xff", "\"\xff\"", "undefined"}) {
    EXPECT_FALSE(exact_json(text)) << text;
  }
  EXPECT_TRUE(exact_json(std::string(64, '[') + std::string(64, ']')));
  EXPECT_FALSE(exact_json(std::string(65, '[') + std::string(65, ']')));
  EXPECT_FALSE(exact_json(std::string(1'000'000, '[')));
}

TEST(JsonMatch, ATolerance) {
  EXPECT_TRUE(same(R"({"a":[1.0000001,"x"]})", R"({"a":[1,"x"]})", 1e-6));
  EXPECT_FALSE(same(R"({"a":[1.1]})", R"({"a":[1]})", 1e-6));
  EXPECT_FALSE(same(R"({"a":1})", R"({"b":1})", 1e-6));
  EXPECT_FALSE(same("[1]", "[1,1]", 1e-6));
  EXPECT_FALSE(same("true", "1", 1e-6));
  EXPECT_FALSE(same("\"1\"", "1", 1e-6));
}

}  // namespace
}  // namespace aha::reward::json_match_test
