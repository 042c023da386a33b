// Numbers rounded to bfloat16 in pairs along k. Included inside the namespace of an instruction set.

// To nearest, ties to even; what is not a number stays so.
AHA_LANES uint32_t rounded(float x) {
  const uint32_t bits = __builtin_bit_cast(uint32_t, x);
  return x == x ? (bits + 0x7fff + (bits >> 16 & 1)) >> 16 : 0x7fc0;
}

static void round_pairs(const float* x, int64_t k, Pair* pairs) {
  for (int64_t i = 0; i < k / 2; ++i) pairs[i] = rounded(x[2 * i]) | rounded(x[2 * i + 1]) << 16;
  if (k % 2 != 0) pairs[k / 2] = rounded(x[k - 1]);
}

// Sixteen columns of B, stored as rows of W; absent ones are zero.
static void pack_pair_columns(const float* weight, int64_t ld, int64_t k, int64_t columns, Pair* panel) {
  for (int64_t row = 0; row < k; row += 32) {
    const int64_t depth = k - row < 32 ? k - row : 32, num_pairs = (depth + 1) / 2;
    alignas(64) Pair pairs[16 * 16] = {};
    for (int64_t i = 0; i < columns; ++i) round_pairs(weight + i * ld + row, depth, pairs + 16 * i);
    F16 column[4];
    for (int64_t first = 0; first < num_pairs; first += 4) {
      load_columns(pairs + first, 16, column);
      for (int64_t i = 0; i < 4 && first + i < num_pairs; ++i)
        store(panel + (row / 2 + first + i) * kPanelWidth, column[i]);
    }
  }
}

static void pack_pairs(const float* weight, int64_t ld, int64_t k, int64_t n, Pair* panels, int64_t panel_stride) {
  for (int64_t first = 0; first < n; first += kPanelWidth, panels += panel_stride) {
    for (int64_t j = 0; j < kPanelWidth; j += 16) {
      const int64_t left = n - first - j, columns = left < 0 ? 0 : left < 16 ? left : 16;
      pack_pair_columns(weight + (first + j) * ld, ld, k, columns, panels + j);
    }
  }
}
