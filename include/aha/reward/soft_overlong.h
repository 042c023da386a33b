// The soft overlong punishment of DAPO.
#pragma once
#include <cstdint>

namespace aha::reward {

/// Eq. 13 of arXiv:2503.14476. All in tokens; 0 < cache_length <= max_length.
/// @return 0 up to max_length - cache_length, -1 from max_length on, on a line in between
double soft_overlong(int64_t length, int64_t max_length, int64_t cache_length);

}  // namespace aha::reward
