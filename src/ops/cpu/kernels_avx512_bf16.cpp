// Products of bfloat16 numbers for AVX-512 with its BF16 instructions.
#include "ops/cpu/kernels.h"

#ifdef __AVX512BF16__
#include <immintrin.h>

namespace aha::ops::avx512_bf16 {
#include "ops/cpu/lanes_avx512.h"

AHA_LANES F16 add_pair(F16 x, F16 y, F16 sum) {
  return _mm512_dpbf16_ps(sum, reinterpret_cast<__m512bh>(x), reinterpret_cast<__m512bh>(y));
}

// The instructions take numbers below the normal range for zero, as the products do.
AHA_LANES void pair_neighbours(const float* x, Pair* pairs) {
  _mm512_storeu_si512(pairs, reinterpret_cast<__m512i>(_mm512_cvtne2ps_pbh(load(x + 16), load(x))));
}
AHA_LANES __m512i rounded(const float* x) {
  return _mm512_cvtepu16_epi32(reinterpret_cast<__m256i>(_mm512_cvtneps_pbh(load(x))));
}
AHA_LANES void pair_rows(const float* first, const float* second, Pair* pairs) {
  _mm512_storeu_si512(pairs, _mm512_or_si512(rounded(first), _mm512_slli_epi32(rounded(second), 16)));
}

// Written on those lanes.
#include "ops/cpu/tile_body.h"

#include "ops/cpu/pair_body.h"
#include "ops/cpu/turned_body.h"
}  // namespace aha::ops::avx512_bf16

namespace aha::ops {
const PairKernels* avx512_bf16_kernels() {
  static constexpr PairKernels kKernels{.name = "AVX-512 with BF16",
                                        .panel_width = avx512_bf16::kPanelWidth,
                                        .round = avx512_bf16::round_pairs,
                                        .pack = avx512_bf16::pack_pairs,
                                        .pack_rows = avx512_bf16::pack_pair_rows,
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
