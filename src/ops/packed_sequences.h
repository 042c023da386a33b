// Sequences that lie end to end in one tensor: sequence i has rows offsets[i] … offsets[i + 1] - 1, and goes on from
// sequence prefix[i], if it has one.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

namespace aha::ops {

/// @param prefix of each sequence: the number of an earlier one that has none itself, or -1; empty: none has one
/// @throws ShapeError in the name of `op` if offsets do not rise from 0 to num_tokens, if a prefix is none of these, or
/// if a sequence has, with its prefix, more than num_positions tokens
void check_sequences(const std::string& op, const std::vector<int64_t>& offsets, const std::vector<int64_t>& prefix,
                     int64_t num_tokens, int64_t num_positions);

struct PackedSequence {
  int64_t first, length;                // its own rows
  int64_t prefix_first, prefix_length;  // the rows that it goes on from; its positions count from prefix_length
  bool operator==(const PackedSequence&) const = default;
};

/// A sequence, and those that go on from it in their order. None is empty.
using SequenceTree = std::vector<PackedSequence>;
std::vector<SequenceTree> sequence_trees(const std::vector<int64_t>& offsets, const std::vector<int64_t>& prefix);

/// Of the longest sequence with its prefix.
int64_t num_positions(const SequenceTree& tree);

/// Pairs of a token and one that it may see, were nothing masked.
int64_t num_scores(const SequenceTree& tree);

}  // namespace aha::ops
