// What the machine at hand can do at best: the yardstick of benchmarks.
#pragma once
#include <cstdint>

#include "aha/ops/cpu_gemm.h"

namespace aha::ops {

/// Bytes a second that `num_threads` threads together read from `bytes` of memory, each its own share of it over and
/// over again: the caches' speed or the memory's, by size. The best of several rounds; takes about 0.3 s, and longer
/// for gigabytes.
double read_bytes_per_second(int num_threads, int64_t bytes);

/// Floating-point operations a second of `num_threads` threads that each multiply matrices out of their own
/// second-level cache with PackedWeight (a multiply-add counts as two). The best of several rounds; takes about 0.2 s.
double gemm_flops_per_second(int num_threads, NumberType type);

}  // namespace aha::ops
