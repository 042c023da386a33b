// Blocking and packing around the CPU kernels' panel product.
#include "aha/ops/cpu_gemm.h"

#include <algorithm>
#include <type_traits>
#include <vector>

#include "aha/core/error.h"
#include "ops/cpu/kernels.h"
#include "ops/cpu/panels.h"

namespace aha::ops {
namespace {

// A block of B stays in the second-level cache (1 MB here) while all rows of A pass over it: so many rows of floats,
// or of pairs.
constexpr int64_t kBlockK = 384;
constexpr int64_t kBlockN = 512;
// Rows of A that are laid out anew at a time: whole tiles, in the second-level cache beside the block.
constexpr int64_t kBlockM = 96;

void clear(const GemmArgs<float>& args) {
  for (int64_t i = 0; i < args.m; ++i) std::fill_n(args.c + i * args.ldc, args.n, 0.0f);
}

struct Block {
  int64_t n0, n, k0, k;
  const float* a(const GemmArgs<float>& args, int64_t row) const {
    return args.transpose_a ? args.a + k0 * args.lda + row : args.a + row * args.lda + k0;
  }
  const float* b(const GemmArgs<float>& args) const {
    return args.transpose_b ? args.b + n0 * args.ldb + k0 : args.b + k0 * args.ldb + n0;
  }
};

// A's rows as a tile reads them: `a` and `lda` of a PanelProduct.
template <class Number>
struct Rows {
  const Number* a;
  int64_t lda;
};

template <class Number>
Number* room_for_rows(int64_t count) {
  thread_local Scratch<Number> scratch;
  return scratch.at_least(count);
}

// Products of floats.
struct Floats {
  using Number = float;
  static const CpuKernels& kernels() { return cpu_kernels(); }
  static int64_t steps(int64_t k) { return k; }
  static float* room_for_panels(int64_t count) { return ops::room_for_panels(count); }

  static void pack(const GemmArgs<float>& args, const Block& block, float* panels, int64_t stride) {
    kernels().pack(block.b(args), args.ldb, args.transpose_b, block.k, block.n, panels, stride);
  }

  // Rows a multiple of 2 KB apart would fall on the same few places of the caches: they are read from copies, which
  // pays if several panels do so.
  static bool is_read_in_place(const GemmArgs<float>& args, const Block& block) {
    return args.lda % 512 != 0 || block.n <= 2 * kernels().panel_width;
  }

  static Rows<float> rows(const GemmArgs<float>& args, const Block& block, int64_t row, int64_t count) {
    const int64_t width = args.transpose_a ? kBlockM : block.k + 16, lines = args.transpose_a ? block.k : count;
    const int64_t length = args.transpose_a ? count : block.k;
    const float* from = block.a(args, row);
    float* to = room_for_rows<float>(lines * width);
    for (int64_t i = 0; i < lines; ++i) std::copy_n(from + i * args.lda, length, to + i * width);
    return {to, width};
  }
};

// Products of pairs of numbers rounded to bfloat16.
struct Pairs {
  using Number = Pair;
  static const PairKernels& kernels() { return pair_kernels(); }
  static int64_t steps(int64_t k) { return pairs_of(k); }
  static Pair* room_for_panels(int64_t count) {
    thread_local Scratch<Pair> scratch;
    return scratch.at_least(count);
  }

  static void pack(const GemmArgs<float>& args, const Block& block, Pair* panels, int64_t stride) {
    if (args.transpose_b) return kernels().pack(block.b(args), args.ldb, block.k, block.n, panels, stride);
    kernels().pack_rows(block.b(args), args.ldb, block.k, block.n, kernels().panel_width, panels, stride);
  }

  static Rows<Pair> rows(const GemmArgs<float>& args, const Block& block, int64_t row, int64_t count) {
    const int64_t width = args.transpose_a ? kBlockM : pairs_of(block.k) + 16;
    Pair* to = room_for_rows<Pair>(args.transpose_a ? pairs_of(block.k) * width : count * width);
    const float* from = block.a(args, row);
    if (args.transpose_a) {
      kernels().pack_rows(from, args.lda, block.k, count, width, to, 0);
    } else {
      for (int64_t i = 0; i < count; ++i) kernels().round(from + i * args.lda, block.k, to + i * width);
    }
    return {to, width};
  }
};

template <class Form>
void multiply_rows(const GemmArgs<float>& args, const Block& block, const typename Form::Number* panels, int64_t row,
                   int64_t count, Rows<typename Form::Number> rows) {
  const auto& kernels = Form::kernels();
  kernels.multiply({.a = rows.a,
                    .lda = rows.lda,
                    .a_transposed = args.transpose_a,
                    .b = panels,
                    .row_stride = kernels.panel_width,
                    .panel_stride = Form::steps(block.k) * kernels.panel_width,
                    .c = args.c + row * args.ldc + block.n0,
                    .ldc = args.ldc,
                    .m = count,
                    .n = block.n,
                    .k = Form::steps(block.k),
                    .accumulate = args.accumulate || block.k0 > 0});
}

template <class Form>
void multiply_block(const GemmArgs<float>& args, const Block& block) {
  const int64_t stride = Form::steps(block.k) * Form::kernels().panel_width;
  auto* panels = Form::room_for_panels(panels_of(block.n, Form::kernels().panel_width) * stride);
  Form::pack(args, block, panels, stride);
  if constexpr (std::is_same_v<typename Form::Number, float>) {
    if (Form::is_read_in_place(args, block))
      return multiply_rows<Form>(args, block, panels, 0, args.m, {block.a(args, 0), args.lda});
  }
  const int64_t parts = (args.m + kBlockM - 1) / kBlockM;
  for (int64_t part = 0; part < parts; ++part) {
    const int64_t row = args.m * part / parts, count = args.m * (part + 1) / parts - row;
    multiply_rows<Form>(args, block, panels, row, count, Form::rows(args, block, row, count));
  }
}

template <class Form>
void multiply(const GemmArgs<float>& args, int64_t block_k) {
  if (args.m == 0 || args.n == 0) return;
  if (args.k == 0 && !args.accumulate) clear(args);
  for (int64_t n0 = 0; n0 < args.n; n0 += kBlockN)
    for (int64_t k0 = 0; k0 < args.k; k0 += block_k)
      multiply_block<Form>(args, {n0, std::min(kBlockN, args.n - n0), k0, std::min(block_k, args.k - k0)});
}

// Row by row in the order of k; B is first turned where its columns are not contiguous.
void multiply_row(const double* a, int64_t a_step, const double* b, int64_t ldb, int64_t k, int64_t n, double* c) {
  for (int64_t i = 0; i < k; ++i) {
    const double x = a[i * a_step];
    const double* row = b + i * ldb;
    for (int64_t j = 0; j < n; ++j) c[j] += x * row[j];
  }
}

}  // namespace

void gemm(const GemmArgs<float>& args, NumberType products) {
  if (products == NumberType::kFloat32) return multiply<Floats>(args, kBlockK);
  multiply<Pairs>(args, 2 * kBlockK);
}

void gemm(const GemmArgs<double>& args, NumberType products) {
  AHA_CHECK(products == NumberType::kFloat32, "products of float64 are not rounded to bfloat16");
  thread_local std::vector<double> turned;
  const double* b = args.b;
  int64_t ldb = args.ldb;
  if (args.transpose_b) {
    turned.resize(static_cast<size_t>(args.k * args.n));
    for (int64_t j = 0; j < args.n; ++j)
      for (int64_t i = 0; i < args.k; ++i) turned[static_cast<size_t>(i * args.n + j)] = args.b[j * args.ldb + i];
    b = turned.data();
    ldb = args.n;
  }
  for (int64_t i = 0; i < args.m; ++i) {
    double* row = args.c + i * args.ldc;
    if (!args.accumulate) std::fill_n(row, args.n, 0.0);
    const double* a = args.transpose_a ? args.a + i : args.a + i * args.lda;
    multiply_row(a, args.transpose_a ? args.lda : 1, b, ldb, args.k, args.n, row);
  }
}

void round_to_bfloat16(const float* x, int64_t count, uint16_t* y) { cpu_kernels().round_bfloat16(x, count, y); }
void widen_bfloat16(const uint16_t* x, int64_t count, float* y) { cpu_kernels().widen_bfloat16(x, count, y); }

}  // namespace aha::ops
