// Products with a B that is stored by columns and serves once: its numbers are turned in registers between the
// multiply-adds. Included inside the namespace of an instruction set.

// A tile has two vectors of columns where there are registers for them: each number of A then serves twice, and the
// loads do not outnumber the multiply-adds.
inline constexpr int kTurnedTiles = kPanelVectors;
inline constexpr int kTurnedRows = kTurnedTiles == 2 ? 8 : kMaxTileRows / 2;

// Numbers of B that sixteen bytes hold, and the links that they make in a chain.
template <class B>
inline constexpr int64_t kGroup = 16 / static_cast<int64_t>(sizeof(B));
template <class A, class B>
inline constexpr int64_t kLinks = __is_same(A, Pair) ? 4 : kGroup<B>;

// Where there are fewer columns than sixteen or fewer numbers than a group; what is absent is zero.
template <class B>
static void load_part_of_columns(const B* b, int64_t ldb, int64_t columns, int64_t depth, F16 (&column)[4]) {
  B part[16 * kGroup<B>] = {};
  for (int64_t j = 0; j < columns; ++j)
    __builtin_memcpy(part + j * kGroup<B>, b + j * ldb, static_cast<uint64_t>(depth) * sizeof(B));
  load_columns(part, kGroup<B>, column);
}

// What B contributes to a link: a number, or a pair of them.
AHA_LANES F16 link_of(const F16 (&column)[4], int link, const float*, const float*) { return column[link]; }
AHA_LANES F16 link_of(const F16 (&column)[4], int link, const Pair*, const uint16_t*) { return column[link]; }
AHA_LANES F16 link_of(const F16 (&column)[4], int link, const float*, const uint16_t*) {
  return link % 2 == 0 ? widen_low(column[link / 2]) : widen_high(column[link / 2]);
}

template <int kRows, int kTiles, class A, class B>
AHA_LANES void add_group(const A* a, int64_t lda, const B* b, const F16 (&column)[kTiles][4], int64_t links,
                         F16 (&sum)[kRows][kTiles]) {
#pragma GCC unroll 8
  for (int k = 0; k < kLinks<A, B>; ++k) {
    if (k >= links) break;
    F16 y[kTiles];
#pragma GCC unroll 2
    for (int t = 0; t < kTiles; ++t) y[t] = link_of(column[t], k, a, b);
#pragma GCC unroll 8
    for (int i = 0; i < kRows; ++i) {
      const F16 x = all(a[i * lda + k]);
#pragma GCC unroll 2
      for (int t = 0; t < kTiles; ++t) sum[i][t] = link(x, y[t], sum[i][t], a);
    }
  }
}

// kRows x (kTiles · 16) elements of C, held in registers over the whole of k. A last tile may have fewer columns.
template <int kRows, int kTiles, class A, class B>
static void multiply_turned_tile(const PanelProduct<A, B>& p, int64_t row, int64_t first) {
  const int64_t columns = p.n - first < 16 ? p.n - first : 16;
  const A* a = p.a + row * p.lda;
  const B* b = p.b + first * p.row_stride;
  float* c = p.c + row * p.ldc + first;
  F16 sum[kRows][kTiles], column[kTiles][4];
#pragma GCC unroll 8
  for (int i = 0; i < kRows; ++i)
#pragma GCC unroll 2
    for (int t = 0; t < kTiles; ++t)
      sum[i][t] = p.accumulate ? load_part(c + i * p.ldc + 16 * t, columns, 0.0f) : zero();
  int64_t k = 0;
  for (; columns == 16 && k + kGroup<B> <= p.k; k += kGroup<B>, a += kLinks<A, B>) {
#pragma GCC unroll 2
    for (int t = 0; t < kTiles; ++t) load_columns(b + 16 * t * p.row_stride + k, p.row_stride, column[t]);
    add_group(a, p.lda, b, column, kLinks<A, B>, sum);
  }
  for (; k < p.k; k += kGroup<B>, a += kLinks<A, B>) {
    const int64_t depth = p.k - k < kGroup<B> ? p.k - k : kGroup<B>;
    for (int t = 0; t < kTiles; ++t)
      load_part_of_columns(b + 16 * t * p.row_stride + k, p.row_stride, columns, depth, column[t]);
    add_group(a, p.lda, b, column, __is_same(A, Pair) ? (depth + 1) / 2 : depth, sum);
  }
#pragma GCC unroll 8
  for (int i = 0; i < kRows; ++i)
#pragma GCC unroll 2
    for (int t = 0; t < kTiles; ++t) store_part(c + i * p.ldc + 16 * t, columns, sum[i][t]);
}

template <int kRows, class A, class B>
static void multiply_turned_rows(const PanelProduct<A, B>& p, int64_t row, int64_t rows) {
  if constexpr (kRows > 1) {
    if (rows < kRows) return multiply_turned_rows<kRows - 1>(p, row, rows);
  }
  constexpr int64_t kColumns = 16 * kTurnedTiles;
  int64_t first = 0;
  for (; first + kColumns <= p.n; first += kColumns) multiply_turned_tile<kRows, kTurnedTiles>(p, row, first);
  for (; first < p.n; first += 16) multiply_turned_tile<kRows, 1>(p, row, first);
}

template <class A, class B>
static void multiply_turned(const PanelProduct<A, B>& p) {
  int64_t row = 0;
  for (int64_t tiles = (p.m + kTurnedRows - 1) / kTurnedRows; tiles > 0; --tiles) {
    const int64_t rows = (p.m - row + tiles - 1) / tiles;
    multiply_turned_rows<kTurnedRows>(p, row, rows);
    row += rows;
  }
}
