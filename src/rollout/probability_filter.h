// Top-k, top-p and min-p over a row of probabilities.
#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "aha/rollout/sampler.h"

namespace aha::rollout {

/// Looks at a row by blocks of 64: those whose largest value is too small are passed over, and what is left is ranked
/// only as far as needed. Allocates in the constructor alone.
class ProbabilityFilter {
 public:
  static bool is_needed(const SamplingParams& params) {
    return params.top_k > 0 || params.top_p < 1 || params.min_p > 0;
  }
  explicit ProbabilityFilter(int64_t vocab_size);
  /// The indices that stay, rising, without those of probability 0; valid until the next call.
  std::span<const int32_t> keep(std::span<const float> probabilities, const SamplingParams& params);

 private:
  void scan();
  void gather(double least);
  template <class Stays>
  void keep_if(Stays stays);
  std::span<uint64_t> rank();
  std::span<const int32_t> kept() const { return {kept_.data(), static_cast<size_t>(num_kept_)}; }
  void keep_top_k(int64_t top_k);
  void keep_top_p(double top_p);
  void keep_min_p(double min_p);
  void gather_mass(double wanted);
  double mass_of_kept() const;
  std::optional<uint64_t> last_key_surely(std::span<uint64_t> keys, double threshold) const;
  static uint64_t last_key_one_by_one(std::span<uint64_t> keys, double threshold);

  std::span<const float> probabilities_;
  bool is_gathered_ = false;           // kept_ holds what is left of the row; else nothing was dropped yet
  float largest_ = 0;                  // of the row: no filter drops it
  double total_ = 0;                   // of the row, nearly
  std::vector<float> maxima_, ranks_;  // of the blocks
  std::vector<int32_t> kept_;          // the first num_kept_ count
  std::vector<uint64_t> keys_;         // of those: the likelier the larger; of equal ones, the smaller index
  int64_t num_kept_ = 0;
};

}  // namespace aha::rollout
