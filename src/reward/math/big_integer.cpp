// Schoolbook arithmetic on 32-bit limbs; division is Knuth's algorithm D.
#include "reward/math/big_integer.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <numeric>

namespace aha::reward::math {
namespace {

void trim(std::vector<uint32_t>& limbs) {
  while (!limbs.empty() && limbs.back() == 0) limbs.pop_back();
}

// One limb longer than `limbs`; 0 <= shift < 32.
std::vector<uint32_t> shifted_left(const std::vector<uint32_t>& limbs, int shift) {
  std::vector<uint32_t> result(limbs.size() + 1);
  uint64_t carry = 0;
  for (size_t i = 0; i < limbs.size(); ++i) {
    carry |= static_cast<uint64_t>(limbs[i]) << shift;
    result[i] = static_cast<uint32_t>(carry);
    carry >>= 32;
  }
  result[limbs.size()] = static_cast<uint32_t>(carry);
  return result;
}

// Digit `at` of rest / divisor, right or one too large.
uint32_t guess_digit(const std::vector<uint32_t>& rest, const std::vector<uint32_t>& divisor, size_t at) {
  const size_t size = divisor.size();
  const uint64_t top = static_cast<uint64_t>(rest[at + size]) << 32 | rest[at + size - 1];
  uint64_t guess = top / divisor[size - 1], remainder = top % divisor[size - 1];
  while (guess >> 32 || guess * divisor[size - 2] > (remainder << 32 | rest[at + size - 2])) {
    --guess;
    remainder += divisor[size - 1];
    if (remainder >> 32) break;
  }
  return static_cast<uint32_t>(guess);
}

// rest -= digit · divisor, shifted by `at` limbs; true if that went below zero.
bool subtract_product(std::vector<uint32_t>& rest, const std::vector<uint32_t>& divisor, uint32_t digit, size_t at) {
  int64_t borrow = 0;
  uint64_t carry = 0;
  for (size_t i = 0; i <= divisor.size(); ++i) {
    carry += i < divisor.size() ? static_cast<uint64_t>(digit) * divisor[i] : 0;
    borrow += static_cast<int64_t>(rest[i + at]) - static_cast<uint32_t>(carry);
    rest[i + at] = static_cast<uint32_t>(borrow);
    borrow >>= 32;
    carry >>= 32;
  }
  return borrow < 0;
}

void add_back(std::vector<uint32_t>& rest, const std::vector<uint32_t>& divisor, size_t at) {
  uint64_t sum = 0;
  for (size_t i = 0; i <= divisor.size(); ++i) {
    sum += static_cast<uint64_t>(rest[i + at]) + (i < divisor.size() ? divisor[i] : 0);
    rest[i + at] = static_cast<uint32_t>(sum);
    sum >>= 32;
  }
}

}  // namespace

BigInteger::BigInteger(int64_t value) : is_negative_(value < 0) {
  uint64_t magnitude = value < 0 ? 0 - static_cast<uint64_t>(value) : static_cast<uint64_t>(value);
  for (; magnitude != 0; magnitude >>= 32) limbs_.push_back(static_cast<uint32_t>(magnitude));
}

BigInteger::BigInteger(Limbs limbs, bool is_negative) : limbs_(std::move(limbs)) {
  trim(limbs_);
  is_negative_ = is_negative && !limbs_.empty();
}

BigInteger BigInteger::from_digits(std::string_view digits, Work& work) {
  constexpr size_t kChunk = 9;
  Limbs limbs;
  for (size_t at = 0; at < digits.size(); at += kChunk) {
    const std::string_view chunk = digits.substr(at, kChunk);
    uint64_t scale = 1, carry = 0;
    for (const char digit : chunk) {
      scale *= 10;
      carry = carry * 10 + static_cast<uint64_t>(digit - '0');
    }
    if (!work.charge(static_cast<int64_t>(limbs.size()) + 1)) return {};
    for (uint32_t& limb : limbs) {
      carry += scale * limb;
      limb = static_cast<uint32_t>(carry);
      carry >>= 32;
    }
    if (carry != 0) limbs.push_back(static_cast<uint32_t>(carry));
    if (static_cast<int64_t>(limbs.size()) * 32 > kMaxBits) {
      work.give_up();
      return {};
    }
  }
  return BigInteger(std::move(limbs), false);
}

int64_t BigInteger::bit_length() const {
  return limbs_.empty() ? 0 : static_cast<int64_t>(limbs_.size()) * 32 - std::countl_zero(limbs_.back());
}

std::optional<int64_t> BigInteger::to_int64() const {
  if (bit_length() > 63) return std::nullopt;
  uint64_t magnitude = 0;
  for (size_t i = limbs_.size(); i-- > 0;) magnitude = magnitude << 32 | limbs_[i];
  return is_negative_ ? -static_cast<int64_t>(magnitude) : static_cast<int64_t>(magnitude);
}

std::string BigInteger::to_hexadecimal() const {
  constexpr const char* kDigits = "0123456789abcdef";
  std::string text = is_negative_ ? "-" : "";
  for (size_t i = limbs_.size(); i-- > 0;) {
    for (int shift = 28; shift >= 0; shift -= 4) text += kDigits[limbs_[i] >> shift & 15];
  }
  return text;
}

double BigInteger::leading(int64_t& exponent) const {
  exponent = bit_length();
  if (limbs_.empty()) return 0;
  uint64_t top = 0;
  const auto bit_at = [this](int64_t bit) -> uint64_t { return limbs_[bit / 32] >> (bit % 32) & 1; };
  constexpr int64_t kBits = 53;
  for (int64_t i = 1; i <= kBits; ++i) top = top << 1 | (exponent >= i ? bit_at(exponent - i) : 0);
  const double fraction = std::ldexp(static_cast<double>(top), -kBits);
  return is_negative_ ? -fraction : fraction;
}

bool BigInteger::is_multiple_of_power_of_two(int64_t bits) const {
  for (size_t i = 0; i < limbs_.size() && bits > 0; ++i, bits -= 32) {
    const uint32_t mask = bits >= 32 ? ~0u : (1u << bits) - 1;
    if (limbs_[i] & mask) return false;
  }
  return true;
}

BigInteger BigInteger::negated() const { return BigInteger(limbs_, !is_negative_); }

int BigInteger::compare_limbs(const Limbs& a, const Limbs& b) {
  if (a.size() != b.size()) return a.size() < b.size() ? -1 : 1;
  for (size_t i = a.size(); i-- > 0;) {
    if (a[i] != b[i]) return a[i] < b[i] ? -1 : 1;
  }
  return 0;
}

BigInteger::Limbs BigInteger::add_limbs(const Limbs& a, const Limbs& b) {
  Limbs sum(std::max(a.size(), b.size()) + 1);
  uint64_t carry = 0;
  for (size_t i = 0; i < sum.size(); ++i) {
    carry += (i < a.size() ? a[i] : 0ull) + (i < b.size() ? b[i] : 0ull);
    sum[i] = static_cast<uint32_t>(carry);
    carry >>= 32;
  }
  return sum;
}

BigInteger::Limbs BigInteger::subtract_limbs(const Limbs& larger, const Limbs& smaller) {
  Limbs difference = larger;
  int64_t borrow = 0;
  for (size_t i = 0; i < difference.size(); ++i) {
    borrow += static_cast<int64_t>(larger[i]) - (i < smaller.size() ? smaller[i] : 0);
    difference[i] = static_cast<uint32_t>(borrow);
    borrow >>= 32;
  }
  return difference;
}

BigInteger add(const BigInteger& a, const BigInteger& b, Work& work) {
  if (!work.charge(static_cast<int64_t>(a.limbs_.size() + b.limbs_.size()) + 1)) return {};
  if (a.is_negative_ == b.is_negative_) {
    BigInteger sum(BigInteger::add_limbs(a.limbs_, b.limbs_), a.is_negative_);
    if (sum.bit_length() > BigInteger::kMaxBits) work.give_up();
    return sum;
  }
  const int order = BigInteger::compare_limbs(a.limbs_, b.limbs_);
  if (order == 0) return {};
  return order > 0 ? BigInteger(BigInteger::subtract_limbs(a.limbs_, b.limbs_), a.is_negative_)
                   : BigInteger(BigInteger::subtract_limbs(b.limbs_, a.limbs_), b.is_negative_);
}

BigInteger multiply(const BigInteger& a, const BigInteger& b, Work& work) {
  if (a.is_zero() || b.is_zero()) return {};
  if (a.bit_length() + b.bit_length() > BigInteger::kMaxBits) work.give_up();
  if (!work.charge(static_cast<int64_t>(a.limbs_.size() * b.limbs_.size()))) return {};
  BigInteger::Limbs product(a.limbs_.size() + b.limbs_.size());
  for (size_t i = 0; i < a.limbs_.size(); ++i) {
    uint64_t carry = 0;
    for (size_t j = 0; j < b.limbs_.size(); ++j) {
      carry += product[i + j] + static_cast<uint64_t>(a.limbs_[i]) * b.limbs_[j];
      product[i + j] = static_cast<uint32_t>(carry);
      carry >>= 32;
    }
    product[i + b.limbs_.size()] = static_cast<uint32_t>(carry);
  }
  return BigInteger(std::move(product), a.is_negative_ != b.is_negative_);
}

uint32_t BigInteger::divide_by_limb(Limbs& limbs, uint32_t divisor) {
  uint64_t remainder = 0;
  for (size_t i = limbs.size(); i-- > 0;) {
    remainder = remainder << 32 | limbs[i];
    limbs[i] = static_cast<uint32_t>(remainder / divisor);
    remainder %= divisor;
  }
  return static_cast<uint32_t>(remainder);
}

std::pair<BigInteger::Limbs, BigInteger::Limbs> BigInteger::divide_limbs(const Limbs& a, const Limbs& b) {
  if (compare_limbs(a, b) < 0) return {{}, a};
  if (b.size() == 1) {
    Limbs quotient = a;
    const uint32_t remainder = divide_by_limb(quotient, b[0]);
    return {std::move(quotient), {remainder}};
  }
  // The divisor's top bit is set first, so that a guess from two limbs is at most two too large.
  const int shift = std::countl_zero(b.back());
  Limbs rest = shifted_left(a, shift), divisor = shifted_left(b, shift);
  divisor.pop_back();
  Limbs quotient(rest.size() - divisor.size());
  for (size_t at = quotient.size(); at-- > 0;) {
    uint32_t digit = guess_digit(rest, divisor, at);
    if (subtract_product(rest, divisor, digit, at)) {
      --digit;
      add_back(rest, divisor, at);
    }
    quotient[at] = digit;
  }
  for (size_t i = 0; i + 1 < rest.size(); ++i) {
    rest[i] = static_cast<uint32_t>((static_cast<uint64_t>(rest[i + 1]) << 32 | rest[i]) >> shift);
  }
  rest.resize(divisor.size());
  return {std::move(quotient), std::move(rest)};
}

std::pair<BigInteger, BigInteger> divide(const BigInteger& a, const BigInteger& b, Work& work) {
  const auto size = static_cast<int64_t>(a.limbs_.size()), divisor_size = static_cast<int64_t>(b.limbs_.size());
  if (b.is_zero()) work.give_up();
  constexpr int64_t kAllocations = 24;  // in steps
  if (!work.charge((std::max<int64_t>(size - divisor_size, 0) + 1) * divisor_size + kAllocations)) return {};
  auto [quotient, remainder] = BigInteger::divide_limbs(a.limbs_, b.limbs_);
  return {BigInteger(std::move(quotient), a.is_negative_ != b.is_negative_),
          BigInteger(std::move(remainder), a.is_negative_)};
}

BigInteger shifted(const BigInteger& value, int64_t bits, Work& work) {
  if (bits == 0 || value.is_zero()) return value;
  if (value.bit_length() + bits > BigInteger::kMaxBits) work.give_up();
  const int64_t distance = std::abs(bits) / 32;
  const auto size = static_cast<int64_t>(value.limbs_.size());
  if (!work.charge(8 + size + (bits > 0 ? distance : 0))) return {};
  const int rest = static_cast<int>(std::abs(bits) % 32);
  BigInteger::Limbs limbs;
  if (bits > 0) {
    limbs = shifted_left(value.limbs_, rest);
    limbs.insert(limbs.begin(), static_cast<size_t>(distance), 0);
  } else if (size > distance) {
    limbs.assign(value.limbs_.begin() + distance, value.limbs_.end());
    for (size_t i = 0; i < limbs.size(); ++i) {
      const uint64_t above = i + 1 < limbs.size() ? limbs[i + 1] : 0;
      limbs[i] = static_cast<uint32_t>((above << 32 | limbs[i]) >> rest);
    }
  }
  return BigInteger(std::move(limbs), value.is_negative_);
}

BigInteger gcd(BigInteger a, BigInteger b, Work& work) {
  while (!b.is_zero()) {
    const auto small_a = a.to_int64(), small_b = b.to_int64();
    if (small_a && small_b) return std::gcd(*small_a, *small_b);
    BigInteger remainder = divide(a, b, work).second;
    if (work.is_void()) return 1;
    a = std::move(b);
    b = std::move(remainder);
  }
  a.is_negative_ = false;
  return a;
}

int compare(const BigInteger& a, const BigInteger& b) {
  if (a.is_negative_ != b.is_negative_) return a.is_negative_ ? -1 : 1;
  const int order = BigInteger::compare_limbs(a.limbs_, b.limbs_);
  return a.is_negative_ ? -order : order;
}

}  // namespace aha::reward::math
