// Sequences laid end to end: no padding is ever computed.
#pragma once
#include <cstdint>
#include <vector>

namespace aha::data {

/// A sequence to learn from. weights[t] scales the loss of predicting token t from those before it; weights[0] is 0.
struct TrainingSequence {
  std::vector<int32_t> token_ids;
  std::vector<float> weights;  // same length; 0 on prompt tokens
};

/// Groups of sequence indices, each group at most `max_tokens` long in all (a longer sequence stands alone).
/// Longest first, first fit; the result depends on the lengths only.
std::vector<std::vector<int64_t>> pack_by_tokens(const std::vector<int64_t>& lengths, int64_t max_tokens);

}  // namespace aha::data
