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

int64_t spread_of(int64_t total) {
  return std::min(kSpread, (total + kLeastMicroBatchTokens / 2) / kLeastMicroBatchTokens);
}

// As many groups of about equal length where none of them is too long, else the packed ones.
std::vector<std::vector<int64_t>> evened(std::vector<std::vector<int64_t>> packed, const std::vector<int64_t>& lengths,
                                         int64_t num_groups, int64_t max_tokens) {
  auto groups = balanced(lengths, static_cast<size_t>(std::min(num_groups, std::ssize(lengths))));
  const bool fits = std::all_of(groups.begin(), groups.end(), [&](const std::vector<int64_t>& group) {
    return group.size() <= 1 || total_of(group, lengths) <= max_tokens;
  });
  return fits ? groups : packed;
}

// Those of one prompt's sequences that share a copy of it.
std::vector<std::vector<int64_t>> parts_of(const PromptGroup& group, const std::vector<int64_t>& lengths,
                                           int64_t least_parts, int64_t max_tokens) {
  std::vector<int64_t> own;
  for (const int64_t sequence : group.sequences) own.push_back(lengths[static_cast<size_t>(sequence)]);
  const int64_t room = std::max<int64_t>(1, max_tokens - group.prompt_length);
  auto packed = data::pack_by_tokens(own, room);
  const int64_t num_parts = std::max(std::ssize(packed), least_parts);
  auto parts = evened(std::move(packed), own, num_parts, room);
  for (auto& part : parts) {
    for (int64_t& index : part) index = group.sequences[static_cast<size_t>(index)];
  }
  return parts;
}

}  // namespace

std::vector<std::vector<int64_t>> micro_batches(const std::vector<int64_t>& lengths, int64_t tokens_per_micro_batch) {
  auto packed = data::pack_by_tokens(lengths, tokens_per_micro_batch);
  const int64_t total = std::accumulate(lengths.begin(), lengths.end(), int64_t{0});
  int64_t num_groups = std::max<int64_t>(std::ssize(packed), spread_of(total));
  if (num_groups > kSpread) num_groups = (num_groups + kSpread - 1) / kSpread * kSpread;
  return evened(std::move(packed), lengths, num_groups, tokens_per_micro_batch);
}

std::vector<std::vector<int64_t>> micro_batches(const std::vector<PromptGroup>& groups,
                                                const std::vector<int64_t>& lengths, int64_t tokens_per_micro_batch) {
  const auto computed = [&](const PromptGroup& group) {
    return group.prompt_length + total_of(group.sequences, lengths);
  };
  int64_t total = 0;
  for (const PromptGroup& group : groups) total += computed(group);
  const int64_t share = total / std::max<int64_t>(1, spread_of(total));

  std::vector<std::vector<int64_t>> parts;
  std::vector<int64_t> part_lengths;
  for (const PromptGroup& group : groups) {
    // A quarter over a worker's share is let pass.
    const int64_t worthwhile = std::max(share, 2 * group.prompt_length) * 5 / 4;
    const int64_t least_parts = (computed(group) + worthwhile - 1) / worthwhile;
    for (auto& part : parts_of(group, lengths, least_parts, tokens_per_micro_batch)) {
      part_lengths.push_back(group.prompt_length + total_of(part, lengths));
      parts.push_back(std::move(part));
    }
  }
  std::vector<std::vector<int64_t>> batches;
  for (const auto& batch : micro_batches(part_lengths, tokens_per_micro_batch)) {
    auto& sequences = batches.emplace_back();
    for (const int64_t part : batch) {
      sequences.insert(sequences.end(), parts[static_cast<size_t>(part)].begin(),
                       parts[static_cast<size_t>(part)].end());
    }
  }
  return batches;
}

}  // namespace aha::train
