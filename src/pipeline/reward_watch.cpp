// Two lines a watched reward, fitted anew with each point.
#include "pipeline/reward_watch.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>

#include "aha/core/log.h"

namespace aha::pipeline {
namespace {

struct WindowSize {
  size_t least, most;  // points
};
constexpr WindowSize kEvaluations = {6, 8}, kSteps = {20, 50};
// Trends are looked at again with every point, so that a run makes many chances of a false alarm: what falls must fall
// far beyond its noise.
constexpr double kErrorsOfRise = 2, kErrorsOfFall = 4.5, kErrorsOfEnd = 2;
constexpr double kLeastFall = 0.05;

bool is_model(const reward::RewardConfig& config) {
  const std::string verifier = reward::verifier_of(config);
  return verifier == "reward_model" || verifier == "judge";
}

bool is_learned(const reward::RewardConfig& config) {
  return is_model(config) || reward::verifier_of(config) == "command";
}

const reward::RewardConfig* find(const std::vector<reward::RewardConfig>& rewards, const std::string& name) {
  const auto found = std::find_if(rewards.begin(), rewards.end(),
                                  [&name](const reward::RewardConfig& reward) { return reward.name == name; });
  return found == rewards.end() ? nullptr : &*found;
}

// Of the completions that it judged; nothing where there are none.
std::optional<double> mean_of(const reward::BatchScores& scores, const std::string& name) {
  const auto found = std::find(scores.names.begin(), scores.names.end(), name);
  if (found == scores.names.end()) return std::nullopt;
  double sum = 0, count = 0;
  for (const auto& value : scores.values[static_cast<size_t>(found - scores.names.begin())]) {
    if (!value) continue;
    sum += *value;
    ++count;
  }
  return count > 0 ? std::optional(sum / count) : std::nullopt;
}

void keep_last(std::vector<double>& values, size_t most) {
  if (values.size() > most) values.erase(values.begin(), values.end() - static_cast<ptrdiff_t>(most));
}

}  // namespace

Trend fit_trend(const std::vector<double>& steps, const std::vector<double>& values) {
  const auto count = static_cast<double>(steps.size());
  double mean_step = 0, mean_value = 0;
  for (size_t i = 0; i < steps.size(); ++i) {
    mean_step += steps[i] / count;
    mean_value += values[i] / count;
  }
  double step_squares = 0, products = 0;
  for (size_t i = 0; i < steps.size(); ++i) {
    step_squares += (steps[i] - mean_step) * (steps[i] - mean_step);
    products += (steps[i] - mean_step) * (values[i] - mean_value);
  }
  const double slope = products / step_squares, span = steps.back() - steps.front();
  double squares = 0;
  for (size_t i = 0; i < steps.size(); ++i) {
    const double off = values[i] - mean_value - slope * (steps[i] - mean_step);
    squares += off * off;
  }
  return {.change = slope * span, .standard_error = span * std::sqrt(squares / (count - 2) / step_squares)};
}

WatchedReward::WatchedReward(std::string name, std::string watched, bool is_held_out)
    : name_(std::move(name)), watched_(std::move(watched)), is_held_out_(is_held_out) {}

void WatchedReward::add(int64_t step, double reward, double watched) {
  if (!std::isfinite(reward) || !std::isfinite(watched)) return;
  const WindowSize window = is_held_out_ ? kEvaluations : kSteps;
  steps_.push_back(static_cast<double>(step));
  rewards_.push_back(reward);
  watched_means_.push_back(watched);
  for (auto* values : {&steps_, &rewards_, &watched_means_}) keep_last(*values, window.most);
  if (steps_.size() >= window.least) judge();
}

void WatchedReward::judge() {
  reward_trend_ = fit_trend(steps_, rewards_);
  watched_trend_ = fit_trend(steps_, watched_means_);
  has_trends_ = true;
  const double rise = reward_trend_.change, fall = -watched_trend_.change;
  if (has_parted_) {
    has_parted_ = fall > kErrorsOfEnd * watched_trend_.standard_error;
    return;
  }
  has_parted_ = rise > kErrorsOfRise * reward_trend_.standard_error && rise > 0 &&
                fall > kErrorsOfFall * watched_trend_.standard_error && fall > kLeastFall;
  if (!has_parted_) return;
  log::warning(fmt::format(
      "reward {} rose by {:.3f} while {}{} fell by {:.3f}, from step {} to {}: the model may be learning to please {} "
      "rather than to be right; read its completions before you trust it",
      name_, rise, is_held_out_ ? "held-out " : "", watched_, fall, steps_.front(), steps_.back(), name_));
}

void WatchedReward::add_metrics(std::map<std::string, double>& metrics) const {
  if (!has_trends_) return;
  const std::string prefix = "reward_watch/" + name_ + "/";
  metrics[prefix + "learned_trend"] = reward_trend_.change;
  metrics[prefix + "watched_trend"] = watched_trend_.change;
  metrics[prefix + "parted"] = has_parted_ ? 1 : 0;
}

nlohmann::json WatchedReward::state() const {
  return {{"steps", steps_}, {"rewards", rewards_}, {"watched", watched_means_}, {"has_parted", has_parted_}};
}

// The trends come with the next point.
void WatchedReward::set_state(const nlohmann::json& state) {
  steps_ = state.at("steps").get<std::vector<double>>();
  rewards_ = state.at("rewards").get<std::vector<double>>();
  watched_means_ = state.at("watched").get<std::vector<double>>();
  has_parted_ = state.at("has_parted").get<bool>();
}

RewardWatch::RewardWatch(const std::vector<reward::RewardConfig>& rewards, int64_t num_evaluations) {
  const bool is_held_out = num_evaluations > static_cast<int64_t>(kEvaluations.least);  // the first is before any step
  for (const reward::RewardConfig& reward : rewards) {
    if (!reward.watch.empty()) watches_.emplace_back(reward.name, reward.watch, is_held_out);
  }
  since_measurement_.resize(watches_.size());
}

void RewardWatch::add_step(int64_t step, const reward::BatchScores& scores, std::map<std::string, double>& metrics) {
  for (size_t i = 0; i < watches_.size(); ++i) {
    WatchedReward& watch = watches_[i];
    const std::optional<double> reward = mean_of(scores, watch.name());
    if (watch.is_held_out()) {
      since_measurement_[i].sum += reward.value_or(0);
      since_measurement_[i].count += reward.has_value();
      continue;
    }
    const std::optional<double> watched = mean_of(scores, watch.watched());
    if (reward && watched) watch.add(step, *reward, *watched);
    watch.add_metrics(metrics);
  }
}

void RewardWatch::add_measurement(int64_t step, std::map<std::string, double>& metrics) {
  for (size_t i = 0; i < watches_.size(); ++i) {
    WatchedReward& watch = watches_[i];
    if (!watch.is_held_out()) continue;
    const Sum since = since_measurement_[i];
    since_measurement_[i] = {};
    const auto found = metrics.find("eval_" + watch.watched());
    if (since.count > 0 && found != metrics.end()) {
      watch.add(step, since.sum / static_cast<double>(since.count), found->second);
    }
    watch.add_metrics(metrics);
  }
}

std::vector<std::string> RewardWatch::notices(const std::vector<reward::RewardConfig>& rewards) {
  std::vector<std::string> sentences;
  for (const reward::RewardConfig& reward : rewards) {
    if (!is_learned(reward) || !reward.watch.empty()) continue;
    sentences.push_back("nothing watches the reward " + reward.name +
                        "; `watch: NAME` names a verifiable reward whose fall beside its rise is told");
  }
  return sentences;
}

nlohmann::json RewardWatch::state() const {
  nlohmann::json state = nlohmann::json::object();
  for (size_t i = 0; i < watches_.size(); ++i) {
    nlohmann::json& own = state[watches_[i].name()] = watches_[i].state();
    own["sum"] = since_measurement_[i].sum;
    own["count"] = since_measurement_[i].count;
  }
  return state;
}

void RewardWatch::set_state(const nlohmann::json& state) {
  for (size_t i = 0; i < watches_.size(); ++i) {
    const nlohmann::json& own = state.at(watches_[i].name());
    watches_[i].set_state(own);
    since_measurement_[i] = {.sum = own.at("sum").get<double>(), .count = own.at("count").get<int64_t>()};
  }
}

void check_watches(const std::vector<reward::RewardConfig>& rewards, const std::string& path, ConfigErrors& errors) {
  for (size_t i = 0; i < rewards.size(); ++i) {
    const std::string& watch = rewards[i].watch;
    if (watch.empty()) continue;
    const std::string key = path + "." + std::to_string(i) + ".watch";
    const reward::RewardConfig* watched = find(rewards, watch);
    std::vector<std::string> names;
    for (const reward::RewardConfig& other : rewards) {
      if (other.name != rewards[i].name) names.push_back(other.name);
    }
    const std::string hint = did_you_mean(watch, names);
    if (!watched || watch == rewards[i].name) {
      errors.add(key, "no other reward of this list is called `" + watch + "`; " +
                          (hint.empty() ? "add it, with weight 0 if it is only to watch" : hint));
    } else if (is_model(*watched)) {
      errors.add(key, "`" + watch + "` is what a model says, and can be gamed as well; name a reward that verifies");
    }
  }
}

void measure_watched(const std::vector<reward::RewardConfig>& rewards, std::vector<reward::RewardConfig>& measured) {
  for (const reward::RewardConfig& reward : rewards) {
    if (reward.watch.empty() || find(measured, reward.watch)) continue;
    if (const reward::RewardConfig* watched = find(rewards, reward.watch)) measured.push_back(*watched);
  }
}

}  // namespace aha::pipeline
