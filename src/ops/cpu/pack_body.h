// B in panels: rows of kPanelWidth columns one after the other; bfloat16 from and to float32. Included inside the
// namespace of an instruction set.

AHA_LANES float widened(uint16_t x) { return __builtin_bit_cast(float, static_cast<uint32_t>(x) << 16); }
AHA_LANES float widened(float x) { return x; }

template <class Number>
static void pack_rows(const Number* b, int64_t ldb, int64_t k, int64_t columns, float* panel) {
  for (int64_t row = 0; row < k; ++row, b += ldb, panel += kPanelWidth) {
    if (columns == kPanelWidth) {
      for (int v = 0; v < kPanelVectors; ++v) store(panel + v * 16, read(b + v * 16));
    } else {
      for (int64_t j = 0; j < kPanelWidth; ++j) panel[j] = j < columns ? widened(b[j]) : 0.0f;
    }
  }
}

// Sixteen columns of B, as many of their rows as fill whole groups; returns how many.
AHA_LANES int64_t turn_columns(const float* b, int64_t ldb, int64_t k, float* panel) {
  F16 column[4];
  int64_t row = 0;
  for (; row + 4 <= k; row += 4) {
    load_columns(b + row, ldb, column);
    for (int i = 0; i < 4; ++i) store(panel + (row + i) * kPanelWidth, column[i]);
  }
  return row;
}

// Two numbers of bfloat16 travel as one.
AHA_LANES int64_t turn_columns(const uint16_t* b, int64_t ldb, int64_t k, float* panel) {
  F16 column[4];
  int64_t row = 0;
  for (; row + 8 <= k; row += 8) {
    load_columns(b + row, ldb, column);
    for (int i = 0; i < 4; ++i) {
      store(panel + (row + 2 * i) * kPanelWidth, widen_low(column[i]));
      store(panel + (row + 2 * i + 1) * kPanelWidth, widen_high(column[i]));
    }
  }
  return row;
}

template <class Number>
static void pack_transposed(const Number* b, int64_t ldb, int64_t k, int64_t columns, float* panel) {
  for (int64_t first = 0; first < kPanelWidth; first += 16) {
    int64_t row = first + 16 <= columns ? turn_columns(b + first * ldb, ldb, k, panel + first) : 0;
    for (; row < k; ++row) {
      for (int64_t j = first; j < first + 16; ++j)
        panel[row * kPanelWidth + j] = j < columns ? widened(b[j * ldb + row]) : 0.0f;
    }
  }
}

template <class Number>
static void pack(const Number* b, int64_t ldb, bool b_transposed, int64_t k, int64_t n, float* panels,
                 int64_t panel_stride) {
  for (int64_t j = 0; j < n; j += kPanelWidth, panels += panel_stride) {
    const int64_t columns = n - j < kPanelWidth ? n - j : kPanelWidth;
    if (b_transposed)
      pack_transposed(b + j * ldb, ldb, k, columns, panels);
    else
      pack_rows(b + j, ldb, k, columns, panels);
  }
}

static void round_numbers(const float* x, int64_t count, uint16_t* y) {
  for (int64_t i = 0; i < count; ++i) y[i] = static_cast<uint16_t>(rounded(x[i]));
}

static void widen_numbers(const uint16_t* x, int64_t count, float* y) {
  for (int64_t i = 0; i < count; ++i) y[i] = widened(x[i]);
}
