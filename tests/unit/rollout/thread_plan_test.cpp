// Worked plans: who gets a worker, who a team, and where groups are cut.
#include "rollout/thread_plan.h"

#include <gtest/gtest.h>

namespace aha::rollout::thread_plan_test {
namespace {

constexpr int64_t kMegabyte = int64_t{1} << 20;

RunMeans means(int num_threads, int64_t weight_megabytes) {
  return {num_threads, /*num_pages=*/1000, weight_megabytes * kMegabyte, /*cpu_cache_bytes=*/32 * kMegabyte};
}

/// Requests of one size with prompts of 16 tokens and completions of up to 256.
RunShape shape(int64_t num_requests, int64_t num_generations, int64_t prompt_tokens = 16) {
  return {num_requests, num_requests * num_generations, num_requests * prompt_tokens,
          num_requests * num_generations * 256, /*most_pages=*/6};
}

using Pair = std::pair<int, int>;
Pair plan(const RunShape& shape, const RunMeans& means) {
  const ThreadPlan plan = plan_threads(shape, means);
  return {plan.num_workers, plan.threads_per_worker};
}

TEST(ThreadPlan, OneSampleGetsATeam) {
  EXPECT_EQ(plan(shape(1, 1), means(2, 8)), Pair(1, 2));
  EXPECT_EQ(plan(shape(1, 1), means(1, 8)), Pair(1, 1));
}

TEST(ThreadPlan, ManySamplesGetAWorkerAThread) {
  EXPECT_EQ(plan(shape(64, 1), means(2, 8)), Pair(2, 1));
  EXPECT_EQ(plan(shape(128, 1), means(2, 400)), Pair(2, 1));
  EXPECT_EQ(plan(shape(64, 1), means(8, 8)), Pair(8, 1));
}

// 64 rows on two workers would read 400 MB twice for 32 rows each.
TEST(ThreadPlan, FewRowsReadLargeWeightsTogether) {
  EXPECT_EQ(plan(shape(8, 1), means(2, 400)), Pair(1, 2));
  EXPECT_EQ(plan(shape(64, 1), means(2, 9)), Pair(1, 2));
  EXPECT_EQ(plan(shape(127, 1), means(2, 400)), Pair(1, 2));
  EXPECT_EQ(plan(shape(256, 1), means(8, 400)), Pair(4, 2));
}

TEST(ThreadPlan, WorkersTimesTeamsAreTheThreads) {
  for (int num_threads = 1; num_threads <= 12; ++num_threads) {
    for (const int64_t num_samples : {1, 2, 3, 5, 16, 100}) {
      for (const int64_t megabytes : {8, 400}) {
        const auto [num_workers, team] = plan(shape(num_samples, 1), means(num_threads, megabytes));
        EXPECT_EQ(num_workers * team, num_threads);
        EXPECT_LE(num_workers, num_samples);
      }
    }
  }
}

TEST(ThreadPlan, ALongPromptIsReadOnce) {
  EXPECT_EQ(plan(shape(1, 16, 1024), means(2, 8)), Pair(1, 2));
  EXPECT_EQ(plan(shape(2, 16, 1024), means(2, 8)), Pair(2, 1));
  EXPECT_FALSE(plan_threads(shape(2, 16, 1024), means(2, 8)).cuts_groups);
  // A short one is cheaper to read again than a team's barriers are.
  EXPECT_EQ(plan(shape(1, 16, 16), means(2, 8)), Pair(2, 1));
  EXPECT_TRUE(plan_threads(shape(1, 16, 16), means(2, 8)).cuts_groups);
}

TEST(ThreadPlan, APartOfTheCacheHoldsTheLargestRequest) {
  RunMeans small = means(2, 8);
  small.num_pages = 12;
  EXPECT_EQ(plan(shape(64, 1), small), Pair(2, 1));
  small.num_pages = 11;
  EXPECT_EQ(plan(shape(64, 1), small), Pair(1, 2));
}

TEST(ThreadPlan, OtherDevicesHaveOneWorker) {
  RunMeans elsewhere = means(2, 8);
  elsewhere.is_cpu = false;
  EXPECT_EQ(plan(shape(64, 1), elsewhere), Pair(1, 2));
}

TEST(ThreadPlan, PiecesAreWholeGroupsOrEndAtSharesOfTheWorkers) {
  const std::vector<PieceRange> whole = {{0, 0, 5}, {1, 0, 1}, {2, 0, 4}};
  EXPECT_EQ(cut_pieces({5, 1, 4}, {2, 1, false}), whole);
  EXPECT_EQ(cut_pieces({5, 1, 4}, {2, 1, true}), whole);  // the share of 5 ends there anyway
  EXPECT_EQ(cut_pieces({4, 4}, {2, 1, true}), (std::vector<PieceRange>{{0, 0, 4}, {1, 0, 4}}));
  EXPECT_EQ(cut_pieces({3, 5}, {2, 1, true}), (std::vector<PieceRange>{{0, 0, 3}, {1, 0, 1}, {1, 1, 5}}));
  EXPECT_TRUE(cut_pieces({}, {2, 1, true}).empty());
}

TEST(ThreadPlan, TheProcessorHasACache) { EXPECT_GE(last_level_cache_bytes(), 1 << 18); }

}  // namespace
}  // namespace aha::rollout::thread_plan_test
