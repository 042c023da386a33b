// Pairs where no instruction makes or multiplies them. Included inside the namespace of the instruction set.

// Both numbers widened, the earlier one first.
AHA_LANES F16 add_pair(F16 x, F16 y, F16 sum) {
  return fma(widen_high(x), widen_high(y), fma(widen_low(x), widen_low(y), sum));
}

// To nearest, ties to even; what is not a number stays so.
AHA_LANES uint32_t rounded(float x) {
  const uint32_t bits = __builtin_bit_cast(uint32_t, x);
  return x == x ? (bits + 0x7fff + (bits >> 16 & 1)) >> 16 : 0x7fc0;
}

/// Thirty-two numbers to sixteen pairs: neighbours; and those of two rows of sixteen.
AHA_LANES void pair_neighbours(const float* x, Pair* pairs) {
  for (int i = 0; i < 16; ++i) pairs[i] = rounded(x[2 * i]) | rounded(x[2 * i + 1]) << 16;
}
AHA_LANES void pair_rows(const float* first, const float* second, Pair* pairs) {
  for (int i = 0; i < 16; ++i) pairs[i] = rounded(first[i]) | rounded(second[i]) << 16;
}
