// The CPU kernels for AVX-512.
#include "ops/cpu/kernels.h"

#ifdef __AVX512F__
#include <immintrin.h>

namespace aha::ops::avx512 {
#include "ops/cpu/lanes_avx512.h"

#include "ops/cpu/lanes_pair.h"

// Written on those lanes, each on those before.
#include "ops/cpu/tile_body.h"

#include "ops/cpu/pair_body.h"

#include "ops/cpu/pack_body.h"

#include "ops/cpu/turned_body.h"

#include "ops/cpu/math_body.h"
}  // namespace aha::ops::avx512

namespace aha::ops {
const CpuKernels* avx512_kernels() {
  static constexpr CpuKernels kKernels = AHA_CPU_KERNELS("AVX-512", avx512);
  return &kKernels;
}
}  // namespace aha::ops
#else
namespace aha::ops {
const CpuKernels* avx512_kernels() { return nullptr; }
}  // namespace aha::ops
#endif
