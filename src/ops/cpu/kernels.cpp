// Chooses the CPU kernels of the machine at hand.
#include "ops/cpu/kernels.h"

namespace aha::ops {
namespace {

const CpuKernels& choose() {
#if defined(__x86_64__)
  __builtin_cpu_init();
  const bool has_avx512 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
                          __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw");
  if (has_avx512 && avx512_kernels()) return *avx512_kernels();
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && avx2_kernels()) return *avx2_kernels();
#endif
  return *portable_kernels();
}

const PairKernels& choose_pairs() {
#if defined(__x86_64__)
  const bool is_avx512 = &cpu_kernels() == avx512_kernels();
  if (is_avx512 && __builtin_cpu_supports("avx512bf16") && avx512_bf16_kernels()) return *avx512_bf16_kernels();
#endif
  return cpu_kernels().pairs;
}

}  // namespace

const CpuKernels& cpu_kernels() {
  static const CpuKernels& chosen = choose();
  return chosen;
}

const PairKernels& pair_kernels() {
  static const PairKernels& chosen = choose_pairs();
  return chosen;
}

}  // namespace aha::ops
