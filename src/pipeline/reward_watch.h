// Watches rewards that can be gamed: tells when one rises while a reward that cannot be gamed so easily falls.
#pragma once
#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "aha/core/config_fields.h"
#include "aha/reward/reward.h"
#include "pipeline/reward_trend.h"

namespace aha::pipeline {

/// One reward, and the one that its `watch` names.
class WatchedReward {
 public:
  /// @param is_held_out a point is an evaluation, and the mean of the reward in the steps since the last one; else a
  /// point is a step, and both are means of its completions
  WatchedReward(std::string name, std::string watched, bool is_held_out);
  const std::string& name() const { return name_; }
  const std::string& watched() const { return watched_; }
  bool is_held_out() const { return is_held_out_; }

  /// Logs a warning when the two begin to part.
  ///
  /// They part when, over the last 8 evaluations (from the 6th on) or the last 50 steps (from the 20th on), the
  /// reward's line rises by more than 2 standard errors, and the watched one's falls by more than 4 and by more than
  /// 0.05; they have parted until it no longer falls by more than 2.
  void add(int64_t step, const RewardMean& reward, const RewardMean& watched);
  bool has_parted() const { return has_parted_; }
  /// reward_watch/<name>/{learned_trend,watched_trend,parted}, once there are points enough
  void add_metrics(std::map<std::string, double>& metrics) const;

  nlohmann::json state() const;
  void set_state(const nlohmann::json& state);

 private:
  void judge();

  std::string name_, watched_;
  bool is_held_out_;
  std::vector<double> steps_;  // the window
  std::vector<RewardMean> rewards_, watched_means_;
  Trend reward_trend_, watched_trend_;
  bool has_trends_ = false, has_parted_ = false;
};

/// All watched rewards of a stage.
class RewardWatch {
 public:
  /// @param num_evaluations that the stage makes on held-out prompts with the watched rewards; fewer than a judgement
  /// needs: steps are followed
  RewardWatch(const std::vector<reward::RewardConfig>& rewards, int64_t num_evaluations);
  /// `step` counts the updates done; adds metrics of what follows steps.
  void add_step(int64_t step, const reward::BatchScores& scores, int64_t group, std::map<std::string, double>& metrics);
  /// The held-out prompts, always the same; adds metrics of what follows evaluations.
  void add_measurement(int64_t step, const reward::BatchScores& scores, int64_t group,
                       std::map<std::string, double>& metrics);
  /// One sentence for each learned reward that nothing watches.
  static std::vector<std::string> notices(const std::vector<reward::RewardConfig>& rewards);

  nlohmann::json state() const;
  void set_state(const nlohmann::json& state);

 private:
  struct Sum {
    double value = 0, variance = 0;
    int64_t count = 0;
  };
  std::vector<WatchedReward> watches_;
  std::vector<Sum> since_measurement_;  // of each watch: the reward's means of steps
};

/// Refuses a `watch` that names no other reward of the list, or one that a model gives.
void check_watches(const std::vector<reward::RewardConfig>& rewards, const std::string& path, ConfigErrors& errors);
/// Adds the rewards that are watched and not yet measured to those that an evaluation measures.
void measure_watched(const std::vector<reward::RewardConfig>& rewards, std::vector<reward::RewardConfig>& measured);

}  // namespace aha::pipeline
