#include <ATen/Parallel.h>

#include "aha/ops/team.h"

#include <gtest/gtest.h>

#include <chrono>
#include <set>
#include <stdexcept>
#include <thread>
#include <vector>

#include "aha/core/error.h"

namespace aha::ops::team_test {
namespace {

TEST(Share, TheSharesOfAllPartsCoverEverythingOnce) {
  for (int parts = 1; parts <= 5; ++parts) {
    for (const int64_t count : {0, 1, 4, 7, 100}) {
      int64_t next = 0;
      for (int part = 0; part < parts; ++part) {
        const Share share{part, parts};
        EXPECT_EQ(share.begin(count), next);
        EXPECT_LE(share.end(count) - share.begin(count), count / parts + 1);
        next = share.end(count);
      }
      EXPECT_EQ(next, count);
    }
  }
  EXPECT_EQ(Share().begin(7), 0);
  EXPECT_EQ(Share().end(7), 7);
}

TEST(Team, EachPartRunsOnceOnAThreadOfItsOwn) {
  for (int size = 1; size <= 4; ++size) {
    Team team(size);
    EXPECT_EQ(team.size(), size);
    for (int parts = 1; parts <= size; ++parts) {
      std::vector<std::thread::id> threads(4);
      std::vector<int> calls(4);
      team.run(parts, [&](Share share) {
        EXPECT_EQ(share.parts, parts);
        threads[static_cast<size_t>(share.part)] = std::this_thread::get_id();
        ++calls[static_cast<size_t>(share.part)];
      });
      EXPECT_EQ(threads[0], std::this_thread::get_id());
      EXPECT_EQ(std::set<std::thread::id>(threads.begin(), threads.begin() + parts).size(), static_cast<size_t>(parts));
      for (int part = 0; part < 4; ++part) EXPECT_EQ(calls[static_cast<size_t>(part)], part < parts ? 1 : 0);
    }
  }
}

TEST(Team, ABarrierOrdersWhatWasWrittenBeforeIt) {
  for (int size = 1; size <= 4; ++size) {
    Team team(size);
    std::vector<int64_t> values(static_cast<size_t>(size)), sums(static_cast<size_t>(size));
    constexpr int64_t kRounds = 300;
    team.run(size, [&](Share share) {
      const auto own = static_cast<size_t>(share.part);
      for (int64_t round = 1; round <= kRounds; ++round) {
        values[own] = round * (share.part + 1);
        team.barrier(share);
        for (const int64_t value : values) sums[own] += value;
        team.barrier(share);  // all have read before the next round writes
      }
    });
    const int64_t expected = kRounds * (kRounds + 1) / 2 * (size * (size + 1) / 2);
    EXPECT_EQ(sums, std::vector<int64_t>(static_cast<size_t>(size), expected));
  }
}

// The parts' counts of barriers differ from run to run, and so does who sleeps when.
TEST(Team, IsUsedOverAndOver) {
  Team team(2);
  int64_t counts[2] = {0, 0};
  for (int round = 0; round < 100'000; ++round) {
    const int parts = round % 50 == 0 ? 1 : 2;
    team.run(parts, [&](Share share) {
      if (round % 3 == 0) team.barrier(share);
      ++counts[share.part];
    });
  }
  EXPECT_EQ(counts[0], 100'000);
  EXPECT_EQ(counts[1], 98'000);
}

TEST(Team, WakesThoseWhoFellAsleep) {
  Team team(3);
  std::vector<int> calls(3);
  const auto rest = [] { std::this_thread::sleep_for(std::chrono::milliseconds(2)); };
  for (int round = 0; round < 10; ++round) {
    rest();
    team.run(3, [&](Share share) {
      if (share.part == round % 3) rest();
      team.barrier(share);
      if (share.part == (round + 1) % 3) rest();
      ++calls[static_cast<size_t>(share.part)];
    });
  }
  EXPECT_EQ(calls, (std::vector<int>{10, 10, 10}));
}

TEST(Team, EndsWhileIdleOrUnused) {
  for (int size = 1; size <= 4; ++size) Team unused(size);
  Team team(2);
  team.run(2, [](Share) {});
  std::this_thread::sleep_for(std::chrono::milliseconds(2));
}

TEST(Team, ItsThreadsHaveOneAtenThread) {
  Team team(3);
  std::vector<int> counts(3);
  team.run(3, [&](Share share) { counts[static_cast<size_t>(share.part)] = at::get_num_threads(); });
  EXPECT_EQ(counts[1], 1);
  EXPECT_EQ(counts[2], 1);
}

TEST(Team, RefusesImpossibleSizes) {
  EXPECT_THROW(Team(0), ConfigError);
  Team team(2);
  EXPECT_THROW(team.run(3, [](Share) {}), ShapeError);
  EXPECT_THROW(team.run(0, [](Share) {}), ShapeError);
}

TEST(TeamDeathTest, AnExceptionInAPartEndsTheProgram) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_DEATH(
      {
        Team team(2);
        team.run(2, [](Share share) {
          if (share.part == 1) throw std::runtime_error("part 1");
        });
      },
      "");
}

}  // namespace
}  // namespace aha::ops::team_test
