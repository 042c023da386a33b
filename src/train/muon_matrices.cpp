#include "train/muon_matrices.h"

#include <algorithm>

namespace aha::train {
namespace {

// Of Newton-Schulz, up to a factor.
int64_t cost(const MatrixPlace& place) {
  const int64_t shorter = std::min(place.rows, place.cols), longer = std::max(place.rows, place.cols);
  return shorter * shorter * (2 * longer + shorter);
}

}  // namespace

bool is_trained_by_muon(const model::NamedTensor& parameter) {
  return parameter.tensor.dim() >= 2 && parameter.name.starts_with("layers.");
}

std::vector<MatrixPlace> muon_matrices(const std::vector<model::NamedTensor>& parameters) {
  std::vector<MatrixPlace> places;
  for (size_t p = 0; p < parameters.size(); ++p) {
    const auto& [name, tensor] = parameters[p];
    if (!is_trained_by_muon(parameters[p])) continue;
    const int64_t rows = tensor.size(-2) / (name.ends_with("gate_up") ? 2 : 1), cols = tensor.size(-1);
    for (int64_t start = 0; start < tensor.numel(); start += rows * cols) places.push_back({p, start, rows, cols});
  }
  std::stable_sort(places.begin(), places.end(),
                   [](const MatrixPlace& a, const MatrixPlace& b) { return cost(a) > cost(b); });
  return places;
}

}  // namespace aha::train
