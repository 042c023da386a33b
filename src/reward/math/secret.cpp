// The secret is drawn once from the system; names are mixed in by a keyed hash.
#include "reward/math/secret.h"

#include <random>

namespace aha::reward::math {
namespace {

// splitmix64's finish: every bit of the input moves every bit of the output.
uint64_t mixed(uint64_t value) {
  value = (value ^ value >> 30) * 0xbf58476d1ce4e5b9;
  value = (value ^ value >> 27) * 0x94d049bb133111eb;
  return value ^ value >> 31;
}

uint64_t process_secret() {
  static const uint64_t secret = [] {
    std::random_device device;
    return uint64_t{device()} << 32 | device();
  }();
  return secret;
}

}  // namespace

uint64_t secret_number(std::string_view name, uint64_t count) {
  uint64_t state = mixed(process_secret() + 0x9e3779b97f4a7c15 * (count + 1));
  for (const char c : name) state = mixed(state ^ static_cast<unsigned char>(c)) + 0x9e3779b97f4a7c15;
  return mixed(state ^ process_secret());
}

}  // namespace aha::reward::math
