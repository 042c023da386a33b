// Sixteen floats in one AVX-512 register. Included inside the namespace of the instruction set.

typedef __m512 F16;

inline constexpr int kMaxTileRows = 12;  // 12 x 2 accumulators of 32 registers
inline constexpr int kPanelVectors = 2;

#define AHA_LANES static inline __attribute__((always_inline))

AHA_LANES __mmask16 first_lanes(int64_t count) { return static_cast<__mmask16>((1u << count) - 1u); }
AHA_LANES F16 zero() { return _mm512_setzero_ps(); }
AHA_LANES F16 all(float x) { return _mm512_set1_ps(x); }
AHA_LANES F16 load(const float* p) { return _mm512_loadu_ps(p); }
AHA_LANES F16 load_part(const float* p, int64_t count, float fill) {
  return _mm512_mask_loadu_ps(all(fill), first_lanes(count), p);
}
AHA_LANES void store(float* p, F16 x) { _mm512_storeu_ps(p, x); }
AHA_LANES void store_part(float* p, int64_t count, F16 x) { _mm512_mask_storeu_ps(p, first_lanes(count), x); }
AHA_LANES F16 add(F16 a, F16 b) { return _mm512_add_ps(a, b); }
AHA_LANES F16 sub(F16 a, F16 b) { return _mm512_sub_ps(a, b); }
AHA_LANES F16 mul(F16 a, F16 b) { return _mm512_mul_ps(a, b); }
AHA_LANES F16 div(F16 a, F16 b) { return _mm512_div_ps(a, b); }
AHA_LANES F16 fma(F16 a, F16 b, F16 c) { return _mm512_fmadd_ps(a, b, c); }
// Where one operand is not a number, max and min return b.
AHA_LANES F16 max(F16 a, F16 b) { return _mm512_max_ps(a, b); }
AHA_LANES F16 min(F16 a, F16 b) { return _mm512_min_ps(a, b); }
AHA_LANES F16 round(F16 x) { return _mm512_roundscale_ps(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC); }
/// x · 2^n for integral n, rounded once.
AHA_LANES F16 scale_by_power(F16 x, F16 n) { return _mm512_scalef_ps(x, n); }

AHA_LANES __m256 upper_half(F16 x) { return _mm256_castpd_ps(_mm512_extractf64x4_pd(_mm512_castps_pd(x), 1)); }
AHA_LANES float sum_lanes(F16 x) {
  const __m256 eight = _mm256_add_ps(_mm512_castps512_ps256(x), upper_half(x));
  const __m128 four = _mm_add_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1));
  const __m128 two = _mm_add_ps(four, _mm_movehl_ps(four, four));
  return _mm_cvtss_f32(_mm_add_ss(two, _mm_movehdup_ps(two)));
}
AHA_LANES float max_lanes(F16 x) {
  const __m256 eight = _mm256_max_ps(_mm512_castps512_ps256(x), upper_half(x));
  const __m128 four = _mm_max_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1));
  const __m128 two = _mm_max_ps(four, _mm_movehl_ps(four, four));
  return _mm_cvtss_f32(_mm_max_ss(two, _mm_movehdup_ps(two)));
}

// Interleaving rows i and i + 8 four times over turns a 16 x 16 block.
AHA_LANES void interleave(const F16* in, F16* out) {
  const __m512i low = _mm512_setr_epi32(0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
  const __m512i high = _mm512_setr_epi32(8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
#pragma GCC unroll 8
  for (int i = 0; i < 8; ++i) {
    out[2 * i] = _mm512_permutex2var_ps(in[i], low, in[i + 8]);
    out[2 * i + 1] = _mm512_permutex2var_ps(in[i], high, in[i + 8]);
  }
}

AHA_LANES void transpose_block(const float* from, int64_t from_stride, float* to, int64_t to_stride) {
  F16 x[16], y[16];
#pragma GCC unroll 16
  for (int i = 0; i < 16; ++i) x[i] = load(from + i * from_stride);
  interleave(x, y);
  interleave(y, x);
  interleave(x, y);
  interleave(y, x);
#pragma GCC unroll 16
  for (int i = 0; i < 16; ++i) store(to + i * to_stride, x[i]);
}
