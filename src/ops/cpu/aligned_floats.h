// Floats on a cache line boundary, where loads of a whole panel row cross no line.
#pragma once
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <new>

namespace aha::ops {

struct FreeFloats {
  void operator()(const float* p) const { std::free(const_cast<float*>(p)); }
};

inline float* allocate_floats(int64_t count) {
  const size_t bytes = (static_cast<size_t>(count) * sizeof(float) + 63) / 64 * 64;
  void* p = std::aligned_alloc(64, bytes > 0 ? bytes : 64);
  if (!p) throw std::bad_alloc();
  return static_cast<float*>(p);
}

}  // namespace aha::ops
