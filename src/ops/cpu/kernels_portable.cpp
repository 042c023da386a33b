// The CPU kernels for any machine.
#include "ops/cpu/kernels.h"

namespace aha::ops::portable {
#include "ops/cpu/lanes_portable.h"

#include "ops/cpu/lanes_pair.h"

// Written on those lanes, each on those before.
#include "ops/cpu/tile_body.h"

#include "ops/cpu/pair_body.h"

#include "ops/cpu/pack_body.h"

#include "ops/cpu/turned_body.h"

#include "ops/cpu/math_body.h"
}  // namespace aha::ops::portable

namespace aha::ops {
const CpuKernels* portable_kernels() {
  static constexpr CpuKernels kKernels = AHA_CPU_KERNELS("portable", portable);
  return &kKernels;
}
}  // namespace aha::ops
