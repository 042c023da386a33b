// What an expression leaves modulo a secret prime.
#pragma once
#include <cstdint>
#include <optional>
#include <vector>

#include "reward/math/expression.h"
#include "reward/math/value.h"

namespace aha::reward::math {

/// A prime p of 59 or 60 bits with p ≡ 1 (mod 4), where a secret prime of 47 bits divides p - 1: an exponent that
/// nobody wrote for this p is no multiple of that.
struct SecretPrime {
  uint64_t value;
  uint64_t imaginary_unit;  // its square is -1
};

constexpr int kNumSecretPrimes = 3;
/// The same for the whole run of the program.
const SecretPrime& secret_prime(int index);

/// Whole numbers, i, sums, products, quotients, whole powers, factorials and binomials; each free variable, and π and
/// e, is a secret residue. Different residues belong to different expressions (where not both π and e occur); the same
/// three residues do so with a probability below 2^-100. Null where the expression holds anything else.
std::optional<uint64_t> residue(const Expression& expression, const std::vector<Value>& values, int32_t index,
                                const SecretPrime& prime, Work& work);

}  // namespace aha::reward::math
