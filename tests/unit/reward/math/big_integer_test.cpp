// Exact arithmetic against identities and numbers worked by hand.
#include "reward/math/big_integer.h"

#include <gtest/gtest.h>

#include "aha/core/random.h"
#include "reward/math/rational.h"

namespace aha::reward::math::big_integer_test {
namespace {

BigInteger from(const std::string& digits) {
  Work work;
  return BigInteger::from_digits(digits, work);
}

// Limbs of all ones and all zeros are where carries and guesses go wrong.
BigInteger random_integer(Random& random, Work& work) {
  BigInteger value = 0;
  const int64_t num_limbs = random.between(1, 9);
  for (int64_t i = 0; i < num_limbs; ++i) {
    const int64_t kind = random.between(0, 3);
    const int64_t limb = kind == 0 ? 0xFFFFFFFF : kind == 1 ? 0 : kind == 2 ? 0x80000000 : random.bits();
    value = add(multiply(value, int64_t{1} << 32, work), limb, work);
  }
  return random.chance(0.5) ? value.negated() : value;
}

TEST(BigInteger, DivisionUndoesMultiplication) {
  Random random(3, "big_integer");
  for (int i = 0; i < 20'000; ++i) {
    Work work;
    const BigInteger a = random_integer(random, work), b = random_integer(random, work);
    if (b.is_zero()) continue;
    const auto [quotient, remainder] = divide(a, b, work);
    EXPECT_EQ(add(multiply(quotient, b, work), remainder, work), a)
        << a.to_hexadecimal() << " / " << b.to_hexadecimal();
    const BigInteger size = remainder.is_negative() ? remainder.negated() : remainder;
    EXPECT_LT(compare(size, b.is_negative() ? b.negated() : b), 0);
    EXPECT_TRUE(remainder.is_zero() || remainder.is_negative() == a.is_negative());
    EXPECT_FALSE(work.is_void());
  }
}

TEST(BigInteger, AgreesWithMachineArithmetic) {
  Random random(4, "big_integer");
  for (int i = 0; i < 2000; ++i) {
    Work work;
    const int64_t a = random.between(-2'000'000'000, 2'000'000'000), b = random.between(-2'000'000'000, 2'000'000'000);
    EXPECT_EQ(add(a, b, work).to_int64(), a + b);
    EXPECT_EQ(multiply(a, b, work).to_int64(), a * b);
    EXPECT_EQ(compare(a, b), a < b ? -1 : a > b);
    if (b == 0) continue;
    EXPECT_EQ(divide(a, b, work).first.to_int64(), a / b);
  }
}

TEST(BigInteger, ReadsDigitsAndPowers) {
  Work work;
  EXPECT_EQ(from("0"), BigInteger(0));
  EXPECT_EQ(from("000123"), BigInteger(123));
  EXPECT_EQ(from("1000000000000000000000"), power(10, 21, work));
  EXPECT_EQ(from("340282366920938463463374607431768211456"), power(2, 128, work));
  EXPECT_EQ(from("4294967296").to_hexadecimal(), "0000000100000000");
  EXPECT_EQ(power(2, 128, work).bit_length(), 129);
  EXPECT_EQ(from("9223372036854775808").to_int64(), std::nullopt);
}

TEST(BigInteger, RootsAreExactOrAbsent) {
  Work work;
  EXPECT_EQ(exact_root(power(12345, 8, work), 8, work), BigInteger(12345));
  EXPECT_EQ(exact_root(power(10, 60, work), 3, work), power(10, 20, work));
  EXPECT_EQ(exact_root(add(power(10, 60, work), 1, work), 3, work), std::nullopt);
  EXPECT_EQ(exact_root(2, 2, work), std::nullopt);
  for (int64_t n = 0; n < 500; ++n) EXPECT_EQ(exact_root(n * n, 2, work), BigInteger(n));
}

TEST(BigInteger, GreatestCommonDivisor) {
  Work work;
  EXPECT_EQ(gcd(power(6, 100, work), power(10, 50, work), work), power(2, 50, work));
  EXPECT_EQ(gcd(-12, 18, work), BigInteger(6));
  EXPECT_EQ(gcd(0, -7, work), BigInteger(7));
}

TEST(BigInteger, GivesUpBeyondItsSize) {
  Work work;
  power(2, 8000, work);
  EXPECT_FALSE(work.is_void());
  power(2, 8200, work);
  EXPECT_TRUE(work.is_void());
  Work digits;
  BigInteger::from_digits(std::string(3000, '9'), digits);
  EXPECT_TRUE(digits.is_void());
}

TEST(Rational, StaysInLowestTerms) {
  Work work;
  const Rational half = make_rational(-3, -6, work);
  EXPECT_EQ(half, (Rational{1, 2}));
  EXPECT_EQ(add(half, make_rational(1, -2, work), work), (Rational{0, 1}));
  EXPECT_EQ(multiply(half, Rational{4, 3}, work), (Rational{2, 3}));
  EXPECT_EQ(rational_from_decimal("0.125", work), (Rational{1, 8}));
  EXPECT_EQ(rational_from_decimal(".5", work), half);
  EXPECT_EQ(rational_from_decimal("10.00", work), (Rational{10, 1}));
  EXPECT_EQ(inverse(Rational{-2, 3}), (Rational{-3, 2}));
}

}  // namespace
}  // namespace aha::reward::math::big_integer_test
