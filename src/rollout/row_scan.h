// Maxima and sums of a row, block by block, written so that compilers use vectors for them.
#pragma once
#include <cstdint>
#include <cstring>

namespace aha::rollout {

inline constexpr int64_t kScanBlock = 64;

// Compilers leave a maximum in scalars, unlike a sum, unless told otherwise.
typedef float FourFloats __attribute__((vector_size(16)));

/// Of x[0, 64); not for values that are no numbers.
inline float block_max(const float* x) {
  FourFloats largest[4];
  std::memcpy(largest, x, sizeof(largest));
  for (int i = 16; i < kScanBlock; i += 16) {
    FourFloats next[4];
    std::memcpy(next, x + i, sizeof(next));
    for (int l = 0; l < 4; ++l) largest[l] = largest[l] > next[l] ? largest[l] : next[l];
  }
  for (int l = 0; l < 2; ++l) largest[l] = largest[l] > largest[l + 2] ? largest[l] : largest[l + 2];
  const FourFloats four = largest[0] > largest[1] ? largest[0] : largest[1];
  const float even = four[0] > four[2] ? four[0] : four[2], odd = four[1] > four[3] ? four[1] : four[3];
  return even > odd ? even : odd;
}

/// Of a last block that is not full.
inline float part_max(const float* x, int64_t count) {
  float largest = x[0];
  for (int64_t i = 1; i < count; ++i) largest = largest > x[i] ? largest : x[i];
  return largest;
}

/// Of x[0, 64), in eight lanes.
inline double block_sum(const float* x) {
  double lane[8] = {};
  for (int i = 0; i < kScanBlock; i += 8) {
    for (int l = 0; l < 8; ++l) lane[l] += static_cast<double>(x[i + l]);
  }
  return ((lane[0] + lane[1]) + (lane[2] + lane[3])) + ((lane[4] + lane[5]) + (lane[6] + lane[7]));
}

/// How far two double sums of `count` probabilities, added in different orders, may lie apart.
inline double sum_margin(int64_t count) { return 0x1p-50 * static_cast<double>(count); }

}  // namespace aha::rollout
