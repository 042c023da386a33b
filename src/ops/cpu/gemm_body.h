// Matrix product on panels, written on sixteen lanes. Included inside the namespace of an instruction set.

inline constexpr int kPanelWidth = kPanelVectors * 16;
using TileFunction = void (*)(const PanelProduct& p, int64_t row, int64_t panel, float* c, int64_t ldc);

// One step of k: sum += a's column · b's row. Holds the shorter of the two in registers.
template <int kRows, int kVectors>
AHA_LANES void add_outer_product(const float* a, int64_t row_step, const float* b, int64_t panel_stride,
                                 F16 (&sum)[kRows][kVectors]) {
  if constexpr (kVectors > kRows) {
    F16 x[kRows];
#pragma GCC unroll 12
    for (int i = 0; i < kRows; ++i) x[i] = all(a[i * row_step]);
#pragma GCC unroll 8
    for (int v = 0; v < kVectors; ++v) {
      const F16 y = load(b + v / kPanelVectors * panel_stride + v % kPanelVectors * 16);
#pragma GCC unroll 12
      for (int i = 0; i < kRows; ++i) sum[i][v] = fma(x[i], y, sum[i][v]);
    }
  } else {
    F16 y[kVectors];
#pragma GCC unroll 8
    for (int v = 0; v < kVectors; ++v) y[v] = load(b + v / kPanelVectors * panel_stride + v % kPanelVectors * 16);
#pragma GCC unroll 12
    for (int i = 0; i < kRows; ++i) {
      const F16 x = all(a[i * row_step]);
#pragma GCC unroll 8
      for (int v = 0; v < kVectors; ++v) sum[i][v] = fma(x, y[v], sum[i][v]);
    }
  }
}

// A tile of kRows x (kPanels · kPanelWidth) elements of C, held in registers over the whole of k.
template <int kRows, int kPanels, bool kTransposed>
static void multiply_tile(const PanelProduct& p, int64_t row, int64_t panel, float* c, int64_t ldc) {
  constexpr int kVectors = kPanels * kPanelVectors;
  const int64_t row_step = kTransposed ? 1 : p.lda, k_step = kTransposed ? p.lda : 1;
  const int64_t panel_stride = p.panel_stride;
  const float* a = p.a + row * row_step;
  const float* b = p.panels + panel * panel_stride;
  F16 sum[kRows][kVectors];
#pragma GCC unroll 12
  for (int i = 0; i < kRows; ++i)
#pragma GCC unroll 8
    for (int v = 0; v < kVectors; ++v) sum[i][v] = p.accumulate ? load(c + i * ldc + v * 16) : zero();

  for (int64_t k = p.k; k > 0; --k, a += k_step, b += kPanelWidth)
    add_outer_product<kRows, kVectors>(a, row_step, b, panel_stride, sum);

#pragma GCC unroll 12
  for (int i = 0; i < kRows; ++i)
#pragma GCC unroll 8
    for (int v = 0; v < kVectors; ++v) store(c + i * ldc + v * 16, sum[i][v]);
}

template <int kRows, int kPanels, bool kTransposed>
static TileFunction tile_with_rows(int64_t rows) {
  if constexpr (kRows > 1) {
    if (rows < kRows) return tile_with_rows<kRows - 1, kPanels, kTransposed>(rows);
  }
  return multiply_tile<kRows, kPanels, kTransposed>;
}

template <int kPanels>
static TileFunction tile_for(int64_t rows, bool transposed) {
  constexpr int kRows = kMaxTileRows / kPanels;
  return transposed ? tile_with_rows<kRows, kPanels, true>(rows) : tile_with_rows<kRows, kPanels, false>(rows);
}

// The last panel where it is not full: through a tile of its own, so that the same code makes the same chain.
static void multiply_last_panel(const PanelProduct& p, int64_t row, int64_t rows, int64_t panel) {
  alignas(64) float tile[kMaxTileRows * kPanelWidth] = {};
  const int64_t columns = p.n - panel * kPanelWidth;
  float* c = p.c + row * p.ldc + panel * kPanelWidth;
  if (p.accumulate) {
    for (int64_t i = 0; i < rows; ++i)
      for (int64_t j = 0; j < columns; ++j) tile[i * kPanelWidth + j] = c[i * p.ldc + j];
  }
  tile_for<1>(rows, p.a_transposed)(p, row, panel, tile, kPanelWidth);
  for (int64_t i = 0; i < rows; ++i)
    for (int64_t j = 0; j < columns; ++j) c[i * p.ldc + j] = tile[i * kPanelWidth + j];
}

template <int kPanels>
static int64_t multiply_panels(const PanelProduct& p, int64_t row, int64_t rows, int64_t panel) {
  const int64_t full = p.n / kPanelWidth;
  if (panel + kPanels > full) return panel;
  const TileFunction tile = tile_for<kPanels>(rows, p.a_transposed);
  for (; panel + kPanels <= full; panel += kPanels) tile(p, row, panel, p.c + row * p.ldc + panel * kPanelWidth, p.ldc);
  return panel;
}

// Few rows leave registers for several panels, whose independent chains hide the latency of the multiply-add.
static void multiply_rows(const PanelProduct& p, int64_t row, int64_t rows) {
  int64_t panel = 0;
  if constexpr (kMaxTileRows >= 4) {
    if (rows * 4 <= kMaxTileRows) panel = multiply_panels<4>(p, row, rows, panel);
  }
  if (rows * 2 <= kMaxTileRows) panel = multiply_panels<2>(p, row, rows, panel);
  panel = multiply_panels<1>(p, row, rows, panel);
  if (panel * kPanelWidth < p.n) multiply_last_panel(p, row, rows, panel);
}

static void multiply(const PanelProduct& p) {
  int64_t row = 0;
  for (int64_t tiles = (p.m + kMaxTileRows - 1) / kMaxTileRows; tiles > 0; --tiles) {
    const int64_t rows = (p.m - row + tiles - 1) / tiles;  // even shares: 13 rows are 7 + 6
    multiply_rows(p, row, rows);
    row += rows;
  }
}

static void pack_rows(const float* b, int64_t ldb, int64_t k, int64_t columns, float* panel) {
  for (int64_t row = 0; row < k; ++row, b += ldb, panel += kPanelWidth) {
    if (columns == kPanelWidth) {
      for (int v = 0; v < kPanelVectors; ++v) store(panel + v * 16, load(b + v * 16));
    } else {
      for (int64_t j = 0; j < kPanelWidth; ++j) panel[j] = j < columns ? b[j] : 0.0f;
    }
  }
}

static void pack_transposed(const float* b, int64_t ldb, int64_t k, int64_t columns, float* panel) {
  for (int64_t first = 0; first < kPanelWidth; first += 16) {
    int64_t row = 0;
    if (first + 16 <= columns) {
      for (; row + 16 <= k; row += 16)
        transpose_block(b + first * ldb + row, ldb, panel + row * kPanelWidth + first, kPanelWidth);
    }
    for (; row < k; ++row)
      for (int64_t j = first; j < first + 16; ++j) panel[row * kPanelWidth + j] = j < columns ? b[j * ldb + row] : 0.0f;
  }
}

static void pack(const float* b, int64_t ldb, bool b_transposed, int64_t k, int64_t n, float* panels,
                 int64_t panel_stride) {
  for (int64_t j = 0; j < n; j += kPanelWidth, panels += panel_stride) {
    const int64_t columns = n - j < kPanelWidth ? n - j : kPanelWidth;
    if (b_transposed)
      pack_transposed(b + j * ldb, ldb, k, columns, panels);
    else
      pack_rows(b + j, ldb, k, columns, panels);
  }
}
