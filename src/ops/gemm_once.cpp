// Products with a B that serves once, and is therefore read where it lies.
#include <algorithm>

#include "aha/core/error.h"
#include "aha/ops/cpu_gemm.h"
#include "ops/cpu/kernels.h"
#include "ops/cpu/panels.h"

namespace aha::ops {
namespace {

// With more rows than these, columns are better turned into panels first.
constexpr int64_t kTurnedRows = 16;

void pack(const GemmOnceArgs<float>& args, int64_t first, float* panels) {
  const CpuKernels& kernels = cpu_kernels();
  const float* b = args.b + (args.transpose_b ? first * args.ldb : first);
  kernels.pack(b, args.ldb, args.transpose_b, args.k, args.n - first, panels, args.k * kernels.panel_width);
}
void pack(const GemmOnceArgs<uint16_t>& args, int64_t first, float* panels) {
  const CpuKernels& kernels = cpu_kernels();
  const uint16_t* b = args.b + (args.transpose_b ? first * args.ldb : first);
  kernels.pack_bfloat16(b, args.ldb, args.transpose_b, args.k, args.n - first, panels, args.k * kernels.panel_width);
}

void multiply(const PanelProduct<float, float>& product, bool is_turned) {
  is_turned ? cpu_kernels().multiply_turned(product) : cpu_kernels().multiply(product);
}
void multiply(const PanelProduct<float, uint16_t>& product, bool is_turned) {
  is_turned ? cpu_kernels().multiply_turned_bfloat16(product) : cpu_kernels().multiply_bfloat16(product);
}

// Columns from `first` on, through panels.
template <class Number>
void multiply_packed(const GemmOnceArgs<Number>& args, int64_t first) {
  const CpuKernels& kernels = cpu_kernels();
  const int64_t stride = args.k * kernels.panel_width;
  float* panels = room_for_panels(panels_of(args.n - first, kernels.panel_width) * stride);
  pack(args, first, panels);
  kernels.multiply({.a = args.a,
                    .lda = args.lda,
                    .a_transposed = false,
                    .b = panels,
                    .row_stride = kernels.panel_width,
                    .panel_stride = stride,
                    .c = args.c + first,
                    .ldc = args.ldc,
                    .m = args.m,
                    .n = args.n - first,
                    .k = args.k,
                    .accumulate = args.accumulate});
}

// The first n columns, read where they lie: rows that fill panels, or columns.
template <class Number>
void multiply_in_place(const GemmOnceArgs<Number>& args, int64_t n) {
  multiply(PanelProduct<float, Number>{.a = args.a,
                                       .lda = args.lda,
                                       .a_transposed = false,
                                       .b = args.b,
                                       .row_stride = args.ldb,
                                       .panel_stride = cpu_kernels().panel_width,
                                       .c = args.c,
                                       .ldc = args.ldc,
                                       .m = args.m,
                                       .n = n,
                                       .k = args.k,
                                       .accumulate = args.accumulate},
           args.transpose_b);
}

template <class Number>
void clear(const GemmOnceArgs<Number>& args) {
  for (int64_t i = 0; i < args.m; ++i) std::fill_n(args.c + i * args.ldc, args.n, 0.0f);
}

template <class Number>
void multiply_once(const GemmOnceArgs<Number>& args) {
  if (args.m == 0 || args.n == 0) return;
  if (args.k == 0 && !args.accumulate) clear(args);
  if (args.k == 0) return;
  const int64_t in_panels = args.n - args.n % cpu_kernels().panel_width;
  const int64_t in_place = !args.transpose_b ? in_panels : args.m <= kTurnedRows ? args.n : 0;
  if (in_place > 0) multiply_in_place(args, in_place);
  if (in_place < args.n) multiply_packed(args, in_place);
}

}  // namespace

void gemm_once(const GemmOnceArgs<float>& args) { multiply_once(args); }
void gemm_once(const GemmOnceArgs<uint16_t>& args) { multiply_once(args); }

void gemm_once_rounded(const GemmOnceArgs<uint16_t>& args) {
  AHA_CHECK(args.transpose_b, "gemm_once_rounded needs B by columns");
  const PairKernels& kernels = pair_kernels();
  kernels.multiply_turned({.a = rounded_rows(kernels, args.a, args.lda, args.m, args.k),
                           .lda = pairs_of(args.k),
                           .a_transposed = false,
                           .b = args.b,
                           .row_stride = args.ldb,
                           .panel_stride = 0,
                           .c = args.c,
                           .ldc = args.ldc,
                           .m = args.m,
                           .n = args.n,
                           .k = args.k,
                           .accumulate = args.accumulate});
}

}  // namespace aha::ops
