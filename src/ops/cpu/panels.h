// Room for panels and for rounded rows, kept by each thread.
#pragma once
#include <cstdint>

#include "ops/cpu/aligned_numbers.h"
#include "ops/cpu/kernels.h"

namespace aha::ops {

inline int64_t panels_of(int64_t n, int64_t width) { return (n + width - 1) / width; }
inline int64_t pairs_of(int64_t k) { return (k + 1) / 2; }

inline float* room_for_panels(int64_t count) {
  thread_local Scratch<float> scratch;
  return scratch.at_least(count);
}

/// m rows of x in pairs, side by side; valid until the next call of this thread.
inline const Pair* rounded_rows(const PairKernels& kernels, const float* x, int64_t ldx, int64_t m, int64_t k) {
  thread_local Scratch<Pair> scratch;
  Pair* pairs = scratch.at_least(m * pairs_of(k));
  for (int64_t i = 0; i < m; ++i) kernels.round(x + i * ldx, k, pairs + i * pairs_of(k));
  return pairs;
}

}  // namespace aha::ops
