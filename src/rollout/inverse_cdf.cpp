// Sums by blocks find the place; what a plain sum would have found is certain but for a hair's breadth, where it is
// asked itself.
#include "rollout/inverse_cdf.h"

#include <cmath>

#include "rollout/row_scan.h"

namespace aha::rollout {

namespace {

int32_t draw_one_by_one(std::span<const float> probabilities, double threshold) {
  double sum = 0;
  int32_t last = 0;
  for (size_t i = 0; i < probabilities.size(); ++i) {
    if (probabilities[i] == 0) continue;
    sum += static_cast<double>(probabilities[i]);
    last = static_cast<int32_t>(i);
    if (sum > threshold) return last;
  }
  return last;
}

}  // namespace

int32_t draw_index(std::span<const float> probabilities, double threshold) {
  const int64_t size = std::ssize(probabilities);
  const double margin = sum_margin(size);
  double sum = 0;
  for (int64_t begin = 0; begin < size; begin += kScanBlock) {
    const int64_t end = begin + kScanBlock;
    if (end <= size) {
      const double after = sum + block_sum(probabilities.data() + begin);
      if (after < threshold - margin) {
        sum = after;
        continue;
      }
    }
    for (int64_t i = begin; i < std::min(end, size); ++i) {
      sum += static_cast<double>(probabilities[i]);
      if (std::abs(sum - threshold) <= margin) return draw_one_by_one(probabilities, threshold);
      if (sum > threshold) return static_cast<int32_t>(i);
    }
  }
  return draw_one_by_one(probabilities, threshold);
}

int32_t draw_index(std::span<const float> probabilities, std::span<const int32_t> kept, double threshold) {
  double sum = 0;
  for (const int32_t index : kept) {
    sum += static_cast<double>(probabilities[index]);
    if (sum > threshold) return index;
  }
  return kept.back();
}

int32_t index_of_max(std::span<const float> row) {
  const int64_t size = std::ssize(row);
  float largest = row[0];
  int64_t best_block = 0;
  for (int64_t begin = 0; begin < size; begin += kScanBlock) {
    const bool is_full = begin + kScanBlock <= size;
    const float here = is_full ? block_max(row.data() + begin) : part_max(row.data() + begin, size - begin);
    if (!(here > largest)) continue;
    largest = here;
    best_block = begin;
  }
  int64_t index = best_block;
  while (row[index] != largest) ++index;
  return static_cast<int32_t>(index);
}

}  // namespace aha::rollout
