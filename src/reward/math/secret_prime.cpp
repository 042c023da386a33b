// Primes drawn from the secret in use.
#include <array>

#include "reward/math/modular.h"
#include "reward/math/residue.h"
#include "reward/math/secret.h"

namespace aha::reward::math {
namespace {

// Miller and Rabin's test; with these bases it is exact below 2^64 (Sorenson and Webster 2015).
bool is_prime(uint64_t n) {
  for (const uint64_t base : {2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37}) {
    if (n % base == 0) return n == base;
    uint64_t odd = n - 1;
    int twos = 0;
    for (; odd % 2 == 0; odd /= 2) ++twos;
    uint64_t power = power_modulo(base, odd, n);
    bool is_witness = power != 1 && power != n - 1;
    for (int i = 1; i < twos && is_witness; ++i) {
      power = multiply_modulo(power, power, n);
      is_witness = power != n - 1;
    }
    if (is_witness) return false;
  }
  return true;
}

SecretPrime draw(uint64_t seed) {
  uint64_t factor = (secret_number("prime factor", seed) >> 17 | uint64_t{1} << 46) | 1;  // 47 bits
  while (!is_prime(factor)) factor += 2;
  uint64_t multiplier = 4 * (1024 + secret_number("multiplier", seed) % 1024);
  while (!is_prime(factor * multiplier + 1)) multiplier += 4;
  const uint64_t prime = factor * multiplier + 1;
  // Half of all residues have no root; such a one to the power (p - 1) / 4 is a root of -1.
  for (uint64_t base = 2;; ++base) {
    const uint64_t root = power_modulo(base, (prime - 1) / 4, prime);
    if (multiply_modulo(root, root, prime) == prime - 1) return {prime, root};
  }
}

}  // namespace

const SecretPrime& secret_prime(int index) {
  thread_local uint64_t secret = 0;
  thread_local std::array<SecretPrime, kNumSecretPrimes> primes;
  if (primes[0].value == 0 || secret != current_secret()) {
    secret = current_secret();
    primes = {draw(0), draw(1), draw(2)};
  }
  return primes[static_cast<size_t>(index)];
}

}  // namespace aha::reward::math
