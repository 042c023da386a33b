// Draws from a row of probabilities, and finds the likeliest of a row.
#pragma once
#include <cstdint>
#include <span>

namespace aha::rollout {

/// The smallest index at which the sum of the probabilities, added one after another in double, exceeds `threshold`;
/// where rounding keeps the sum below it, the last index with a probability above 0.
int32_t draw_index(std::span<const float> probabilities, double threshold);

/// The same among the indices `kept`, which rise.
int32_t draw_index(std::span<const float> probabilities, std::span<const int32_t> kept, double threshold);

/// The first of the largest.
int32_t index_of_max(std::span<const float> row);

}  // namespace aha::rollout
