// Checks of packed sequences, and which of them go on from which.
#include "ops/packed_sequences.h"

#include <algorithm>
#include <functional>

#include "aha/core/error.h"

namespace aha::ops {
namespace {

/// The number of the sequence that sequence i goes on from, or -1.
int64_t prefix_of(const std::vector<int64_t>& prefix, int64_t i) {
  return prefix.empty() ? -1 : prefix[static_cast<size_t>(i)];
}

int64_t length_of(const std::vector<int64_t>& offsets, int64_t i) {
  return offsets[static_cast<size_t>(i) + 1] - offsets[static_cast<size_t>(i)];
}

void check_offsets(const std::string& op, const std::vector<int64_t>& offsets, int64_t num_tokens) {
  const auto refuse = [&](const std::string& what) { throw ShapeError("[" + op + "] offsets: " + what); };
  if (offsets.empty() || offsets.front() != 0) refuse("must start with 0");
  if (offsets.back() != num_tokens) {
    refuse("end with " + std::to_string(offsets.back()) + ", but q has T = " + std::to_string(num_tokens));
  }
  const auto fall = std::adjacent_find(offsets.begin(), offsets.end(), std::greater<>());
  if (fall != offsets.end()) refuse("must not fall, but do at " + std::to_string(fall - offsets.begin() + 1));
}

void check_prefix(const std::string& op, const std::vector<int64_t>& prefix, int64_t num_sequences) {
  const auto refuse = [&](const std::string& what) { throw ShapeError("[" + op + "] prefix: " + what); };
  if (!prefix.empty() && std::ssize(prefix) != num_sequences) {
    refuse("has " + std::to_string(prefix.size()) + " entries for " + std::to_string(num_sequences) + " sequences");
  }
  for (int64_t i = 0; i < std::ssize(prefix); ++i) {
    const int64_t from = prefix_of(prefix, i);
    const std::string name = std::to_string(from) + " of sequence " + std::to_string(i);
    if (from < -1 || from >= i) refuse(name + " must be an earlier sequence, or -1 for none");
    if (from >= 0 && prefix_of(prefix, from) >= 0) refuse(name + " has a prefix itself");
  }
}

}  // namespace

void check_sequences(const std::string& op, const std::vector<int64_t>& offsets, const std::vector<int64_t>& prefix,
                     int64_t num_tokens, int64_t num_positions) {
  check_offsets(op, offsets, num_tokens);
  check_prefix(op, prefix, std::ssize(offsets) - 1);
  for (int64_t i = 0; i + 1 < std::ssize(offsets); ++i) {
    const int64_t from = prefix_of(prefix, i);
    const int64_t length = length_of(offsets, i) + (from < 0 ? 0 : length_of(offsets, from));
    if (length > num_positions) {
      throw ShapeError("[" + op + "] offsets: sequence " + std::to_string(i) + " has " + std::to_string(length) +
                       " tokens" + (from < 0 ? "" : " with its prefix") +
                       ", but cosine has P = " + std::to_string(num_positions));
    }
  }
}

std::vector<SequenceTree> sequence_trees(const std::vector<int64_t>& offsets, const std::vector<int64_t>& prefix) {
  std::vector<SequenceTree> trees;
  std::vector<size_t> tree_of(offsets.size());  // of each sequence without a prefix that is not empty
  for (int64_t i = 0; i + 1 < std::ssize(offsets); ++i) {
    const int64_t first = offsets[static_cast<size_t>(i)], length = length_of(offsets, i);
    if (length == 0) continue;
    const int64_t from = prefix_of(prefix, i);
    if (from >= 0 && length_of(offsets, from) > 0) {
      const size_t from_index = static_cast<size_t>(from);
      trees[tree_of[from_index]].push_back({first, length, offsets[from_index], length_of(offsets, from)});
    } else {
      tree_of[static_cast<size_t>(i)] = trees.size();
      trees.push_back({{first, length, first, 0}});
    }
  }
  return trees;
}

int64_t num_positions(const SequenceTree& tree) {
  int64_t most = 0;
  for (const PackedSequence& sequence : tree) most = std::max(most, sequence.prefix_length + sequence.length);
  return most;
}

int64_t num_scores(const SequenceTree& tree) {
  int64_t sum = 0;
  for (const PackedSequence& sequence : tree) sum += sequence.length * (sequence.prefix_length + sequence.length);
  return sum;
}

}  // namespace aha::ops
