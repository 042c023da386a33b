// The CPU kernels for any machine.
#include "ops/cpu/kernels.h"

namespace aha::ops::portable {
#include "ops/cpu/lanes_portable.h"

// Written on those lanes.
#include "ops/cpu/gemm_body.h"
#include "ops/cpu/math_body.h"
}  // namespace aha::ops::portable

namespace aha::ops {
const CpuKernels* portable_kernels() {
  static constexpr CpuKernels kKernels = AHA_CPU_KERNELS("portable", portable);
  return &kKernels;
}
}  // namespace aha::ops
