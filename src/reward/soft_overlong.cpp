// The soft overlong punishment of DAPO.
#include "aha/reward/soft_overlong.h"

#include <algorithm>

namespace aha::reward {

double soft_overlong(int64_t length, int64_t max_length, int64_t cache_length) {
  const int64_t over = std::clamp<int64_t>(length - (max_length - cache_length), 0, cache_length);
  return over == 0 ? 0.0 : -static_cast<double>(over) / static_cast<double>(cache_length);
}

}  // namespace aha::reward
