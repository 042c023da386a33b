// Bounds of the number of tokens after which enough requests are complete.
#include "rollout/cutoff.h"

#include <algorithm>
#include <vector>

namespace aha::rollout {

int64_t Cutoff::add(int64_t num_open_samples) {
  requests_.emplace_back().num_open = num_open_samples;
  limit_ = nth_smallest(/*of_complete_ones=*/true);
  return std::ssize(requests_) - 1;
}

void Cutoff::wrote(int64_t rank, int64_t num_tokens) {
  std::atomic<int64_t>& longest = requests_[rank].longest;
  int64_t known = longest.load(std::memory_order_relaxed);
  while (known < num_tokens && !longest.compare_exchange_weak(known, num_tokens, std::memory_order_relaxed)) {
  }
}

void Cutoff::ended(int64_t rank) {
  if (--requests_[rank].num_open == 0) limit_ = nth_smallest(/*of_complete_ones=*/true);
}

int64_t Cutoff::nth_smallest(bool of_complete_ones) const {
  if (!is_on()) return INT64_MAX;
  std::vector<int64_t> tokens;
  for (const Progress& request : requests_) {
    if (request.num_open == 0 || !of_complete_ones) tokens.push_back(request.longest.load(std::memory_order_relaxed));
  }
  if (std::ssize(tokens) < enough_) return INT64_MAX;
  const auto nth = tokens.begin() + (enough_ - 1);
  std::nth_element(tokens.begin(), nth, tokens.end());
  return *nth;
}

}  // namespace aha::rollout
