// Philox4x32-10 and what is drawn from it.
#include "aha/core/random.h"

#include <cmath>
#include <numbers>

#include "aha/core/error.h"

namespace aha {
namespace {

constexpr uint32_t kMultiply0 = 0xD2511F53, kMultiply1 = 0xCD9E8D57;
constexpr uint32_t kWeyl0 = 0x9E3779B9, kWeyl1 = 0xBB67AE85;
constexpr int kRounds = 10;
// bits() takes the blocks from here on, uniform_at() those below: they never share one.
constexpr uint32_t kFirstSequentialBlock = 0x80000000;

// A bijection of 64 bits in which every input bit moves about half of the output bits.
uint64_t mix(uint64_t x) {
  x += 0x9E3779B97F4A7C15;
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EB;
  return x ^ (x >> 31);
}

double to_uniform(uint32_t high, uint32_t low) {
  const uint64_t bits = (uint64_t{high} << 32 | low) >> 11;
  return static_cast<double>(bits) * 0x1p-53;
}

}  // namespace

std::array<uint32_t, 4> philox4x32(std::array<uint32_t, 4> counter, std::array<uint32_t, 2> key) {
  for (int round = 0; round < kRounds; ++round) {
    const uint64_t product0 = uint64_t{kMultiply0} * counter[0];
    const uint64_t product1 = uint64_t{kMultiply1} * counter[2];
    counter = {static_cast<uint32_t>(product1 >> 32) ^ counter[1] ^ key[0], static_cast<uint32_t>(product1),
               static_cast<uint32_t>(product0 >> 32) ^ counter[3] ^ key[1], static_cast<uint32_t>(product0)};
    key[0] += kWeyl0;
    key[1] += kWeyl1;
  }
  return counter;
}

uint64_t hash_name(std::string_view name) {
  uint64_t hash = 0xCBF29CE484222325;
  for (const char c : name) hash = (hash ^ static_cast<uint8_t>(c)) * 0x100000001B3;
  return hash;
}

Random::Random(uint64_t seed, std::string_view purpose, std::array<uint64_t, 3> place) {
  uint64_t key = mix(mix(seed) ^ hash_name(purpose));
  counter_[0] = kFirstSequentialBlock;
  for (size_t i = 0; i < place.size(); ++i) {
    counter_[i + 1] = static_cast<uint32_t>(place[i]);
    // The position is part of what is hashed: (2^32, 0, 0) is another place than (0, 2^32, 0).
    if (place[i] >> 32) key = mix(key ^ mix((place[i] >> 32) + (uint64_t{i + 1} << 32)));
  }
  key_ = {static_cast<uint32_t>(key), static_cast<uint32_t>(key >> 32)};
}

uint32_t Random::bits() {
  if (used_ == 4) {
    AHA_CHECK(counter_[0] != 0, "a stream holds 2^33 draws of bits(); take several streams");
    block_ = philox4x32(counter_, key_);
    ++counter_[0];
    used_ = 0;
  }
  return block_[used_++];
}

double Random::uniform() {
  const uint32_t high = bits();
  return to_uniform(high, bits());
}

double Random::uniform_at(uint32_t index) const {
  AHA_CHECK(index < kFirstSequentialBlock, "uniform_at takes indices below 2^31");
  const auto block = philox4x32({index, counter_[1], counter_[2], counter_[3]}, key_);
  return to_uniform(block[0], block[1]);
}

uint64_t Random::below(uint64_t n) {
  AHA_CHECK(n >= 1, "below(0) has no value to return");
  // Lemire's multiplication; the rejected low products are those that would favour some values.
  const uint64_t rejected = -n % n;
  while (true) {
    const uint64_t high = bits();
    const auto product = static_cast<unsigned __int128>(high << 32 | bits()) * n;
    if (static_cast<uint64_t>(product) >= rejected) return static_cast<uint64_t>(product >> 64);
  }
}

int64_t Random::between(int64_t low, int64_t high) {
  AHA_CHECK(low <= high, "between(" + std::to_string(low) + ", " + std::to_string(high) + ") is empty");
  const uint64_t count = static_cast<uint64_t>(high) - static_cast<uint64_t>(low) + 1;
  if (count == 0) {  // the whole range of 64 bits
    const uint64_t first = bits();
    return static_cast<int64_t>(first << 32 | bits());
  }
  return static_cast<int64_t>(static_cast<uint64_t>(low) + below(count));
}

bool Random::chance(double probability) { return uniform() < probability; }

double Random::normal() {
  const double radius = std::sqrt(-2.0 * std::log(1.0 - uniform()));  // 1 - u is in (0, 1]
  return radius * std::cos(2.0 * std::numbers::pi * uniform());
}

size_t Random::choose(const std::vector<double>& weights) {
  double sum = 0;
  for (const double weight : weights) {
    AHA_CHECK(weight >= 0, "weights must be at least 0, but one is " + std::to_string(weight));
    sum += weight;
  }
  AHA_CHECK(sum > 0 && std::isfinite(sum), "weights must have a positive finite sum");
  const double point = uniform() * sum;
  double passed = 0;
  size_t last = 0;
  for (size_t i = 0; i < weights.size(); ++i) {
    if (weights[i] == 0) continue;
    passed += weights[i];
    last = i;
    if (point < passed) break;
  }
  return last;  // rounding may leave the point at the very end: then the last weight that is not 0
}

}  // namespace aha
