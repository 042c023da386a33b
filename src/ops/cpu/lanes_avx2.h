// Sixteen floats in two AVX registers. Included inside the namespace of the instruction set.

struct F16 {
  __m256 low, high;
};

inline constexpr int kMaxTileRows = 6;  // 6 x 2 accumulators of 16 registers
inline constexpr int kPanelVectors = 1;

#define AHA_LANES static inline __attribute__((always_inline))

AHA_LANES F16 zero() { return {_mm256_setzero_ps(), _mm256_setzero_ps()}; }
AHA_LANES F16 all(float x) { return {_mm256_set1_ps(x), _mm256_set1_ps(x)}; }
AHA_LANES F16 all(Pair x) {
  const __m256 half = _mm256_castsi256_ps(_mm256_set1_epi32(static_cast<int>(x)));
  return {half, half};
}
AHA_LANES F16 load(const float* p) { return {_mm256_loadu_ps(p), _mm256_loadu_ps(p + 8)}; }
AHA_LANES F16 load(const Pair* p) { return load(reinterpret_cast<const float*>(p)); }
AHA_LANES F16 load_part(const float* p, int64_t count, float fill) {
  alignas(32) float part[16];
  for (int i = 0; i < 16; ++i) part[i] = i < count ? p[i] : fill;
  return load(part);
}
AHA_LANES void store(float* p, F16 x) {
  _mm256_storeu_ps(p, x.low);
  _mm256_storeu_ps(p + 8, x.high);
}
AHA_LANES void store(Pair* p, F16 x) { store(reinterpret_cast<float*>(p), x); }
AHA_LANES void store_part(float* p, int64_t count, F16 x) {
  alignas(32) float part[16];
  store(part, x);
  for (int64_t i = 0; i < count; ++i) p[i] = part[i];
}
/// Sixteen numbers of bfloat16; the earlier and the later number of sixteen pairs.
AHA_LANES __m256 widen_half(const uint16_t* p) {
  const __m128i numbers = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
  return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(numbers), 16));
}
AHA_LANES F16 widen(const uint16_t* p) { return {widen_half(p), widen_half(p + 8)}; }
AHA_LANES __m256 low_half(__m256 x) { return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_castps_si256(x), 16)); }
AHA_LANES F16 widen_low(F16 x) { return {low_half(x.low), low_half(x.high)}; }
AHA_LANES F16 widen_high(F16 x) {
  const __m256 upper = _mm256_castsi256_ps(_mm256_set1_epi32(-65536));
  return {_mm256_and_ps(x.low, upper), _mm256_and_ps(x.high, upper)};
}
AHA_LANES F16 add(F16 a, F16 b) { return {_mm256_add_ps(a.low, b.low), _mm256_add_ps(a.high, b.high)}; }
AHA_LANES F16 sub(F16 a, F16 b) { return {_mm256_sub_ps(a.low, b.low), _mm256_sub_ps(a.high, b.high)}; }
AHA_LANES F16 mul(F16 a, F16 b) { return {_mm256_mul_ps(a.low, b.low), _mm256_mul_ps(a.high, b.high)}; }
AHA_LANES F16 div(F16 a, F16 b) { return {_mm256_div_ps(a.low, b.low), _mm256_div_ps(a.high, b.high)}; }
AHA_LANES F16 fma(F16 a, F16 b, F16 c) {
  return {_mm256_fmadd_ps(a.low, b.low, c.low), _mm256_fmadd_ps(a.high, b.high, c.high)};
}
// Where one operand is not a number, max and min return b.
AHA_LANES F16 max(F16 a, F16 b) { return {_mm256_max_ps(a.low, b.low), _mm256_max_ps(a.high, b.high)}; }
AHA_LANES F16 min(F16 a, F16 b) { return {_mm256_min_ps(a.low, b.low), _mm256_min_ps(a.high, b.high)}; }
AHA_LANES __m256 round_half(__m256 x) { return _mm256_round_ps(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC); }
AHA_LANES F16 round(F16 x) { return {round_half(x.low), round_half(x.high)}; }

// Two factors, the first exact, so that results below the normal range round once.
AHA_LANES __m256 scale_half(__m256 x, __m256 n) {
  const __m256i power = _mm256_cvtps_epi32(n);
  const __m256i first = _mm256_srai_epi32(power, 1);
  const __m256i second = _mm256_sub_epi32(power, first);
  const __m256i bias = _mm256_set1_epi32(127);
  const __m256 factor1 = _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_add_epi32(first, bias), 23));
  const __m256 factor2 = _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_add_epi32(second, bias), 23));
  return _mm256_mul_ps(_mm256_mul_ps(x, factor1), factor2);
}
/// x · 2^n for integral n, |n| < 252 and x near 1, rounded once.
AHA_LANES F16 scale_by_power(F16 x, F16 n) { return {scale_half(x.low, n.low), scale_half(x.high, n.high)}; }

AHA_LANES float sum_lanes(F16 x) {
  const __m256 eight = _mm256_add_ps(x.low, x.high);
  const __m128 four = _mm_add_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1));
  const __m128 two = _mm_add_ps(four, _mm_movehl_ps(four, four));
  return _mm_cvtss_f32(_mm_add_ss(two, _mm_movehdup_ps(two)));
}
AHA_LANES float max_lanes(F16 x) {
  const __m256 eight = _mm256_max_ps(x.low, x.high);
  const __m128 four = _mm_max_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1));
  const __m128 two = _mm_max_ps(four, _mm_movehl_ps(four, four));
  return _mm_cvtss_f32(_mm_max_ss(two, _mm_movehdup_ps(two)));
}

// Sixteen bytes of each of eight rows, turned.
template <class Number>
AHA_LANES void load_half_columns(const Number* from, int64_t stride, __m256 (&column)[4]) {
  const auto quad = [from, stride](int i) { return _mm_loadu_ps(reinterpret_cast<const float*>(from + i * stride)); };
  __m256 x[4];
  for (int i = 0; i < 4; ++i) x[i] = _mm256_insertf128_ps(_mm256_castps128_ps256(quad(i)), quad(i + 4), 1);
  const __m256d low01 = _mm256_castps_pd(_mm256_unpacklo_ps(x[0], x[1]));
  const __m256d high01 = _mm256_castps_pd(_mm256_unpackhi_ps(x[0], x[1]));
  const __m256d low23 = _mm256_castps_pd(_mm256_unpacklo_ps(x[2], x[3]));
  const __m256d high23 = _mm256_castps_pd(_mm256_unpackhi_ps(x[2], x[3]));
  column[0] = _mm256_castpd_ps(_mm256_unpacklo_pd(low01, low23));
  column[1] = _mm256_castpd_ps(_mm256_unpackhi_pd(low01, low23));
  column[2] = _mm256_castpd_ps(_mm256_unpacklo_pd(high01, high23));
  column[3] = _mm256_castpd_ps(_mm256_unpackhi_pd(high01, high23));
}

/// Sixteen bytes of each of sixteen rows, as four columns of floats or pairs.
template <class Number>
AHA_LANES void load_columns(const Number* from, int64_t stride, F16 (&column)[4]) {
  __m256 low[4], high[4];
  load_half_columns(from, stride, low);
  load_half_columns(from + 8 * stride, stride, high);
  for (int i = 0; i < 4; ++i) column[i] = {low[i], high[i]};
}
