// Integers of up to 8,192 bits: every decimal of an answer of 2 kB fits.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "reward/math/work.h"

namespace aha::reward::math {

class BigInteger {
 public:
  static constexpr int64_t kMaxBits = 8192;

  BigInteger(int64_t value = 0);
  /// Digits 0–9 only.
  static BigInteger from_digits(std::string_view digits, Work& work);

  bool is_zero() const { return limbs_.empty(); }
  bool is_negative() const { return is_negative_; }
  bool is_one() const { return !is_negative_ && limbs_.size() == 1 && limbs_[0] == 1; }
  int64_t bit_length() const;
  /// The value if it fits in 63 bits.
  std::optional<int64_t> to_int64() const;
  std::string to_hexadecimal() const;
  BigInteger negated() const;
  /// m · 2^exponent with 0.5 <= |m| < 1, of the value rounded towards zero to 53 bits; 0 for 0.
  double leading(int64_t& exponent) const;
  /// Whether 2^bits divides it.
  bool is_multiple_of_power_of_two(int64_t bits) const;

  friend BigInteger add(const BigInteger& a, const BigInteger& b, Work& work);
  friend BigInteger multiply(const BigInteger& a, const BigInteger& b, Work& work);
  /// Quotient rounded towards zero, and the remainder with the sign of `a`. b is not zero.
  friend std::pair<BigInteger, BigInteger> divide(const BigInteger& a, const BigInteger& b, Work& work);
  /// value · 2^bits, rounded towards zero.
  friend BigInteger shifted(const BigInteger& value, int64_t bits, Work& work);
  friend BigInteger gcd(BigInteger a, BigInteger b, Work& work);
  friend int compare(const BigInteger& a, const BigInteger& b);
  bool operator==(const BigInteger&) const = default;

 private:
  using Limbs = std::vector<uint32_t>;
  BigInteger(Limbs limbs, bool is_negative);
  static int compare_limbs(const Limbs& a, const Limbs& b);
  static Limbs add_limbs(const Limbs& a, const Limbs& b);
  static Limbs subtract_limbs(const Limbs& larger, const Limbs& smaller);
  static std::pair<Limbs, Limbs> divide_limbs(const Limbs& a, const Limbs& b);
  static uint32_t divide_by_limb(Limbs& limbs, uint32_t divisor);

  Limbs limbs_;  // little-endian, no leading zeros
  bool is_negative_ = false;
};

BigInteger add(const BigInteger& a, const BigInteger& b, Work& work);
BigInteger multiply(const BigInteger& a, const BigInteger& b, Work& work);
std::pair<BigInteger, BigInteger> divide(const BigInteger& a, const BigInteger& b, Work& work);
BigInteger gcd(BigInteger a, BigInteger b, Work& work);
int compare(const BigInteger& a, const BigInteger& b);
BigInteger power(const BigInteger& base, uint64_t exponent, Work& work);
BigInteger shifted(const BigInteger& value, int64_t bits, Work& work);
/// The degree-th root of a value >= 0, rounded down.
BigInteger floor_root(const BigInteger& value, uint32_t degree, Work& work);
/// The degree-th root of a value >= 0 if it is a whole number.
std::optional<BigInteger> exact_root(const BigInteger& value, uint32_t degree, Work& work);

}  // namespace aha::reward::math
