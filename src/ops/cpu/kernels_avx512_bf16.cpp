// Products of bfloat16 numbers for AVX-512 with its BF16 instructions.
#include "ops/cpu/kernels.h"

#ifdef __AVX512BF16__
#include <immintrin.h>

namespace aha::ops::avx512_bf16 {
#include "ops/cpu/lanes_avx512.h"

AHA_LANES F16 add_pair(F16 x, F16 y, F16 sum) {
  return _mm512_dpbf16_ps(sum, reinterpret_cast<__m512bh>(x), reinterpret_cast<__m512bh>(y));
}

// Written on those lanes.
#include "ops/cpu/tile_body.h"

#include "ops/cpu/pair_body.h"
#include "ops/cpu/turned_body.h"

// The instruction takes numbers below the normal range for zero, as the products do.
static void round_row(const float* x, int64_t k, Pair* pairs) {
  int64_t i = 0;
  for (; i + 32 <= k; i += 32)
    _mm512_storeu_si512(pairs + i / 2, reinterpret_cast<__m512i>(_mm512_cvtne2ps_pbh(load(x + i + 16), load(x + i))));
  round_pairs(x + i, k - i, pairs + i / 2);
}
}  // namespace aha::ops::avx512_bf16

namespace aha::ops {
const PairKernels* avx512_bf16_kernels() {
  static constexpr PairKernels kKernels{.name = "AVX-512 with BF16",
                                        .panel_width = avx512_bf16::kPanelWidth,
                                        .round = avx512_bf16::round_row,
                                        .pack = avx512_bf16::pack_pairs,
                                        .multiply = avx512_bf16::multiply<Pair, Pair>,
                                        .multiply_turned = avx512_bf16::multiply_turned<Pair, uint16_t>};
  return &kKernels;
}
}  // namespace aha::ops
#else
namespace aha::ops {
const PairKernels* avx512_bf16_kernels() { return nullptr; }
}  // namespace aha::ops
#endif
