// What the instruction-set specific sources offer: plain structs and functions on raw floats.
//
// tile_body.h and its neighbours are compiled once per instruction set. Those sources include no standard library
// beyond the integer types: an inline function that they shared with other sources could be merged into a copy that the
// machine cannot run.
#pragma once
#include <cstdint>

namespace aha::ops {

/// Two numbers in bfloat16, the upper halves of floats; the one of the smaller index in the lower bits.
using Pair = uint32_t;

/// C[m, n] (+)= A · B, with A read in place and B in panels of CpuKernels::panel_width columns: packed ones, which
/// should start on a cache line, or rows in place, of which whole panels are read. Of pairs, k counts the pairs.
template <class NumberA, class NumberB>
struct PanelProduct {
  const NumberA* a;
  int64_t lda;
  bool a_transposed;  // element (i, k) is a[k * lda + i], else a[i * lda + k]; for A and B of one type alone
  const NumberB* b;   // element (k, j) is b[j / width * panel_stride + k * row_stride + j % width]
  int64_t row_stride, panel_stride;
  float* c;
  int64_t ldc;
  int64_t m, n, k;
  bool accumulate;  // the chain starts from C, else from 0
};

/// Products of numbers rounded to bfloat16, summed in float32: pair after pair, in an order that a set of
/// instructions keeps for every element.
struct PairKernels {
  const char* name;
  int64_t panel_width;
  /// k numbers to (k + 1) / 2 pairs, rounded to nearest, ties to even.
  void (*round)(const float* x, int64_t k, Pair* pairs);
  /// Rows [0, n) of W, k wide, into panels of (k + 1) / 2 rows, the last one padded with zeros.
  void (*pack)(const float* weight, int64_t ld, int64_t k, int64_t n, Pair* panels, int64_t panel_stride);
  /// Rows [0, k) × columns [0, n) of B into panels of (k + 1) / 2 rows, `width` wide, the last one padded with zeros.
  void (*pack_rows)(const float* b, int64_t ldb, int64_t k, int64_t n, int64_t width, Pair* panels,
                    int64_t panel_stride);
  void (*multiply)(const PanelProduct<Pair, Pair>& product);
  /// B in place, stored by columns: number (k, j) is b[j * row_stride + k], and k counts numbers.
  void (*multiply_turned)(const PanelProduct<Pair, uint16_t>& product);
};

struct SoftmaxSums {
  float max;       // of t = scale * x
  float sum;       // of exp(t - max)
  float weighted;  // of exp(t - max) * (t - max)
};

struct CpuKernels {
  const char* name;
  int64_t panel_width;
  /// Rows [0, k) × columns [0, n) of B into panels, the last one padded with zeros. b_transposed: B is stored [n, k].
  void (*pack)(const float* b, int64_t ldb, bool b_transposed, int64_t k, int64_t n, float* panels,
               int64_t panel_stride);
  void (*multiply)(const PanelProduct<float, float>& product);
  /// The same for B in bfloat16, which is widened to float32, exactly.
  void (*pack_bfloat16)(const uint16_t* b, int64_t ldb, bool b_transposed, int64_t k, int64_t n, float* panels,
                        int64_t panel_stride);
  void (*multiply_bfloat16)(const PanelProduct<float, uint16_t>& product);
  /// B in place, stored by columns: element (k, j) is b[j * row_stride + k]. For few rows: each turns B anew.
  void (*multiply_turned)(const PanelProduct<float, float>& product);
  void (*multiply_turned_bfloat16)(const PanelProduct<float, uint16_t>& product);
  /// To nearest, ties to even; and back, exactly.
  void (*round_bfloat16)(const float* x, int64_t count, uint16_t* y);
  void (*widen_bfloat16)(const uint16_t* x, int64_t count, float* y);

  void (*exp)(const float* x, int64_t width, float* y);
  void (*sigmoid)(const float* x, int64_t width, float* y);
  float (*rms_norm)(const float* x, const float* weight, float eps, int64_t width, float* y);
  /// grad_x = the gradient in x of a row whose result had the factor `inverse`; grad_weight += that in the weight.
  void (*rms_norm_backward)(const float* x, const float* weight, const float* grad, float inverse, int64_t width,
                            float* grad_x, float* grad_weight);
  void (*swiglu)(const float* gate, const float* up, int64_t width, float* y);
  void (*swiglu_backward)(const float* gate, const float* up, const float* grad, int64_t width, float* grad_gate,
                          float* grad_up, float* y);
  void (*rope)(float* x, const float* cosine, const float* sine, int64_t width, float sign);
  void (*rope_half)(float* x, const float* cosine, const float* sine, int64_t width, float sign);
  /// x becomes exp(scale * x - max) / sum.
  SoftmaxSums (*softmax)(float* x, float scale, int64_t width);
  SoftmaxSums (*softmax_sums)(const float* x, float scale, int64_t width);
  /// x becomes factor * exp(scale * x - shift).
  void (*scaled_exp)(float* x, float scale, float shift, float factor, int64_t width);
  float (*dot)(const float* x, const float* y, int64_t width);
  void (*axpy)(float a, const float* x, float* y, int64_t width);
  PairKernels pairs;
};

/// Null where the compiler cannot build the set. AVX-512 and AVX2 give the same bits; portable code rounds after
/// each multiplication and differs in the last place.
const CpuKernels* avx512_kernels();
const CpuKernels* avx2_kernels();
const CpuKernels* portable_kernels();
/// With the AVX512_BF16 instructions; the other sets widen both numbers of a pair.
const PairKernels* avx512_bf16_kernels();

/// The best set of the machine at hand, chosen once.
const CpuKernels& cpu_kernels();
const PairKernels& pair_kernels();

}  // namespace aha::ops
