// Numbers rounded to bfloat16 in pairs along k. Included inside the namespace of an instruction set.

static void round_pairs(const float* x, int64_t k, Pair* pairs) {
  int64_t i = 0;
  for (; i + 32 <= k; i += 32) pair_neighbours(x + i, pairs + i / 2);
  if (i == k) return;
  float rest[32] = {};
  Pair rounded_rest[16];
  for (int64_t j = 0; j < k - i; ++j) rest[j] = x[i + j];
  pair_neighbours(rest, rounded_rest);
  for (int64_t j = 0; j < (k - i + 1) / 2; ++j) pairs[i / 2 + j] = rounded_rest[j];
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

// Two rows side by side, `count` columns, zeros up to `width`; there may be no second one.
static void pack_two_rows(const float* first, const float* second, int64_t count, int64_t width, Pair* pairs) {
  int64_t j = 0;
  if (second)
    for (; j + 16 <= count; j += 16) pair_rows(first + j, second + j, pairs + j);
  for (; j < width; j += 16) {
    float x[16] = {}, y[16] = {};
    Pair joined[16];
    for (int64_t i = 0; i < 16 && j + i < count; ++i) {
      x[i] = first[j + i];
      if (second) y[i] = second[j + i];
    }
    pair_rows(x, y, joined);
    for (int64_t i = 0; i < 16 && j + i < width; ++i) pairs[j + i] = joined[i];
  }
}

static void pack_pair_rows(const float* b, int64_t ldb, int64_t k, int64_t n, int64_t width, Pair* panels,
                           int64_t panel_stride) {
  for (int64_t row = 0; row < k; row += 2, b += 2 * ldb) {
    const float* second = row + 1 < k ? b + ldb : nullptr;
    Pair* pairs = panels + row / 2 * width;
    for (int64_t j = 0; j < n; j += width, pairs += panel_stride)
      pack_two_rows(b + j, second ? second + j : nullptr, n - j < width ? n - j : width, width, pairs);
  }
}
