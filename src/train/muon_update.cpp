#include "train/muon_update.h"

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "aha/ops/cpu_gemm.h"
#include "train/adamw_update.h"

namespace aha::train {
namespace {

// Chosen by Keller Jordan for a steep slope at zero: small singular values grow most, and none settles exactly at 1.
constexpr double kA = 3.4445, kB = -4.7750, kC = 2.0315;
constexpr int kSteps = 5;
constexpr double kLeastNorm = 1e-7;
constexpr double kAdamWScale = 0.2;  // root mean square of AdamW's updates, as Moonlight measured it

template <class Real>
class NewtonSchulz {
 public:
  NewtonSchulz(Real* x, int64_t rows, int64_t cols)
      : x_(x),
        rows_(rows),
        cols_(cols),
        side_(std::min(rows, cols)),
        gram_(size_t(side_ * side_)),
        polynomial_(gram_.size()),
        next_(size_t(rows * cols)) {}

  void run() {
    normalize();
    for (int step = 0; step < kSteps; ++step) {
      take_gram();
      take_polynomial();
      multiply();
    }
  }

 private:
  bool is_tall() const { return rows_ > cols_; }

  void normalize() {
    const double norm = std::max(kLeastNorm, std::sqrt(sum_of_squares(x_, rows_ * cols_)));
    for (int64_t i = 0; i < rows_ * cols_; ++i) x_[i] = Real(double(x_[i]) / norm);
  }

  // x · xᵀ, or xᵀ · x of a tall matrix.
  void take_gram() {
    product({.a = x_,
             .b = x_,
             .c = gram_.data(),
             .m = side_,
             .n = side_,
             .k = std::max(rows_, cols_),
             .lda = cols_,
             .ldb = cols_,
             .ldc = side_,
             .transpose_a = is_tall(),
             .transpose_b = !is_tall()});
  }

  void take_polynomial() {
    product({.a = gram_.data(),
             .b = gram_.data(),
             .c = polynomial_.data(),
             .m = side_,
             .n = side_,
             .k = side_,
             .lda = side_,
             .ldb = side_,
             .ldc = side_});
    for (size_t i = 0; i < gram_.size(); ++i) polynomial_[i] = Real(kC) * polynomial_[i] + Real(kB) * gram_[i];
    for (int64_t i = 0; i < side_; ++i) polynomial_[size_t(i * side_ + i)] += Real(kA);
  }

  void multiply() {
    const Real* left = is_tall() ? x_ : polynomial_.data();
    const Real* right = is_tall() ? polynomial_.data() : x_;
    product({.a = left,
             .b = right,
             .c = next_.data(),
             .m = rows_,
             .n = cols_,
             .k = side_,
             .lda = is_tall() ? cols_ : side_,
             .ldb = is_tall() ? side_ : cols_,
             .ldc = cols_});
    std::copy(next_.begin(), next_.end(), x_);
  }

  static void product(const ops::GemmArgs<Real>& args) { ops::gemm(args); }

  Real* x_;
  int64_t rows_, cols_, side_;
  std::vector<Real> gram_, polynomial_, next_;
};

template <class Real>
void update(const MuonMatrix<Real>& matrix, const MuonFactors& factors) {
  const int64_t count = matrix.rows * matrix.cols;
  const Real scale = Real(factors.gradient_scale), momentum = Real(factors.momentum), rest = Real(1 - factors.momentum);
  std::vector<Real> direction(static_cast<size_t>(count));
  for (int64_t i = 0; i < count; ++i) {
    const Real g = matrix.gradient[i] * scale;
    matrix.momentum[i] += rest * (g - matrix.momentum[i]);
    direction[static_cast<size_t>(i)] = g + momentum * (matrix.momentum[i] - g);
  }
  make_orthogonal(direction.data(), matrix.rows, matrix.cols);
  const double side = static_cast<double>(std::max(matrix.rows, matrix.cols));
  const Real rate = Real(factors.rate * kAdamWScale * std::sqrt(side)), shrink = Real(factors.shrink);
  for (int64_t i = 0; i < count; ++i) {
    matrix.value[i] = shrink * matrix.value[i] - rate * direction[static_cast<size_t>(i)];
  }
}

}  // namespace

void muon_update(const MuonMatrix<float>& matrix, const MuonFactors& factors) { update(matrix, factors); }
void muon_update(const MuonMatrix<double>& matrix, const MuonFactors& factors) { update(matrix, factors); }

void make_orthogonal(float* x, int64_t rows, int64_t cols) { NewtonSchulz<float>(x, rows, cols).run(); }
void make_orthogonal(double* x, int64_t rows, int64_t cols) { NewtonSchulz<double>(x, rows, cols).run(); }

}  // namespace aha::train
