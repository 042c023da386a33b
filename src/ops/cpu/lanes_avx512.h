// Sixteen floats in one AVX-512 register. Included inside the namespace of the instruction set.

typedef __m512 F16;

inline constexpr int kMaxTileRows = 12;  // 12 x 2 accumulators of 32 registers
inline constexpr int kPanelVectors = 2;

#define AHA_LANES static inline __attribute__((always_inline))

AHA_LANES __mmask16 first_lanes(int64_t count) { return static_cast<__mmask16>((1u << count) - 1u); }
AHA_LANES F16 zero() { return _mm512_setzero_ps(); }
AHA_LANES F16 all(float x) { return _mm512_set1_ps(x); }
AHA_LANES F16 all(Pair x) { return _mm512_castsi512_ps(_mm512_set1_epi32(static_cast<int>(x))); }
AHA_LANES F16 load(const float* p) { return _mm512_loadu_ps(p); }
AHA_LANES F16 load(const Pair* p) { return _mm512_loadu_ps(p); }
AHA_LANES F16 load_part(const float* p, int64_t count, float fill) {
  return _mm512_mask_loadu_ps(all(fill), first_lanes(count), p);
}
AHA_LANES void store(float* p, F16 x) { _mm512_storeu_ps(p, x); }
AHA_LANES void store(Pair* p, F16 x) { _mm512_storeu_ps(p, x); }
AHA_LANES void store_part(float* p, int64_t count, F16 x) { _mm512_mask_storeu_ps(p, first_lanes(count), x); }
/// Sixteen numbers of bfloat16; the earlier and the later number of sixteen pairs.
AHA_LANES F16 widen(const uint16_t* p) {
  const __m256i half = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p));
  return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(half), 16));
}
AHA_LANES F16 widen_low(F16 x) { return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_castps_si512(x), 16)); }
AHA_LANES F16 widen_high(F16 x) {
  return _mm512_castsi512_ps(_mm512_and_si512(_mm512_castps_si512(x), _mm512_set1_epi32(-65536)));
}
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

// Sixteen bytes of each of four rows that are four apart.
template <class Number>
AHA_LANES F16 load_quads(const Number* p, int64_t stride) {
  const auto quad = [p, stride](int i) { return _mm_loadu_ps(reinterpret_cast<const float*>(p + 4 * i * stride)); };
  F16 x = _mm512_castps128_ps512(quad(0));
  x = _mm512_insertf32x4(x, quad(1), 1);
  x = _mm512_insertf32x4(x, quad(2), 2);
  return _mm512_insertf32x4(x, quad(3), 3);
}

/// Sixteen bytes of each of sixteen rows, as four columns of floats or pairs. The loads bring the rows' quads where
/// they belong; two interleavings turn each 4 x 4.
template <class Number>
AHA_LANES void load_columns(const Number* from, int64_t stride, F16 (&column)[4]) {
  F16 x[4];
#pragma GCC unroll 4
  for (int i = 0; i < 4; ++i) x[i] = load_quads(from + i * stride, stride);
  const __m512d low01 = _mm512_castps_pd(_mm512_unpacklo_ps(x[0], x[1]));
  const __m512d high01 = _mm512_castps_pd(_mm512_unpackhi_ps(x[0], x[1]));
  const __m512d low23 = _mm512_castps_pd(_mm512_unpacklo_ps(x[2], x[3]));
  const __m512d high23 = _mm512_castps_pd(_mm512_unpackhi_ps(x[2], x[3]));
  column[0] = _mm512_castpd_ps(_mm512_unpacklo_pd(low01, low23));
  column[1] = _mm512_castpd_ps(_mm512_unpackhi_pd(low01, low23));
  column[2] = _mm512_castpd_ps(_mm512_unpacklo_pd(high01, high23));
  column[3] = _mm512_castpd_ps(_mm512_unpackhi_pd(high01, high23));
}
