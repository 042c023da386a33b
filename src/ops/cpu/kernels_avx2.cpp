// The CPU kernels for AVX2.
#include "ops/cpu/kernels.h"

#ifdef __AVX2__
#include <immintrin.h>

namespace aha::ops::avx2 {
#include "ops/cpu/lanes_avx2.h"

#include "ops/cpu/lanes_pair.h"

// Written on those lanes, each on those before.
#include "ops/cpu/tile_body.h"

#include "ops/cpu/pair_body.h"

#include "ops/cpu/pack_body.h"

#include "ops/cpu/turned_body.h"

#include "ops/cpu/math_body.h"
}  // namespace aha::ops::avx2

namespace aha::ops {
const CpuKernels* avx2_kernels() {
  static constexpr CpuKernels kKernels = AHA_CPU_KERNELS("AVX2", avx2);
  return &kKernels;
}
}  // namespace aha::ops
#else
namespace aha::ops {
const CpuKernels* avx2_kernels() { return nullptr; }
}  // namespace aha::ops
#endif
