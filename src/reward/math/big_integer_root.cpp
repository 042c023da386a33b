// Powers and roots of integers.
#include "reward/math/big_integer.h"

namespace aha::reward::math {

BigInteger power(const BigInteger& base, uint64_t exponent, Work& work) {
  BigInteger result = 1, square = base;
  while (exponent > 0 && !work.is_void()) {
    if (exponent & 1) result = multiply(result, square, work);
    exponent >>= 1;
    if (exponent > 0) square = multiply(square, square, work);
  }
  return result;
}

BigInteger floor_root(const BigInteger& value, uint32_t degree, Work& work) {
  if (value.is_zero() || value.is_one() || degree == 1) return value;
  // Newton from above falls until it reaches the floor of the root.
  BigInteger root = power(2, static_cast<uint64_t>((value.bit_length() + degree - 1) / degree), work);
  while (!work.is_void()) {
    const BigInteger quotient = divide(value, power(root, degree - 1, work), work).first;
    const BigInteger weighted = add(multiply(root, degree - 1, work), quotient, work);
    BigInteger next = divide(weighted, degree, work).first;
    if (compare(next, root) >= 0) break;
    root = std::move(next);
  }
  return root;
}

std::optional<BigInteger> exact_root(const BigInteger& value, uint32_t degree, Work& work) {
  BigInteger root = floor_root(value, degree, work);
  if (work.is_void() || !(power(root, degree, work) == value)) return std::nullopt;
  return root;
}

}  // namespace aha::reward::math
