// Muon's update of one matrix on raw memory.
#pragma once
#include <cstdint>

namespace aha::train {

struct MuonFactors {
  double gradient_scale;  // of clipping
  double momentum;        // its decay
  double rate;            // learning rate, before the scale by shape
  double shrink;          // 1 - learning rate * weight decay
};

/// A matrix, row-major, and what goes with each of its numbers.
template <class Real>
struct MuonMatrix {
  Real* value;
  const Real* gradient;
  Real* momentum;
  int64_t rows, cols;
};

/// In place, on one thread: momentum m += (1 - μ)(g - m); update u = g + μ(m - g), which is Nesterov's; then
/// value = shrink · value - rate · 0.2·√max(rows, cols) · orthogonal(u). As torch.optim.Muon with match_rms_adamw, but
/// in the matrix's own precision throughout, where torch rounds to bfloat16.
void muon_update(const MuonMatrix<float>& matrix, const MuonFactors& factors);
void muon_update(const MuonMatrix<double>& matrix, const MuonFactors& factors);

/// x [rows, cols] becomes a matrix of the same singular vectors whose singular values are about 1 (0.68 to 1.21 of
/// those above 1/500 of the norm): scaled to a Frobenius norm of 1, then five times x = (a·I + b·G + c·G²)·x with G =
/// x·xᵀ, the Gram matrix of the shorter side. A norm below 1e-7 counts as 1e-7: nothing remains nothing.
void make_orthogonal(float* x, int64_t rows, int64_t cols);
void make_orthogonal(double* x, int64_t rows, int64_t cols);

}  // namespace aha::train
