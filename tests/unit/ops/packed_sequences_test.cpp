#include "ops/packed_sequences.h"

#include <gtest/gtest.h>

#include "unit/ops/random_tensor.h"

namespace aha::ops::packed_sequences_test {

namespace {

using Trees = std::vector<SequenceTree>;

std::string refusal(const std::vector<int64_t>& offsets, const std::vector<int64_t>& prefix = {}) {
  return tests::shape_error([&] { check_sequences("op", offsets, prefix, /*num_tokens=*/7, /*num_positions=*/5); });
}

TEST(PackedSequences, OffsetsRiseFromZeroToTheTokens) {
  EXPECT_EQ(refusal({0, 2, 7}), "");
  EXPECT_EQ(refusal({0, 0, 5, 5, 7}), "");
  EXPECT_EQ(refusal({}), "[op] offsets: must start with 0");
  EXPECT_EQ(refusal({1, 7}), "[op] offsets: must start with 0");
  EXPECT_EQ(refusal({0, 4}), "[op] offsets: end with 4, but q has T = 7");
  EXPECT_EQ(refusal({0, 4, 3, 7}), "[op] offsets: must not fall, but do at 2");
  EXPECT_EQ(refusal({0, 1, 7}), "[op] offsets: sequence 1 has 6 tokens, but cosine has P = 5");
}

TEST(PackedSequences, APrefixIsAnEarlierSequenceWithoutOne) {
  EXPECT_EQ(refusal({0, 2, 4, 7}, {-1, 0, 0}), "");
  EXPECT_EQ(refusal({0, 2, 7}, {-1}), "[op] prefix: has 1 entries for 2 sequences");
  EXPECT_EQ(refusal({0, 2, 7}, {1, -1}), "[op] prefix: 1 of sequence 0 must be an earlier sequence, or -1 for none");
  EXPECT_EQ(refusal({0, 2, 7}, {-1, 1}), "[op] prefix: 1 of sequence 1 must be an earlier sequence, or -1 for none");
  EXPECT_EQ(refusal({0, 2, 7}, {-1, -2}), "[op] prefix: -2 of sequence 1 must be an earlier sequence, or -1 for none");
  EXPECT_EQ(refusal({0, 1, 2, 7}, {-1, 0, 1}), "[op] prefix: 1 of sequence 2 has a prefix itself");
  EXPECT_EQ(refusal({0, 3, 4, 7}, {-1, 0, 0}),
            "[op] offsets: sequence 2 has 6 tokens with its prefix, but cosine has P = 5");
}

TEST(PackedSequences, TreesHoldWhatGoesOnFromTheirFirst) {
  EXPECT_EQ(sequence_trees({0, 0, 5, 5, 7}, {}), (Trees{{{0, 5, 0, 0}}, {{5, 2, 5, 0}}}));
  EXPECT_EQ(sequence_trees({0}, {}), Trees{});
  // The first and the second sequence take turns; an empty one goes on from the first, another from an empty one.
  const Trees trees = sequence_trees({0, 3, 5, 6, 6, 8, 9, 9, 12}, {-1, -1, 0, 0, 1, 0, -1, 6});
  EXPECT_EQ(trees, (Trees{{{0, 3, 0, 0}, {5, 1, 0, 3}, {8, 1, 0, 3}}, {{3, 2, 3, 0}, {6, 2, 3, 2}}, {{9, 3, 9, 0}}}));
  EXPECT_EQ(num_positions(trees[0]), 4);
}

}  // namespace
}  // namespace aha::ops::packed_sequences_test
