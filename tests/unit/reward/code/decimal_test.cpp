// Decimals as text; Python's Decimal says the same of each.
#include "reward/code/decimal.h"

#include <gtest/gtest.h>

namespace aha::reward::decimal_test {
namespace {

TEST(CanonicalDecimal, EqualNumbersReadTheSame) {
  for (const auto& [a, b] : {std::pair{"1", "1.0"},
                             {"1", "+1"},
                             {"0.10", ".1"},
                             {"1.", "1"},
                             {"007", "7"},
                             {"-0", "0"},
                             {"0.000", "0"},
                             {"1e3", "1000"},
                             {"1E+3", "1000.0"},
                             {"12.50e-1", "1.25"},
                             {"100000000000000000000000000001", "100000000000000000000000000001.0"},
                             {"0e5", "0"},
                             {"1e-999999999", "0.1e-999999998"}}) {
    EXPECT_EQ(canonical_decimal(a), canonical_decimal(b)) << a << " " << b;
    EXPECT_TRUE(canonical_decimal(a)) << a;
  }
}

TEST(CanonicalDecimal, DifferentNumbersDiffer) {
  for (const auto& [a, b] : {std::pair{"1", "-1"},
                             {"1", "10"},
                             {"0.1", "0.10000000000000001"},
                             {"1e3", "1e4"},
                             {"100000000000000000000000000001", "100000000000000000000000000002"},
                             {"9007199254740993", "9007199254740992"},
                             {"12", "1.2"},
                             {"102", "12"}}) {
    EXPECT_NE(canonical_decimal(a), canonical_decimal(b)) << a << " " << b;
  }
}

TEST(CanonicalDecimal, HasNothingSuperfluous) {
  EXPECT_EQ(canonical_decimal("-012.50"), "-125e-1");
  EXPECT_EQ(canonical_decimal("1200"), "12e2");
  EXPECT_EQ(canonical_decimal("42"), "42");
  EXPECT_EQ(canonical_decimal("-0.0"), "0");
}

TEST(CanonicalDecimal, RefusesEverythingElse) {
  for (const char* text :
       {"",      "+",   "-",   ".",        "e5",   "1e",    "1e+",   "--1",   "1-",           "1 ", " 1", "1_000",
        "1,000", "nan", "inf", "Infinity", "0x10", "1.2.3", "1e5e5", "1e1.5", "1e1234567890", "½",  "１"}) {
    EXPECT_EQ(canonical_decimal(text), std::nullopt) << text;
  }
}

TEST(CanonicalDecimal, TakesLongTextsInOnePass) {
  const std::string zeros(500'000, '0');
  EXPECT_EQ(canonical_decimal("1" + zeros + "." + zeros), "1e500000");
  EXPECT_EQ(canonical_decimal(zeros), "0");
}

TEST(IsNear, IsAbsoluteBelowOneAndRelativeAbove) {
  EXPECT_TRUE(is_near("0.1000001", "0.1", 1e-6));
  EXPECT_FALSE(is_near("0.100002", "0.1", 1e-6));
  EXPECT_TRUE(is_near("1000000.5", "1000000", 1e-6));  // within 1
  EXPECT_FALSE(is_near("1000002", "1000000", 1e-6));
  EXPECT_TRUE(is_near("+3", "3.0", 0));
  EXPECT_FALSE(is_near("-1e-7", "x", 1e-6));
  EXPECT_FALSE(is_near("nan", "nan", 1e-6));
  EXPECT_FALSE(is_near("1e999", "1e999", 1e-6));  // beyond double
}

}  // namespace
}  // namespace aha::reward::decimal_test
