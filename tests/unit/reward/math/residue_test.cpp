// Secret primes, residues and rough sizes of numbers that nobody can write out.
#include "reward/math/residue.h"

#include <gtest/gtest.h>

#include "aha/reward/reward.h"
#include "reward/math/magnitude.h"
#include "reward/math/modular.h"
#include "reward/math/parser.h"
#include "reward/math/secret.h"

namespace aha::reward::math::residue_test {
namespace {

struct Read {
  Work work;
  Expression expression;
  std::vector<Value> values;
  explicit Read(const std::string& text) {
    expression = parse(text, work).value();
    values = evaluate(expression, work);
  }
  std::optional<uint64_t> residue_at(int prime) {
    return residue(expression, values, expression.root, secret_prime(prime), work);
  }
  Magnitude size() const { return magnitude(expression, values, expression.root); }
};

TEST(SecretPrime, FollowsTheSecretThatARunSets) {
  set_verifier_secret(7);
  const uint64_t before = secret_prime(0).value, number = secret_number("x", 1);
  set_verifier_secret(8);
  EXPECT_NE(secret_prime(0).value, before);
  EXPECT_NE(secret_number("x", 1), number);
  set_verifier_secret(7);
  EXPECT_EQ(secret_prime(0).value, before);
  EXPECT_EQ(secret_number("x", 1), number);
}

TEST(SecretPrime, IsPrimeAndHasARootOfMinusOne) {
  for (int i = 0; i < kNumSecretPrimes; ++i) {
    const SecretPrime& prime = secret_prime(i);
    EXPECT_GE(prime.value, uint64_t{1} << 57);
    EXPECT_LT(prime.value, uint64_t{1} << 62);
    for (uint64_t divisor = 2; divisor < 10'000; ++divisor) EXPECT_NE(prime.value % divisor, 0u);
    for (const uint64_t base : {2, 3, 10, 12345}) EXPECT_EQ(power_modulo(base, prime.value - 1, prime.value), 1u);
    EXPECT_EQ(multiply_modulo(prime.imaginary_unit, prime.imaginary_unit, prime.value), prime.value - 1);
  }
  EXPECT_NE(secret_prime(0).value, secret_prime(1).value);
}

TEST(Residue, IsTheSameForTheSameNumber) {
  for (int i = 0; i < kNumSecretPrimes; ++i) {
    EXPECT_EQ(Read("2000!").residue_at(i), Read("2000\\cdot 1999!").residue_at(i));
    EXPECT_EQ(Read("3^{1000000}").residue_at(i), Read("9^{500000}").residue_at(i));
    EXPECT_EQ(Read("(1+i)^{100}").residue_at(i), Read("-2^{50}").residue_at(i));
    EXPECT_EQ(Read("(x+y)^{60}").residue_at(i), Read("(x^2+2xy+y^2)^{30}").residue_at(i));
    EXPECT_EQ(Read("\\binom{1000}{500}").residue_at(i), Read("\\frac{1000!}{500!500!}").residue_at(i));
    EXPECT_NE(Read("2000!").residue_at(i), Read("2000!+1").residue_at(i));
    EXPECT_NE(Read("x+y").residue_at(i), Read("x+z").residue_at(i));
    // Fermat's little theorem for primes one knows: none of ours.
    EXPECT_NE(Read("2^{2305843009213693950}").residue_at(i), Read("1").residue_at(i));
  }
}

TEST(Residue, LeavesTheRestToOthers) {
  EXPECT_FALSE(Read("\\sqrt{2}").residue_at(0));
  EXPECT_FALSE(Read("\\sin x").residue_at(0));
  EXPECT_FALSE(Read("x^y").residue_at(0));
  EXPECT_FALSE(Read("(10^9)!").residue_at(0));
}

TEST(Magnitude, HoldsTheBinaryLogarithm) {
  const auto expect = [](const std::string& text, int sign, double log2) {
    const Magnitude size = Read(text).size();
    EXPECT_EQ(size.sign, sign) << text;
    EXPECT_LE(size.low, log2) << text;
    EXPECT_GE(size.high, log2) << text;
    EXPECT_LT(size.high - size.low, 1e-3 * std::abs(log2) + 2.1) << text;
  };
  expect("-1024", -1, 10);
  expect("2^{-99}", 1, -99);
  expect("2^{2000000}", 1, 2e6);
  expect("9^{9^9}", 1, 387420489 * 3.169925001442312);
  expect("3000!", 1, 30331.2564);  // ln 3000! = 21024.0249, by Python
  expect("2^{9000000}-2^{1000000}", 1, 9e6);
  EXPECT_EQ(Read("x").size().sign, 0);
  EXPECT_TRUE(are_apart(Read("9^9^9^9").size(), Read("5").size()));
  EXPECT_TRUE(are_apart(Read("9^9^9^9").size(), Read("-9^9^9^9").size()));
  EXPECT_FALSE(are_apart(Read("9^9^9^9").size(), Read("9^9^9^9+1").size()));
}

}  // namespace
}  // namespace aha::reward::math::residue_test
