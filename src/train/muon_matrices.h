// Which parameters Muon trains, and which matrices they are.
#pragma once
#include <cstdint>
#include <vector>

#include "aha/model/model.h"

namespace aha::train {

/// Part of a parameter: rows · cols numbers from `start` on.
struct MatrixPlace {
  size_t parameter;
  int64_t start, rows, cols;
};

/// Of a parameter with two or more dimensions inside a layer, as Optimizer says.
bool is_trained_by_muon(const model::NamedTensor& parameter);
/// Those matrices, the most expensive first.
std::vector<MatrixPlace> muon_matrices(const std::vector<model::NamedTensor>& parameters);

}  // namespace aha::train
