#include "train/micro_batches.h"

#include <algorithm>
#include <numeric>

#include "aha/data/packing.h"

namespace aha::train {
namespace {

constexpr int64_t kSpread = 4;  // one, two and four workers share that many groups evenly

// Longest first, each to the group that is shortest so far.
std::vector<std::vector<int64_t>> balanced(const std::vector<int64_t>& lengths, size_t num_groups) {
  std::vector<int64_t> order(lengths.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(),
                   [&](int64_t a, int64_t b) { return lengths[size_t(a)] > lengths[size_t(b)]; });
  std::vector<std::vector<int64_t>> groups(num_groups);
  std::vector<int64_t> filled(num_groups, 0);
  for (const int64_t sequence : order) {
    const auto shortest = static_cast<size_t>(std::min_element(filled.begin(), filled.end()) - filled.begin());
    groups[shortest].push_back(sequence);
    filled[shortest] += lengths[static_cast<size_t>(sequence)];
  }
  return groups;
}

int64_t total_of(const std::vector<int64_t>& group, const std::vector<int64_t>& lengths) {
  int64_t total = 0;
  for (const int64_t sequence : group) total += lengths[static_cast<size_t>(sequence)];
  return total;
}

}  // namespace

std::vector<std::vector<int64_t>> micro_batches(const std::vector<int64_t>& lengths, int64_t tokens_per_micro_batch) {
  auto packed = data::pack_by_tokens(lengths, tokens_per_micro_batch);
  const int64_t total = std::accumulate(lengths.begin(), lengths.end(), int64_t{0});
  const int64_t spread = std::min(kSpread, (total + kLeastMicroBatchTokens / 2) / kLeastMicroBatchTokens);
  int64_t num_groups = std::max<int64_t>(std::ssize(packed), spread);
  if (num_groups > kSpread) num_groups = (num_groups + kSpread - 1) / kSpread * kSpread;
  if (num_groups > std::ssize(lengths)) return packed;

  auto groups = balanced(lengths, static_cast<size_t>(num_groups));
  const bool fits = std::all_of(groups.begin(), groups.end(), [&](const std::vector<int64_t>& group) {
    return group.size() <= 1 || total_of(group, lengths) <= tokens_per_micro_batch;
  });
  return fits ? groups : packed;
}

}  // namespace aha::train
