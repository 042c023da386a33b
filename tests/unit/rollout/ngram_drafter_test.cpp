// Drafts worked by hand.
#include "rollout/ngram_drafter.h"

#include <gtest/gtest.h>

namespace aha::rollout::ngram_drafter_test {
namespace {

using Ids = std::vector<int32_t>;

Ids drafts(const Ids& prompt, const Ids& completion, int64_t limit = 4, int64_t max_tokens = 1000) {
  Ids found;
  NgramDrafter(max_tokens).propose(prompt, completion, limit, found);
  return found;
}

TEST(NgramDrafter, ProposesWhatFollowed) {
  EXPECT_EQ(drafts({1, 2, 3, 4, 5, 6, 7, 8}, {2, 3, 4}), (Ids{5, 6, 7, 8}));
  EXPECT_EQ(drafts({1, 2, 3, 4, 5, 6, 7, 8}, {2, 3, 4}, 2), (Ids{5, 6}));
  EXPECT_EQ(drafts({}, {1, 2, 3, 9, 1, 2}, 2), (Ids{3, 9}));
}

TEST(NgramDrafter, PrefersThreeTokensToTwoAndLateToEarly) {
  // 2 3 came last before 9; 1 2 3 before 7.
  EXPECT_EQ(drafts({1, 2, 3, 7, 2, 3, 9}, {1, 2, 3}, 1), (Ids{7}));
  EXPECT_EQ(drafts({1, 2, 3, 7, 1, 2, 3, 9}, {1, 2, 3}, 1), (Ids{9}));
  EXPECT_EQ(drafts({2, 3, 7, 2, 3, 9}, {5, 2, 3}, 1), (Ids{9}));
}

TEST(NgramDrafter, OneTokenIsNoMatch) {
  EXPECT_EQ(drafts({1, 2, 3}, {9, 3}), Ids{});
  EXPECT_EQ(drafts({1, 2, 3}, {7}), Ids{});
}

TEST(NgramDrafter, AMatchMaySpanPromptAndCompletion) { EXPECT_EQ(drafts({8, 1}, {2, 5, 6, 1, 2}, 2), (Ids{5, 6})); }

TEST(NgramDrafter, GoesOnWithARepetition) {
  EXPECT_EQ(drafts({1}, {2, 1, 2, 1, 2}, 5), (Ids{1, 2, 1, 2, 1}));
  EXPECT_EQ(drafts({}, {7, 7, 7}, 3), (Ids{7, 7, 7}));
}

TEST(NgramDrafter, LooksBackOnlySoFar) {
  EXPECT_EQ(drafts({1, 2, 3, 4, 5}, {1, 2, 3}, 1, 6), (Ids{4}));
  EXPECT_EQ(drafts({1, 2, 3, 4, 5}, {1, 2, 3}, 1, 5), Ids{});
}

TEST(NgramDrafter, ShortTextsAndNoLimitGiveNothing) {
  EXPECT_EQ(drafts({}, {}), Ids{});
  EXPECT_EQ(drafts({1}, {}), Ids{});
  EXPECT_EQ(drafts({1, 2, 1, 2}, {1, 2}, 0), Ids{});
}

TEST(NgramDrafter, AppendsToWhatIsThere) {
  Ids found = {42};
  NgramDrafter(100).propose(Ids{1, 2, 1, 2, 1}, {}, 3, found);
  EXPECT_EQ(found, (Ids{42, 2, 1, 2}));
}

}  // namespace
}  // namespace aha::rollout::ngram_drafter_test
