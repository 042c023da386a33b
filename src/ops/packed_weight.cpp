// Weights in panels, of floats or of pairs of bfloat16 numbers.
#include <algorithm>

#include "aha/ops/cpu_gemm.h"
#include "ops/cpu/kernels.h"
#include "ops/cpu/panels.h"
#include "ops/cpu/weight_memory.h"

namespace aha::ops {
namespace {

// Of a number in float32, and of a pair in bfloat16.
constexpr int64_t kUnitBytes = 4;
// As many panels as stay in the second-level cache while all rows of x pass over them.
constexpr int64_t kBlockBytes = 768 * 1024;
// Of these a tile may take several at a time.
constexpr int64_t kPanelsTogether = 4;

int64_t panels_of_block(int64_t panel_bytes) {
  const int64_t panels = kBlockBytes / std::max<int64_t>(panel_bytes, 1);
  return std::max(kPanelsTogether, panels / kPanelsTogether * kPanelsTogether);
}

// Where the result goes, and the panels [first, last) that make it.
struct Target {
  float* y;
  int64_t ldy, m, n;
  bool accumulate;
  int64_t first, last;
};

// x is read in `k` steps of a number or a pair each.
template <class Number>
void multiply_panels(const Number* x, int64_t ldx, const Number* panels, int64_t k, int64_t width, const Target& to,
                     void (*multiply)(const PanelProduct<Number, Number>&)) {
  const int64_t stride = k * width, block = panels_of_block(stride * static_cast<int64_t>(sizeof(Number)));
  for (int64_t panel = to.first; panel < to.last; panel += block) {
    const int64_t begin = panel * width, end = std::min(to.n, std::min(panel + block, to.last) * width);
    multiply({.a = x,
              .lda = ldx,
              .a_transposed = false,
              .b = panels + panel * stride,
              .row_stride = width,
              .panel_stride = stride,
              .c = to.y + begin,
              .ldc = to.ldy,
              .m = to.m,
              .n = end - begin,
              .k = k,
              .accumulate = to.accumulate});
  }
}

}  // namespace

int64_t bytes_of(NumberType type) { return type == NumberType::kFloat32 ? 4 : 2; }

PackedWeight::PackedWeight(const float* weight, int64_t n, int64_t k, int64_t ld, NumberType type)
    : n_(n), k_(k), type_(type) {
  if (type == NumberType::kFloat32) {
    const CpuKernels& kernels = cpu_kernels();
    const int64_t stride = k * kernels.panel_width;
    const std::shared_ptr<void> panels = weight_memory(panels_of(n, kernels.panel_width) * stride * kUnitBytes);
    kernels.pack(weight, ld, true, k, n, static_cast<float*>(panels.get()), stride);
    panels_ = panels;
  } else {
    const PairKernels& kernels = pair_kernels();
    const int64_t stride = pairs_of(k) * kernels.panel_width;
    const std::shared_ptr<void> panels = weight_memory(panels_of(n, kernels.panel_width) * stride * kUnitBytes);
    kernels.pack(weight, ld, k, n, static_cast<Pair*>(panels.get()), stride);
    panels_ = panels;
  }
}

void PackedWeight::multiply(const float* x, int64_t m, int64_t ldx, float* y, int64_t ldy, bool accumulate,
                            Share share) const {
  const CpuKernels& kernels = cpu_kernels();
  const PairKernels& of_pairs = pair_kernels();
  const int64_t width = panel_width();
  const int64_t panels = panels_of(n_, width);
  const Target to{y, ldy, m, n_, accumulate, share.begin(panels), share.end(panels)};
  if (m == 0 || to.first == to.last) return;
  if (type_ == NumberType::kFloat32) {
    multiply_panels(x, ldx, static_cast<const float*>(panels_.get()), k_, width, to, kernels.multiply);
  } else {
    multiply_panels(rounded_rows(of_pairs, x, ldx, m, k_), pairs_of(k_), static_cast<const Pair*>(panels_.get()),
                    pairs_of(k_), width, to, of_pairs.multiply);
  }
}

int64_t PackedWeight::panel_width() const {
  return type_ == NumberType::kFloat32 ? cpu_kernels().panel_width : pair_kernels().panel_width;
}

Columns PackedWeight::columns(Share share) const {
  const int64_t width = panel_width(), panels = panels_of(n_, width);
  return {std::min(n_, share.begin(panels) * width), std::min(n_, share.end(panels) * width)};
}

}  // namespace aha::ops
