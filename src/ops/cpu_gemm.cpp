// Blocking and packing around the CPU kernels' panel product.
#include "aha/ops/cpu_gemm.h"

#include <algorithm>
#include <vector>

#include "ops/cpu/kernels.h"
#include "ops/cpu/panels.h"

namespace aha::ops {
namespace {

// A block of B stays in the second-level cache (1 MB here) while all rows of A pass over it.
constexpr int64_t kBlockK = 384;
constexpr int64_t kBlockN = 512;
void clear(const GemmArgs<float>& args) {
  for (int64_t i = 0; i < args.m; ++i) std::fill_n(args.c + i * args.ldc, args.n, 0.0f);
}

void multiply_block(const GemmArgs<float>& args, int64_t n0, int64_t n, int64_t k0, int64_t k) {
  const CpuKernels& kernels = cpu_kernels();
  const int64_t stride = k * kernels.panel_width;
  float* panels = room_for_panels(panels_of(n, kernels.panel_width) * stride);
  const float* b = args.transpose_b ? args.b + n0 * args.ldb + k0 : args.b + k0 * args.ldb + n0;
  kernels.pack(b, args.ldb, args.transpose_b, k, n, panels, stride);
  kernels.multiply({.a = args.transpose_a ? args.a + k0 * args.lda : args.a + k0,
                    .lda = args.lda,
                    .a_transposed = args.transpose_a,
                    .b = panels,
                    .row_stride = kernels.panel_width,
                    .panel_stride = stride,
                    .c = args.c + n0,
                    .ldc = args.ldc,
                    .m = args.m,
                    .n = n,
                    .k = k,
                    .accumulate = args.accumulate || k0 > 0});
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

void gemm(const GemmArgs<float>& args) {
  if (args.m == 0 || args.n == 0) return;
  if (args.k == 0 && !args.accumulate) clear(args);
  for (int64_t n0 = 0; n0 < args.n; n0 += kBlockN)
    for (int64_t k0 = 0; k0 < args.k; k0 += kBlockK)
      multiply_block(args, n0, std::min(kBlockN, args.n - n0), k0, std::min(kBlockK, args.k - k0));
}

void gemm(const GemmArgs<double>& args) {
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
