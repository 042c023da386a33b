// Matrix products on the CPU whose rows do not depend on their company.
#pragma once
#include <cstdint>
#include <memory>

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
void gemm(const GemmArgs<float>& args);
void gemm(const GemmArgs<double>& args);

/// A weight [N, K] laid out once for y = x · Wᵀ; the same bits as gemm with transpose_b. Copies share the panels.
class PackedWeight {
 public:
  PackedWeight() = default;
  PackedWeight(const float* weight, int64_t n, int64_t k, int64_t ld);
  int64_t n() const { return n_; }
  int64_t k() const { return k_; }
  /// y[M, N] (+)= x[M, K] · Wᵀ
  void multiply(const float* x, int64_t m, int64_t ldx, float* y, int64_t ldy, bool accumulate = false) const;

 private:
  int64_t n_ = 0, k_ = 0;
  std::shared_ptr<const float[]> panels_;
};

}  // namespace aha::ops
