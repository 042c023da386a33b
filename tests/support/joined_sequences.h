// What sequences with shared prefixes stand for: each as a whole, the prefix written out before it.
#pragma once
#include <ATen/core/Tensor.h>

#include <torch/csrc/autograd/generated/variable_factories.h>

#include <vector>

namespace aha::tests {

struct JoinedSequences {
  std::vector<int64_t> offsets;  // of whole sequences, one for each packed one
  at::Tensor row_J;              // of the packed tensors, for each row of the joined ones
  at::Tensor own_T;              // of the joined tensors, for each packed row
};

inline JoinedSequences joined_sequences(const std::vector<int64_t>& offsets, const std::vector<int64_t>& prefix) {
  std::vector<int64_t> row, own;
  JoinedSequences joined{.offsets = {0}, .row_J = {}, .own_T = {}};
  for (size_t i = 0; i + 1 < offsets.size(); ++i) {
    if (prefix[i] >= 0) {
      const auto from = static_cast<size_t>(prefix[i]);
      for (int64_t t = offsets[from]; t < offsets[from + 1]; ++t) row.push_back(t);
    }
    for (int64_t t = offsets[i]; t < offsets[i + 1]; ++t) {
      own.push_back(std::ssize(row));
      row.push_back(t);
    }
    joined.offsets.push_back(std::ssize(row));
  }
  joined.row_J = torch::tensor(row, at::kLong);
  joined.own_T = torch::tensor(own, at::kLong);
  return joined;
}

/// Prompts of 40, 1, 64 and 0 tokens, and what goes on from them, mixed: also single tokens and none.
struct SharedPrefixes {
  std::vector<int64_t> length = {40, 1, 24, 5, 64, 1, 33, 0, 100, 0, 32, 7, 3};
  std::vector<int64_t> prefix = {-1, -1, 0, 1, -1, 0, 4, 4, 1, -1, 0, 9, -1};
};

}  // namespace aha::tests
