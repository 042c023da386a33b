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
  // 1 3 2 4 at 0 1 2 3: slope 0.8; the steps' squares are 5, and the mean of the variances 0.25.
  const Trend trend = fit_trend({0, 1, 2, 3}, {{1, 0.1}, {3, 0.4}, {2, 0.25}, {4, 0.25}});
  EXPECT_NEAR(trend.change, 3 * 0.8, 1e-12);
  EXPECT_NEAR(trend.standard_error, 3 * std::sqrt(0.25 / 5), 1e-12);
  EXPECT_NEAR(fit_trend({10, 20, 40}, {{1}, {0}, {-2}}).change, -3, 1e-12);
}

TEST_F(RewardWatchTest, TellsHowFarChanceMovesAMean) {
  // Prompts with 1 0 1 0, 1 1 1 1 and 0 – – –: means 0.5 1 0, variances 1/3 and 0 of one value, unknown of the third.
  const reward::BatchScores scores{.names = {"accuracy"},
                                   .weights = {1},
                                   .values = {{1, 0, 1, 0, 1, 1, 1, 1, 0, std::nullopt, std::nullopt, std::nullopt}},
                                   .total = {},
                                   .num_failed = {0},
                                   .num_timed_out = {0},
                                   .num_undecided = {0}};
  const auto same = reward_mean(scores, "accuracy", 4, true), drawn = reward_mean(scores, "accuracy", 4, false);
  ASSERT_TRUE(same && drawn);
  EXPECT_NEAR(same->value, 0.5, 1e-12);
  EXPECT_NEAR(same->variance, (1.0 / 3 / 4 + 0) / 2 / 3, 1e-12);
  EXPECT_NEAR(drawn->value, 0.5, 1e-12);
  EXPECT_NEAR(drawn->variance, 0.25 / 3, 1e-12);
  EXPECT_FALSE(reward_mean(scores, "format", 4, true));
  const reward::BatchScores one{.names = {"accuracy"},
                                .weights = {1},
                                .values = {{1}},
                                .total = {},
                                .num_failed = {0},
                                .num_timed_out = {0},
                                .num_undecided = {0}};
  EXPECT_FALSE(reward_mean(one, "accuracy", 1, false));
}

double noise(Random& random, double deviation) { return deviation * random.normal(); }

// A mean with chance in it, and a variance that is known from eight prompts.
RewardMean chancy(Random& random, double value, double deviation) {
  double squares = 0;
  for (int i = 0; i < 7; ++i) squares += std::pow(noise(random, deviation), 2);
  return {.value = value + noise(random, deviation), .variance = squares / 7};
}

// First point at which a run alarms; -1 if it does not.
int alarm(bool is_held_out, int num_points, const std::function<RewardMean(int)>& reward,
          const std::function<RewardMean(int)>& watched) {
  WatchedReward watch("style", "accuracy", is_held_out);
  for (int i = 0; i < num_points; ++i) {
    watch.add(i, reward(i), watched(i));
    if (watch.has_parted()) return i;
  }
  return -1;
}

TEST_F(RewardWatchTest, SeesThemPart) {
  const double variance = 1e-4;
  const auto line = [variance](double begin, double slope) {
    return [=](int i) { return RewardMean{begin + slope * i, variance}; };
  };
  const auto rising = line(0, 0.1), falling = line(0.8, -0.03);
  EXPECT_EQ(alarm(true, 10, rising, falling), 5);             // the sixth evaluation
  EXPECT_EQ(alarm(false, 40, rising, falling), 19);           // the twentieth step
  EXPECT_EQ(alarm(true, 50, rising, rising), -1);             // both rise
  EXPECT_EQ(alarm(true, 50, falling, falling), -1);           // both fall: no gain, no gaming
  EXPECT_EQ(alarm(true, 50, rising, line(0.5, 0)), -1);       // flat
  EXPECT_EQ(alarm(true, 50, rising, line(0.5, -0.004)), -1);  // too small to matter
  EXPECT_EQ(alarm(true, 50, line(0, 0.001), falling), -1);    // what rises does so by chance
  const auto unsure = [](int i) { return RewardMean{0.8 - 0.03 * i, 0.01}; };
  EXPECT_EQ(alarm(true, 50, rising, unsure), -1);  // what falls does so by chance
}

TEST_F(RewardWatchTest, SeesACollapse) {
  // As a policy was seen to fall that was paid for length: within three evaluations, and then it stays.
  const std::vector<double> accuracy = {0.844, 0.797, 0.188, 0.039, 0, 0.047, 0.008, 0, 0, 0};
  const auto watched = [&](int i) { return RewardMean{accuracy[static_cast<size_t>(i)], 1e-3}; };
  EXPECT_EQ(alarm(
                true, 10,
                [](int i) {
                  return RewardMean{0.7 + 0.03 * i, 1e-4};
                },
                watched),
            5);
}

TEST_F(RewardWatchTest, SeesAHackBehindNoise) {
  // 64 completions a step: accuracy 0.6 has a standard error of 0.06. It falls to 0.2 in 100 steps from step 100 on.
  int num_seen = 0;
  for (int run = 0; run < 50; ++run) {
    Random random(static_cast<uint64_t>(run), "hack");
    const int at = alarm(
        false, 220, [&](int i) { return chancy(random, 0.01 * i, 0.1); },
        [&](int i) { return chancy(random, 0.6 - 0.004 * std::clamp(i - 100, 0, 100), 0.06); });
    num_seen += at >= 100 && at < 200;
  }
  EXPECT_EQ(num_seen, 50);
}

TEST_F(RewardWatchTest, RarelyAlarmsAtNoise) {
  // The reward rises all the time, so that only the noise of the other keeps quiet.
  int false_alarms_of_steps = 0, false_alarms_of_evaluations = 0;
  for (int run = 0; run < 200; ++run) {
    Random random(static_cast<uint64_t>(run), "noise");
    const auto rising = [&](int i) { return chancy(random, 0.01 * i, 0.02); };
    false_alarms_of_steps += alarm(false, 1000, rising, [&](int) { return chancy(random, 0.6, 0.06); }) >= 0;
    false_alarms_of_evaluations += alarm(true, 25, rising, [&](int) { return chancy(random, 0.6, 0.03); }) >= 0;
  }
  RecordProperty("false_alarms_of_steps", false_alarms_of_steps);
  RecordProperty("false_alarms_of_evaluations", false_alarms_of_evaluations);
  EXPECT_LE(false_alarms_of_steps, 4);        // of 200 runs of 1000 steps
  EXPECT_LE(false_alarms_of_evaluations, 2);  // of 200 runs of 25 evaluations
}

TEST_F(RewardWatchTest, AnEpisodeEndsWhenTheFallDoes) {
  WatchedReward watch("style", "accuracy", true);
  int num_begun = 0;
  for (int i = 0; i < 40; ++i) {
    const bool before = watch.has_parted();
    const double watched = i < 10 ? 0.8 - 0.05 * i : i < 20 ? 0.35 : 0.35 + 0.05 * std::min(i - 20, 8);
    watch.add(i, {0.1 * i, 1e-4}, {watched, 1e-4});
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

// Two prompts of two completions, around these means.
reward::BatchScores scores(double style, double accuracy) {
  const auto around = [](double mean) {
    return std::vector<std::optional<double>>{mean - 0.01, mean + 0.01, mean - 0.005, mean + 0.005};
  };
  return {.names = {"style", "accuracy"},
          .weights = {1, 0},
          .values = {around(style), around(accuracy)},
          .total = around(style),
          .num_failed = {0, 0},
          .num_timed_out = {0, 0},
          .num_undecided = {0, 0}};
}

TEST_F(RewardWatchTest, FollowsEvaluationsAndTheStepsBetweenThem) {
  RewardWatch watch(kRewards, 7);
  Metrics of_step, of_measurement;
  for (int64_t step = 0; step <= 12; ++step) {
    of_measurement.clear();
    const double accuracy = 0.9 - 0.05 * static_cast<double>(step);
    if (step % 2 == 0) watch.add_measurement(step, scores(0, accuracy), 2, of_measurement);
    watch.add_step(step + 1, scores(static_cast<double>(step), 1), 2, of_step);
  }
  EXPECT_TRUE(of_step.empty());
  // Points at steps 2 … 12: the reward's means are 0.5, 2.5 … 10.5, and accuracy falls by 0.1 each.
  EXPECT_NEAR(of_measurement.at("reward_watch/style/learned_trend"), 10, 1e-9);
  EXPECT_NEAR(of_measurement.at("reward_watch/style/watched_trend"), -0.5, 1e-9);
  EXPECT_EQ(of_measurement.at("reward_watch/style/parted"), 1);
}

TEST_F(RewardWatchTest, FollowsStepsWhereEvaluationsAreFew) {
  RewardWatch watch(kRewards, 6);
  Metrics metrics, of_measurement;
  for (int64_t step = 1; step <= 20; ++step) {
    EXPECT_TRUE(metrics.empty());
    watch.add_step(step, scores(static_cast<double>(step), 1 - 0.01 * static_cast<double>(step)), 2, metrics);
  }
  EXPECT_EQ(metrics.at("reward_watch/style/parted"), 1);
  EXPECT_NEAR(metrics.at("reward_watch/style/watched_trend"), -0.19, 1e-9);
  watch.add_measurement(20, scores(0, 0), 2, of_measurement);
  EXPECT_TRUE(of_measurement.empty());
}

TEST_F(RewardWatchTest, GoesOnFromItsState) {
  Random random(5, "state");
  RewardWatch whole(kRewards, 0);
  std::optional<RewardWatch> broken(std::in_place, kRewards, 0);
  for (int64_t step = 1; step <= 60; ++step) {
    const reward::BatchScores now = scores(static_cast<double>(step) + random.uniform(), random.uniform());
    Metrics of_whole, of_broken;
    whole.add_step(step, now, 2, of_whole);
    const nlohmann::json state = nlohmann::json::parse(broken->state().dump());
    broken.emplace(kRewards, 0);
    broken->set_state(state);
    broken->add_step(step, now, 2, of_broken);
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
