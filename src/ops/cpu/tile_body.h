// Matrix product in tiles held in registers, written on sixteen lanes. Included inside the namespace of an
// instruction set.

inline constexpr int kPanelWidth = kPanelVectors * 16;
template <class A, class B>
using TileFunction = void (*)(const PanelProduct<A, B>& p, int64_t row, int64_t panel, float* c, int64_t ldc);

AHA_LANES F16 read(const float* b) { return load(b); }
AHA_LANES F16 read(const uint16_t* b) { return widen(b); }
AHA_LANES F16 read(const Pair* b) { return load(b); }
AHA_LANES F16 link(F16 x, F16 y, F16 sum, const float*) { return fma(x, y, sum); }
AHA_LANES F16 link(F16 x, F16 y, F16 sum, const Pair*) { return add_pair(x, y, sum); }

// Where vector v of a tile lies: its panel, then its place in the panel's row.
template <class B>
AHA_LANES const B* vector_at(const B* b, int v, int64_t panel_stride) {
  return b + v / kPanelVectors * panel_stride + v % kPanelVectors * 16;
}

// Where one core's own prefetching does not keep up: tiles whose products take as long as their memory.
template <int kRows, int kVectors, class B>
AHA_LANES void prefetch(const B* b, int64_t panel_stride) {
  constexpr int kPanels = kVectors / kPanelVectors;
  constexpr int64_t kAhead = 8192 / static_cast<int>(sizeof(B)) / kPanels;
  if constexpr (kRows >= 4 && kPanels <= 2) {
#pragma GCC unroll 8
    for (int v = 0; v < kVectors; ++v) __builtin_prefetch(vector_at(b, v, panel_stride) + kAhead);
  }
}

// One step of k: sum += a's column · b's row. Holds the shorter of the two in registers.
template <int kRows, int kVectors, class A, class B>
AHA_LANES void add_outer_product(const A* a, int64_t row_step, const B* b, int64_t panel_stride,
                                 F16 (&sum)[kRows][kVectors]) {
  if constexpr (kVectors > kRows) {
    F16 x[kRows];
#pragma GCC unroll 12
    for (int i = 0; i < kRows; ++i) x[i] = all(a[i * row_step]);
#pragma GCC unroll 8
    for (int v = 0; v < kVectors; ++v) {
      const F16 y = read(vector_at(b, v, panel_stride));
#pragma GCC unroll 12
      for (int i = 0; i < kRows; ++i) sum[i][v] = link(x[i], y, sum[i][v], a);
    }
  } else {
    F16 y[kVectors];
#pragma GCC unroll 8
    for (int v = 0; v < kVectors; ++v) y[v] = read(vector_at(b, v, panel_stride));
#pragma GCC unroll 12
    for (int i = 0; i < kRows; ++i) {
      const F16 x = all(a[i * row_step]);
#pragma GCC unroll 8
      for (int v = 0; v < kVectors; ++v) sum[i][v] = link(x, y[v], sum[i][v], a);
    }
  }
}

// A tile of kRows x (kPanels · kPanelWidth) elements of C, held in registers over the whole of k.
template <int kRows, int kPanels, bool kTransposed, class A, class B>
static void multiply_tile(const PanelProduct<A, B>& p, int64_t row, int64_t panel, float* c, int64_t ldc) {
  constexpr int kVectors = kPanels * kPanelVectors;
  const int64_t row_step = kTransposed ? 1 : p.lda, k_step = kTransposed ? p.lda : 1;
  const int64_t panel_stride = p.panel_stride, b_step = p.row_stride;
  const A* a = p.a + row * row_step;
  const B* b = p.b + panel * panel_stride;
  F16 sum[kRows][kVectors];
#pragma GCC unroll 12
  for (int i = 0; i < kRows; ++i)
#pragma GCC unroll 8
    for (int v = 0; v < kVectors; ++v) sum[i][v] = p.accumulate ? load(c + i * ldc + v * 16) : zero();

  for (int64_t k = p.k; k > 0; --k, a += k_step, b += b_step) {
    prefetch<kRows, kVectors>(b, panel_stride);
    add_outer_product<kRows, kVectors>(a, row_step, b, panel_stride, sum);
  }

#pragma GCC unroll 12
  for (int i = 0; i < kRows; ++i)
#pragma GCC unroll 8
    for (int v = 0; v < kVectors; ++v) store(c + i * ldc + v * 16, sum[i][v]);
}

template <int kRows, int kPanels, bool kTransposed, class A, class B>
static TileFunction<A, B> tile_with_rows(int64_t rows) {
  if constexpr (kRows > 1) {
    if (rows < kRows) return tile_with_rows<kRows - 1, kPanels, kTransposed, A, B>(rows);
  }
  return multiply_tile<kRows, kPanels, kTransposed, A, B>;
}

// Only products of numbers of one type are asked for with A transposed.
template <int kPanels, class A, class B>
static TileFunction<A, B> tile_for(int64_t rows, bool transposed) {
  constexpr int kRows = kMaxTileRows / kPanels;
  if constexpr (__is_same(A, B)) {
    if (transposed) return tile_with_rows<kRows, kPanels, true, A, B>(rows);
  }
  return tile_with_rows<kRows, kPanels, false, A, B>(rows);
}

// The last panel where it is not full: through a tile of its own, so that the same code makes the same chain.
template <class A, class B>
static void multiply_last_panel(const PanelProduct<A, B>& p, int64_t row, int64_t rows, int64_t panel) {
  alignas(64) float tile[kMaxTileRows * kPanelWidth] = {};
  const int64_t columns = p.n - panel * kPanelWidth;
  float* c = p.c + row * p.ldc + panel * kPanelWidth;
  if (p.accumulate) {
    for (int64_t i = 0; i < rows; ++i)
      for (int64_t j = 0; j < columns; ++j) tile[i * kPanelWidth + j] = c[i * p.ldc + j];
  }
  tile_for<1, A, B>(rows, p.a_transposed)(p, row, panel, tile, kPanelWidth);
  for (int64_t i = 0; i < rows; ++i)
    for (int64_t j = 0; j < columns; ++j) c[i * p.ldc + j] = tile[i * kPanelWidth + j];
}

template <int kPanels, class A, class B>
static int64_t multiply_panels(const PanelProduct<A, B>& p, int64_t row, int64_t rows, int64_t panel) {
  const int64_t full = p.n / kPanelWidth;
  if (panel + kPanels > full) return panel;
  const TileFunction<A, B> tile = tile_for<kPanels, A, B>(rows, p.a_transposed);
  for (; panel + kPanels <= full; panel += kPanels) tile(p, row, panel, p.c + row * p.ldc + panel * kPanelWidth, p.ldc);
  return panel;
}

// Few rows leave registers for several panels, whose independent chains hide the latency of the multiply-add.
template <class A, class B>
static void multiply_rows(const PanelProduct<A, B>& p, int64_t row, int64_t rows) {
  int64_t panel = 0;
  if constexpr (kMaxTileRows >= 4) {
    if (rows * 4 <= kMaxTileRows) panel = multiply_panels<4>(p, row, rows, panel);
  }
  if (rows * 2 <= kMaxTileRows) panel = multiply_panels<2>(p, row, rows, panel);
  panel = multiply_panels<1>(p, row, rows, panel);
  if (panel * kPanelWidth < p.n) multiply_last_panel(p, row, rows, panel);
}

template <class A, class B>
static void multiply(const PanelProduct<A, B>& p) {
  int64_t row = 0;
  for (int64_t tiles = (p.m + kMaxTileRows - 1) / kMaxTileRows; tiles > 0; --tiles) {
    const int64_t rows = (p.m - row + tiles - 1) / tiles;  // even shares: 13 rows are 7 + 6
    multiply_rows(p, row, rows);
    row += rows;
  }
}
