// First-fit-decreasing bin packing of sequence lengths.
#include "aha/data/packing.h"

#include <algorithm>
#include <numeric>

#include "aha/core/error.h"

namespace aha::data {

std::vector<std::vector<int64_t>> pack_by_tokens(const std::vector<int64_t>& lengths, int64_t max_tokens) {
  AHA_CHECK(max_tokens > 0, "max_tokens is " + std::to_string(max_tokens));
  std::vector<int64_t> order(lengths.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](int64_t a, int64_t b) { return lengths[a] > lengths[b]; });

  std::vector<std::vector<int64_t>> groups;
  std::vector<int64_t> room;  // tokens left in each group
  for (const int64_t index : order) {
    const int64_t length = lengths[index];
    AHA_CHECK(length >= 0, "length of sequence " + std::to_string(index) + " is negative");
    const auto fit = std::find_if(room.begin(), room.end(), [&](int64_t left) { return left >= length; });
    const size_t group = fit - room.begin();
    if (fit == room.end()) {
      groups.emplace_back();
      room.push_back(max_tokens);
    }
    groups[group].push_back(index);
    room[group] -= length;  // below zero for a sequence that stands alone
  }
  return groups;
}

}  // namespace aha::data
