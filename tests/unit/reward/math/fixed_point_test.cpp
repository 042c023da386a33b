// Enclosures hold the true value, and are narrow; digits from tables (Abramowitz and Stegun, chapters 1 and 4).
#include "reward/math/fixed_point.h"

#include <gtest/gtest.h>

#include <cmath>
#include <string>

namespace aha::reward::math::fixed_point_test {
namespace {

constexpr int64_t kPrecision = 192;

Rational decimal(const std::string& text, Work& work) {
  const bool is_negative = text.starts_with('-');
  const Rational value = rational_from_decimal(is_negative ? text.substr(1) : text, work);
  return is_negative ? negated(value) : value;
}

// The enclosure holds a number that begins with these digits, and nothing much further away.
void expect_value(const FixedPoint& fixed, const Fixed& actual, const std::string& digits) {
  ASSERT_TRUE(fixed.is_known(actual)) << digits;
  const Fixed distance = fixed.subtract(actual, fixed.from(decimal(digits, fixed.work())));
  EXPECT_LT(fixed.upper(distance), 1e-40) << digits;
  EXPECT_LT(fixed.radius(actual), 1e-50) << digits;
}

TEST(FixedPoint, KnowsTheConstants) {
  Work work;
  const FixedPoint fixed(kPrecision, work);
  expect_value(fixed, fixed.pi(), "3.14159265358979323846264338327950288419716940");
  expect_value(fixed, fixed.exponential(fixed.from(1)), "2.71828182845904523536028747135266249775724709");
  expect_value(fixed, fixed.logarithm(fixed.from(2)), "0.69314718055994530941723212145817656807550013");
  expect_value(fixed, fixed.square_root(fixed.from(2)), "1.41421356237309504880168872420969807856967188");
  const auto [sine, cosine] = fixed.sine_cosine(fixed.from(1));
  expect_value(fixed, sine, "0.84147098480789650665250232163029899962256306");
  expect_value(fixed, cosine, "0.54030230586813971740093660744297660373231042");
  expect_value(fixed, fixed.multiply(fixed.arctangent(fixed.from(1)), fixed.from(4)),
               "3.14159265358979323846264338327950288419716940");
}

// Identities at many arguments, of both signs and many sizes: the true difference is 0, so it must be enclosed.
TEST(FixedPoint, EnclosesZeroWhereAnIdentityHolds) {
  Work work;
  const FixedPoint fixed(kPrecision, work);
  for (int64_t top = -60; top <= 60; top += 7) {
    for (const int64_t bottom : {1, 3, 50, 997}) {
      work.begin_part(Work::kMaxSteps);
      const Fixed x = fixed.from(Rational{top, bottom}), one = fixed.from(1);
      const auto [sine, cosine] = fixed.sine_cosine(x);
      const Fixed circle = fixed.add(fixed.multiply(sine, sine), fixed.multiply(cosine, cosine));
      EXPECT_EQ(fixed.sign(fixed.subtract(circle, one)), 0) << top << '/' << bottom;
      const Fixed power = fixed.exponential(x);
      const Fixed product = fixed.multiply(power, fixed.exponential(fixed.negated(x)));
      EXPECT_EQ(fixed.sign(fixed.subtract(product, one)), 0) << top << '/' << bottom;
      if (std::abs(top) < 60) {
        EXPECT_EQ(fixed.sign(fixed.subtract(fixed.logarithm(power), x)), 0) << top << '/' << bottom;
      }
      const Fixed angle = fixed.arctangent(x);
      const auto [rise, run] = fixed.sine_cosine(angle);
      EXPECT_EQ(fixed.sign(fixed.subtract(fixed.divide(rise, run), x)), 0) << top << '/' << bottom;
    }
  }
}

// The same values in doubles, which are right to 15 digits.
TEST(FixedPoint, AgreesWithDoubles) {
  Work work;
  const FixedPoint fixed(kPrecision, work);
  for (double value = -20; value <= 20; value += 0.37) {
    work.begin_part(Work::kMaxSteps);
    const auto scaled = static_cast<int64_t>(std::ldexp(value, 40));
    const Fixed x = fixed.from(Rational{scaled, int64_t{1} << 40});
    const double exact = std::ldexp(static_cast<double>(scaled), -40);
    const auto near = [&](const Fixed& actual, double expected) {
      const double size = fixed.upper(actual) * (fixed.sign(actual) < 0 ? -1 : 1);
      EXPECT_NEAR(size, expected, 1e-11 * (1 + std::abs(expected))) << value;
    };
    near(fixed.exponential(x), std::exp(exact));
    near(fixed.arctangent(x), std::atan(exact));
    near(fixed.sine_cosine(x).first, std::sin(exact));
    near(fixed.sine_cosine(x).second, std::cos(exact));
    if (exact > 0) near(fixed.logarithm(x), std::log(exact));
    if (exact > 0) near(fixed.square_root(x), std::sqrt(exact));
  }
}

TEST(FixedPoint, WiderOperandsGiveWiderResults) {
  Work work;
  const FixedPoint fixed(kPrecision, work);
  const Fixed middle = fixed.from(2);
  const Fixed wide{middle.middle, std::ldexp(1.0, kPrecision - 20)};  // 2 ± 2^-20
  EXPECT_GT(fixed.radius(fixed.exponential(wide)), 7e-6);
  EXPECT_GT(fixed.radius(fixed.logarithm(wide)), 4.7e-7);
  EXPECT_GT(fixed.radius(fixed.multiply(wide, wide)), 3.8e-6);
  EXPECT_GT(fixed.radius(fixed.divide(fixed.from(1), wide)), 2.3e-7);
  EXPECT_GT(fixed.radius(fixed.square_root(wide)), 3.3e-7);
  EXPECT_EQ(fixed.sign(fixed.subtract(wide, middle)), 0);
}

TEST(FixedPoint, KnowsWhatItDoesNotKnow) {
  Work work;
  const FixedPoint fixed(kPrecision, work);
  EXPECT_FALSE(fixed.is_known(fixed.divide(fixed.from(1), fixed.from(0))));
  EXPECT_FALSE(fixed.is_known(fixed.logarithm(fixed.from(-1))));
  EXPECT_FALSE(fixed.is_known(fixed.logarithm(fixed.from(0))));
  EXPECT_FALSE(fixed.is_known(fixed.square_root(fixed.from(-2))));
  EXPECT_FALSE(fixed.is_known(fixed.exponential(fixed.from(100'000))));
  EXPECT_EQ(fixed.as_integer(fixed.from(-7)), -7);
  EXPECT_EQ(fixed.as_integer(fixed.from(Rational{1, 2})), std::nullopt);
  EXPECT_EQ(fixed.as_integer(fixed.pi()), std::nullopt);
}

}  // namespace
}  // namespace aha::reward::math::fixed_point_test
