// Matrix products on the CPU whose rows do not depend on their company.
#pragma once
#include <cstdint>
#include <memory>

#include "aha/ops/number_type.h"
#include "aha/ops/team.h"

namespace aha::ops {

/// C[M, N] (+)= op(A) · op(B), row-major, one thread.
///
/// Every element is one chain of multiply-adds over k = 0 … K-1 in that order, from 0 or, with `accumulate`, from the
/// old value of C, whatever M, N, the blocking or the thread: a row of a batch has the bits it would have alone, and
/// a product over k in pieces has the bits of the whole. (MKL and oneDNN do not promise this.)
/// float: AVX-512 and AVX2, whose multiply-adds are fused and whose bits agree, or portable code, which rounds twice
/// and differs; chosen at run time. double: portable, for tests and finite differences. C overlaps neither A nor B.
template <class T>
struct GemmArgs {
  const T* a;  // [M, K], or [K, M] when transpose_a
  const T* b;  // [K, N], or [N, K] when transpose_b
  T* c;        // [M, N]
  int64_t m, n, k;
  int64_t lda, ldb, ldc;  // row strides as stored, elements
  bool transpose_a = false, transpose_b = false;
  bool accumulate = false;  // the chain starts from C; else from 0
};
/// products: kBFloat16 rounds the numbers of A and B (to nearest, ties to even) and sums in float32: pairs along k, one
/// after the other, in an order that the instruction set decides and nothing else. An even piece of k and the rest have
/// the bits of the whole, and x · Wᵀ those of PackedWeight in bfloat16. Not for double. @throws ShapeError
void gemm(const GemmArgs<float>& args, NumberType products = NumberType::kFloat32);
void gemm(const GemmArgs<double>& args, NumberType products = NumberType::kFloat32);

/// C[M, N] (+)= A · op(B) with the bits of gemm(), for a B that serves once, such as a page of the key-value cache:
/// rows of B are read where they lie, columns are turned on their way. `Number` is float, or uint16_t for
/// a B in bfloat16, which is widened to float32, exactly. Allocates nothing in the steady state.
template <class Number>
struct GemmOnceArgs {
  const float* a;   // [M, K]
  const Number* b;  // [K, N], or [N, K] when transpose_b
  float* c;         // [M, N]
  int64_t m, n, k;
  int64_t lda, ldb, ldc;  // row strides as stored, elements
  bool transpose_b = false;
  bool accumulate = false;  // the chain starts from C; else from 0
};
void gemm_once(const GemmOnceArgs<float>& args);
void gemm_once(const GemmOnceArgs<uint16_t>& args);
/// The same, but with A rounded to bfloat16 too and with PackedWeight's sums of pairs, whose bits depend on the
/// instruction set and on nothing else: the fastest scores against a page. For transpose_b alone.
void gemm_once_rounded(const GemmOnceArgs<uint16_t>& args);

/// y = x in bfloat16, to nearest, ties to even; what is not a number stays so.
void round_to_bfloat16(const float* x, int64_t count, uint16_t* y);
/// y = x, exactly.
void widen_bfloat16(const uint16_t* x, int64_t count, float* y);

struct Columns {
  int64_t begin, end;
};

/// A weight [N, K] laid out once for y = x · Wᵀ. Copies share the panels.
///
/// float32: the same bits as gemm with transpose_b. bfloat16: weight and x are rounded to bfloat16 (to nearest, ties
/// to even) and summed in float32 along k in one fixed order; the bits depend on the instruction set, and on nothing
/// else. In both, a row's bits do not depend on m, on other rows or on the share of columns.
class PackedWeight {
 public:
  PackedWeight() = default;
  PackedWeight(const float* weight, int64_t n, int64_t k, int64_t ld, NumberType type = NumberType::kFloat32);
  int64_t n() const { return n_; }
  int64_t k() const { return k_; }
  NumberType type() const { return type_; }
  int64_t bytes() const { return n_ * k_ * bytes_of(type_); }  ///< that a product reads, but for padding
  /// y[M, N] (+)= x[M, K] · Wᵀ; of y's columns only those that are `share`'s (whole panels; the shares of all parts
  /// make up the product). Allocates nothing in the steady state.
  void multiply(const float* x, int64_t m, int64_t ldx, float* y, int64_t ldy, bool accumulate = false,
                Share share = {}) const;
  /// Those of y that are `share`'s.
  Columns columns(Share share) const;

 private:
  int64_t panel_width() const;
  int64_t n_ = 0, k_ = 0;
  NumberType type_ = NumberType::kFloat32;
  std::shared_ptr<const void> panels_;  // of float, or of pairs of bfloat16 numbers along k
};

}  // namespace aha::ops
