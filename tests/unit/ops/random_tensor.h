// Random inputs for the tests of this room: the same in every run.
#pragma once
#include <ATen/core/Tensor.h>

#include <ATen/ops/empty.h>

#include <cstring>
#include <string>
#include <vector>

#include "aha/core/error.h"
#include "aha/core/random.h"

namespace aha::tests {

/// Standard normal float64 values; `seed` tells one tensor from the next.
inline at::Tensor normal(const std::vector<int64_t>& shape, uint64_t seed) {
  at::Tensor tensor = at::empty(shape, at::kDouble);
  Random random(seed, "tests/ops");
  for (int64_t i = 0; i < tensor.numel(); ++i) tensor.data_ptr<double>()[i] = random.normal();
  return tensor;
}

/// The same rounded to float32.
inline at::Tensor normal_float(const std::vector<int64_t>& shape, uint64_t seed) {
  return normal(shape, seed).to(at::kFloat);
}

/// A float64 leaf that wants a gradient.
inline at::Tensor variable(const std::vector<int64_t>& shape, uint64_t seed) {
  return normal(shape, seed).requires_grad_(true);
}

/// Largest |a - b| relative to the largest |b|.
inline double relative_error(const at::Tensor& a, const at::Tensor& b) {
  if (a.sizes() != b.sizes()) return 1e300;
  if (a.numel() == 0) return 0;
  const at::Tensor exact = b.to(at::kDouble);
  const double largest = std::max(exact.abs().max().item<double>(), 1e-30);
  return (a.to(at::kDouble) - exact).abs().max().item<double>() / largest;
}

inline bool same_bits(const at::Tensor& a, const at::Tensor& b) {
  const at::Tensor x = a.contiguous(), y = b.contiguous();
  return x.sizes() == y.sizes() && x.scalar_type() == y.scalar_type() &&
         std::memcmp(x.const_data_ptr(), y.const_data_ptr(), x.nbytes()) == 0;
}

/// The sentence of the ShapeError that `call` throws; empty if it throws none.
template <class Call>
std::string shape_error(Call call) {
  try {
    call();
  } catch (const ShapeError& error) {
    return error.what();
  }
  return "";
}

}  // namespace aha::tests
