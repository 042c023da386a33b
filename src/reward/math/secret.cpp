// The secret is drawn once from the system, unless a run gives one; names are mixed in by a keyed hash.
#include "reward/math/secret.h"

#include <atomic>
#include <random>

#include "aha/reward/reward.h"

namespace aha::reward::math {
namespace {

// splitmix64's finish: every bit of the input moves every bit of the output.
uint64_t mixed(uint64_t value) {
  value = (value ^ value >> 30) * 0xbf58476d1ce4e5b9;
  value = (value ^ value >> 27) * 0x94d049bb133111eb;
  return value ^ value >> 31;
}

std::atomic<uint64_t>& secret_in_use() {
  static std::atomic<uint64_t> secret = [] {
    std::random_device device;
    return uint64_t{device()} << 32 | device();
  }();
  return secret;
}

}  // namespace

uint64_t current_secret() { return secret_in_use(); }

uint64_t secret_number(std::string_view name, uint64_t count) {
  const uint64_t secret = current_secret();
  uint64_t state = mixed(secret + 0x9e3779b97f4a7c15 * (count + 1));
  for (const char c : name) state = mixed(state ^ static_cast<unsigned char>(c)) + 0x9e3779b97f4a7c15;
  return mixed(state ^ secret);
}

}  // namespace aha::reward::math

namespace aha::reward {

void set_verifier_secret(uint64_t secret) { math::secret_in_use() = math::mixed(secret); }

}  // namespace aha::reward
