// Sixteen floats as four vectors of four, in the compiler's own vector type: any machine.
// Included inside the namespace of the instruction set.

typedef float F4 __attribute__((vector_size(16), aligned(4), may_alias));
typedef int32_t I4 __attribute__((vector_size(16)));
typedef uint32_t U4 __attribute__((vector_size(16)));

struct F16 {
  F4 part[4];
};

inline constexpr int kMaxTileRows = 2;
inline constexpr int kPanelVectors = 1;

#define AHA_LANES static inline __attribute__((always_inline))

template <class Function>
AHA_LANES F16 each(Function function) {
  return {{function(0), function(1), function(2), function(3)}};
}

AHA_LANES F16 all(float x) {
  return each([&](int) { return F4{x, x, x, x}; });
}
AHA_LANES F16 all(Pair x) {
  return each([&](int) { return reinterpret_cast<F4>(U4{x, x, x, x}); });
}
AHA_LANES F16 zero() { return all(0.0f); }
AHA_LANES F16 load(const float* p) {
  return each([&](int i) { return reinterpret_cast<const F4*>(p)[i]; });
}
AHA_LANES F16 load(const Pair* p) { return load(reinterpret_cast<const float*>(p)); }
AHA_LANES F16 load_part(const float* p, int64_t count, float fill) {
  float part[16];
  for (int i = 0; i < 16; ++i) part[i] = i < count ? p[i] : fill;
  return load(part);
}
AHA_LANES void store(float* p, F16 x) {
  for (int i = 0; i < 4; ++i) reinterpret_cast<F4*>(p)[i] = x.part[i];
}
AHA_LANES void store(Pair* p, F16 x) { store(reinterpret_cast<float*>(p), x); }
AHA_LANES void store_part(float* p, int64_t count, F16 x) {
  float part[16];
  store(part, x);
  for (int64_t i = 0; i < count; ++i) p[i] = part[i];
}
/// Sixteen numbers of bfloat16; the earlier and the later number of sixteen pairs.
AHA_LANES F16 widen(const uint16_t* p) {
  const auto at = [p](int i) { return static_cast<uint32_t>(p[i]) << 16; };
  return each([&](int i) { return reinterpret_cast<F4>(U4{at(4 * i), at(4 * i + 1), at(4 * i + 2), at(4 * i + 3)}); });
}
AHA_LANES F16 widen_low(F16 x) {
  return each([&](int i) { return reinterpret_cast<F4>(reinterpret_cast<U4>(x.part[i]) << 16); });
}
AHA_LANES F16 widen_high(F16 x) {
  return each([&](int i) { return reinterpret_cast<F4>(reinterpret_cast<U4>(x.part[i]) & 0xffff0000u); });
}
AHA_LANES F16 add(F16 a, F16 b) {
  return each([&](int i) { return a.part[i] + b.part[i]; });
}
AHA_LANES F16 sub(F16 a, F16 b) {
  return each([&](int i) { return a.part[i] - b.part[i]; });
}
AHA_LANES F16 mul(F16 a, F16 b) {
  return each([&](int i) { return a.part[i] * b.part[i]; });
}
AHA_LANES F16 div(F16 a, F16 b) {
  return each([&](int i) { return a.part[i] / b.part[i]; });
}
AHA_LANES F16 fma(F16 a, F16 b, F16 c) { return add(mul(a, b), c); }
// Where one operand is not a number, max and min return b.
AHA_LANES F16 max(F16 a, F16 b) {
  return each([&](int i) { return a.part[i] > b.part[i] ? a.part[i] : b.part[i]; });
}
AHA_LANES F16 min(F16 a, F16 b) {
  return each([&](int i) { return a.part[i] < b.part[i] ? a.part[i] : b.part[i]; });
}
/// To the nearest integer, ties to even; |x| < 2^22.
AHA_LANES F16 round(F16 x) {
  const F16 magic = all(12582912.0f);  // 1.5 · 2^23: the sum has no room for a fraction
  return sub(add(x, magic), magic);
}

// Two factors, the first exact, so that results below the normal range round once.
AHA_LANES F4 scale_part(F4 x, F4 n) {
  const I4 power = __builtin_convertvector(n, I4);
  const I4 first = power >> 1;
  const I4 second = power - first;
  return x * reinterpret_cast<F4>((first + 127) << 23) * reinterpret_cast<F4>((second + 127) << 23);
}
/// x · 2^n for integral n, |n| < 252 and x near 1, rounded once.
AHA_LANES F16 scale_by_power(F16 x, F16 n) {
  return each([&](int i) { return scale_part(x.part[i], n.part[i]); });
}

AHA_LANES float sum_lanes(F16 x) {
  const F4 four = (x.part[0] + x.part[2]) + (x.part[1] + x.part[3]);
  return (four[0] + four[2]) + (four[1] + four[3]);
}
AHA_LANES float max_lanes(F16 x) {
  float lane[16];
  store(lane, x);
  float largest = lane[0];
  for (int i = 1; i < 16; ++i) largest = lane[i] > largest ? lane[i] : largest;
  return largest;
}

/// Sixteen bytes of each of sixteen rows, as four columns of floats or pairs.
template <class Number>
AHA_LANES void load_columns(const Number* from, int64_t stride, F16 (&column)[4]) {
  for (int part = 0; part < 4; ++part) {
    float row[4][4];
    for (int i = 0; i < 4; ++i) __builtin_memcpy(row[i], from + (4 * part + i) * stride, sizeof(row[i]));
    for (int i = 0; i < 4; ++i) column[i].part[part] = F4{row[0][i], row[1][i], row[2][i], row[3][i]};
  }
}
