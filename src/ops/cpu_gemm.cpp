// Blocking and packing around the CPU kernels' panel product.
#include "aha/ops/cpu_gemm.h"

#include <algorithm>
#include <vector>

#include "ops/cpu/aligned_floats.h"
#include "ops/cpu/kernels.h"

namespace aha::ops {
namespace {

// A block of B stays in the second-level cache (1 MB here) while all rows of A pass over it.
constexpr int64_t kBlockK = 384;
constexpr int64_t kBlockN = 512;

int64_t panels_of(int64_t n, int64_t width) { return (n + width - 1) / width; }

// Grows and is kept: no allocation in the steady state.
float* thread_scratch(int64_t count) {
  thread_local std::unique_ptr<float, FreeFloats> scratch;
  thread_local int64_t capacity = 0;
  if (count > capacity) {
    scratch.reset(allocate_floats(count));
    capacity = count;
  }
  return scratch.get();
}

void clear(const GemmArgs<float>& args) {
  for (int64_t i = 0; i < args.m; ++i) std::fill_n(args.c + i * args.ldc, args.n, 0.0f);
}

void multiply_block(const GemmArgs<float>& args, int64_t n0, int64_t n, int64_t k0, int64_t k) {
  const CpuKernels& kernels = cpu_kernels();
  const int64_t stride = k * kernels.panel_width;
  float* panels = thread_scratch(panels_of(n, kernels.panel_width) * stride);
  const float* b = args.transpose_b ? args.b + n0 * args.ldb + k0 : args.b + k0 * args.ldb + n0;
  kernels.pack(b, args.ldb, args.transpose_b, k, n, panels, stride);
  kernels.multiply({.a = args.transpose_a ? args.a + k0 * args.lda : args.a + k0,
                    .lda = args.lda,
                    .a_transposed = args.transpose_a,
                    .panels = panels,
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

PackedWeight::PackedWeight(const float* weight, int64_t n, int64_t k, int64_t ld) : n_(n), k_(k) {
  const CpuKernels& kernels = cpu_kernels();
  const int64_t stride = k * kernels.panel_width;
  float* panels = allocate_floats(panels_of(n, kernels.panel_width) * stride);
  panels_ = std::shared_ptr<const float[]>(panels, FreeFloats());
  kernels.pack(weight, ld, true, k, n, panels, stride);
}

void PackedWeight::multiply(const float* x, int64_t m, int64_t ldx, float* y, int64_t ldy, bool accumulate) const {
  if (m == 0 || n_ == 0) return;
  const CpuKernels& kernels = cpu_kernels();
  kernels.multiply({.a = x,
                    .lda = ldx,
                    .a_transposed = false,
                    .panels = panels_.get(),
                    .panel_stride = k_ * kernels.panel_width,
                    .c = y,
                    .ldc = ldy,
                    .m = m,
                    .n = n_,
                    .k = k_,
                    .accumulate = accumulate});
}

}  // namespace aha::ops
