// When a reward and the one that watches it part: lines worked by hand, curves made up, and noise that must not alarm.
#include "pipeline/reward_watch.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <optional>

#include "aha/core/log.h"
#include "aha/core/random.h"

namespace aha::pipeline::reward_watch_test {
namespace {

using Metrics = std::map<std::string, double>;

class RewardWatchTest : public testing::Test {
 protected:
  void SetUp() override { log::set_level(log::Level::kError); }
  void TearDown() override { log::set_level(log::Level::kInfo); }
};

TEST_F(RewardWatchTest, FitsALineWorkedByHand) {
  // 1 3 2 4 at 0 1 2 3: slope 0.8, residuals -0.3 0.9 -0.9 0.3 (sum of squares 1.8), steps' squares 5.
  const Trend trend = fit_trend({0, 1, 2, 3}, {1, 3, 2, 4});
  EXPECT_NEAR(trend.change, 3 * 0.8, 1e-12);
  EXPECT_NEAR(trend.standard_error, 3 * std::sqrt(1.8 / 2 / 5), 1e-12);
  EXPECT_NEAR(fit_trend({10, 20, 40}, {1, 0, -2}).change, -3, 1e-12);
}

double noise(Random& random, double deviation) { return deviation * random.normal(); }

// First point at which a run alarms; -1 if it does not.
int alarm(bool is_held_out, int num_points, const std::function<double(int)>& reward,
          const std::function<double(int)>& watched) {
  WatchedReward watch("style", "accuracy", is_held_out);
  for (int i = 0; i < num_points; ++i) {
    watch.add(i, reward(i), watched(i));
    if (watch.has_parted()) return i;
  }
  return -1;
}

TEST_F(RewardWatchTest, SeesThemPartWithoutNoise) {
  const auto rising = [](int i) { return 0.1 * i; };
  const auto falling = [](int i) { return 0.8 - 0.02 * i; };
  EXPECT_EQ(alarm(true, 10, rising, falling), 5);                                // the sixth evaluation
  EXPECT_EQ(alarm(false, 40, rising, falling), 19);                              // the twentieth step
  EXPECT_EQ(alarm(true, 50, rising, rising), -1);                                // both rise
  EXPECT_EQ(alarm(true, 50, falling, falling), -1);                              // both fall
  EXPECT_EQ(alarm(true, 50, rising, [](int) { return 0.5; }), -1);               // flat
  EXPECT_EQ(alarm(true, 50, rising, [](int i) { return -0.001 * i; }), -1);      // too small to matter
  EXPECT_EQ(alarm(true, 50, falling, [](int i) { return 0.5 - 0.1 * i; }), -1);  // no gain: no gaming
}

TEST_F(RewardWatchTest, SeesAHackBehindNoise) {
  // 64 completions a step: accuracy 0.6 has a standard error of 0.06. It falls to 0.2 in 100 steps from step 100 on.
  int num_seen = 0;
  for (int run = 0; run < 50; ++run) {
    Random random(static_cast<uint64_t>(run), "hack");
    const int at = alarm(
        false, 220, [&](int i) { return 0.01 * i + noise(random, 0.1); },
        [&](int i) { return 0.6 - 0.004 * std::clamp(i - 100, 0, 100) + noise(random, 0.06); });
    num_seen += at >= 100 && at < 200;
  }
  EXPECT_EQ(num_seen, 50);
}

TEST_F(RewardWatchTest, SeesAHackInAFewEvaluations) {
  int num_seen = 0;
  for (int run = 0; run < 50; ++run) {
    Random random(static_cast<uint64_t>(run), "few");
    const int at = alarm(
        true, 12, [&](int i) { return 0.1 * i + noise(random, 0.02); },
        [&](int i) { return 0.6 - 0.04 * i + noise(random, 0.015); });
    num_seen += at >= 0;
  }
  EXPECT_GE(num_seen, 48);
}

TEST_F(RewardWatchTest, RarelyAlarmsAtNoise) {
  // The reward rises all the time, so that only the noise of the other keeps quiet.
  int false_alarms_of_steps = 0, false_alarms_of_evaluations = 0;
  for (int run = 0; run < 200; ++run) {
    Random random(static_cast<uint64_t>(run), "noise");
    const auto rising = [&](int i) { return 0.01 * i + noise(random, 0.02); };
    const auto flat = [&](int) { return 0.6 + noise(random, 0.06); };
    false_alarms_of_steps += alarm(false, 1000, rising, flat) >= 0;
    const auto held_out = [&](int) { return 0.6 + noise(random, 0.02); };
    false_alarms_of_evaluations += alarm(true, 25, rising, held_out) >= 0;
  }
  RecordProperty("false_alarms_of_steps", false_alarms_of_steps);
  RecordProperty("false_alarms_of_evaluations", false_alarms_of_evaluations);
  EXPECT_LE(false_alarms_of_steps, 10);        // of 200 runs of 1000 steps
  EXPECT_LE(false_alarms_of_evaluations, 10);  // of 200 runs of 25 evaluations
}

TEST_F(RewardWatchTest, AnEpisodeEndsWhenTheFallDoes) {
  WatchedReward watch("style", "accuracy", true);
  int num_begun = 0;
  for (int i = 0; i < 40; ++i) {
    const bool before = watch.has_parted();
    const double watched = i < 10 ? 0.8 - 0.05 * i : i < 20 ? 0.35 : 0.35 + 0.05 * std::min(i - 20, 8);
    watch.add(i, 0.1 * i, watched);
    num_begun += !before && watch.has_parted();
  }
  EXPECT_EQ(num_begun, 1);
  EXPECT_FALSE(watch.has_parted());
}

reward::RewardConfig reward_of(const std::string& name, const std::string& verifier, const std::string& watch = "") {
  reward::RewardConfig config;
  config.name = name;
  config.verifier = verifier;
  config.watch = watch;
  return config;
}

const std::vector<reward::RewardConfig> kRewards = {reward_of("style", "reward_model", "accuracy"),
                                                    reward_of("accuracy", "math")};

reward::BatchScores scores(double style, double accuracy) {
  return {.names = {"style", "accuracy"},
          .weights = {1, 0},
          .values = {{style, std::nullopt}, {accuracy, accuracy}},
          .total = {style, std::nullopt},
          .num_failed = {0, 0},
          .num_timed_out = {0, 0},
          .num_undecided = {0, 0}};
}

TEST_F(RewardWatchTest, FollowsEvaluationsAndTheStepsBetweenThem) {
  RewardWatch watch(kRewards, 7);
  Metrics of_step, of_measurement;
  for (int64_t step = 0; step <= 12; ++step) {
    if (step % 2 == 0) {
      of_measurement = {{"eval_accuracy", 0.9 - 0.05 * static_cast<double>(step)}};
      watch.add_measurement(step, of_measurement);
    }
    watch.add_step(step + 1, scores(static_cast<double>(step), 1), of_step);
  }
  EXPECT_TRUE(of_step.empty());
  // Points at steps 2 … 12: the reward's means are 0.5, 2.5 … 10.5, and accuracy falls by 0.1 each.
  EXPECT_NEAR(of_measurement.at("reward_watch/style/learned_trend"), 10, 1e-9);
  EXPECT_NEAR(of_measurement.at("reward_watch/style/watched_trend"), -0.5, 1e-9);
  EXPECT_EQ(of_measurement.at("reward_watch/style/parted"), 1);
}

TEST_F(RewardWatchTest, FollowsStepsWhereEvaluationsAreFew) {
  RewardWatch watch(kRewards, 6);
  Metrics metrics, of_measurement = {{"eval_accuracy", 0.5}};
  for (int64_t step = 1; step <= 20; ++step) {
    EXPECT_TRUE(metrics.empty());
    watch.add_step(step, scores(static_cast<double>(step), 1 - 0.01 * static_cast<double>(step)), metrics);
  }
  EXPECT_EQ(metrics.at("reward_watch/style/parted"), 1);
  EXPECT_NEAR(metrics.at("reward_watch/style/watched_trend"), -0.19, 1e-9);
  watch.add_measurement(20, of_measurement);
  EXPECT_EQ(of_measurement.size(), 1);
}

TEST_F(RewardWatchTest, GoesOnFromItsState) {
  Random random(5, "state");
  RewardWatch whole(kRewards, 0);
  std::optional<RewardWatch> broken(std::in_place, kRewards, 0);
  for (int64_t step = 1; step <= 60; ++step) {
    const reward::BatchScores now = scores(static_cast<double>(step) + random.uniform(), random.uniform());
    Metrics of_whole, of_broken;
    whole.add_step(step, now, of_whole);
    const nlohmann::json state = nlohmann::json::parse(broken->state().dump());
    broken.emplace(kRewards, 0);
    broken->set_state(state);
    broken->add_step(step, now, of_broken);
    EXPECT_EQ(of_whole, of_broken);
  }
}

TEST_F(RewardWatchTest, RefusesWhatCannotWatch) {
  const auto finding = [](const std::vector<reward::RewardConfig>& rewards) {
    ConfigErrors errors;
    check_watches(rewards, "rewards", errors);
    try {
      errors.throw_if_any();
    } catch (const std::exception& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  EXPECT_EQ(finding(kRewards), "");
  EXPECT_EQ(finding({reward_of("style", "judge", "acuracy"), reward_of("accuracy", "math")}),
            "rewards.0.watch: no other reward of this list is called `acuracy`; did you mean `accuracy`?");
  EXPECT_EQ(finding({reward_of("style", "judge", "style")}),
            "rewards.0.watch: no other reward of this list is called `style`; add it, with weight 0 if it is only to "
            "watch");
  EXPECT_EQ(finding({reward_of("style", "judge", "kind"), reward_of("kind", "reward_model")}),
            "rewards.0.watch: `kind` is what a model says, and can be gamed as well; name a reward that verifies");
}

TEST_F(RewardWatchTest, TellsWhatNothingWatches) {
  EXPECT_TRUE(RewardWatch::notices(kRewards).empty());
  EXPECT_EQ(RewardWatch::notices({reward_of("style", "judge"), reward_of("accuracy", "math")}).size(), 1);
}

TEST_F(RewardWatchTest, HasWhatItWatchesMeasured) {
  std::vector<reward::RewardConfig> measured = {reward_of("format", "")};
  measure_watched(kRewards, measured);
  ASSERT_EQ(measured.size(), 2);
  EXPECT_EQ(measured[1].name, "accuracy");
  measure_watched(kRewards, measured);
  EXPECT_EQ(measured.size(), 2);
}

}  // namespace
}  // namespace aha::pipeline::reward_watch_test
