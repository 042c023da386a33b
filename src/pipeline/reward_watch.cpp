// Two lines a watched reward, fitted anew with each point.
#include "pipeline/reward_watch.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "aha/core/log.h"

namespace aha::pipeline {
namespace {

struct WindowSize {
  size_t least, most;  // points
};
constexpr WindowSize kEvaluations = {6, 8}, kSteps = {20, 50};
// Trends are looked at again with every point, which makes many chances of a false alarm: what falls must fall far
// beyond what chance does. How straight a line is decides nothing: what collapses does so in a few steps.
constexpr double kErrorsOfRise = 2, kErrorsOfFall = 4, kErrorsOfEnd = 2;
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

template <class T>
void keep_last(std::vector<T>& values, size_t most) {
  if (values.size() > most) values.erase(values.begin(), values.end() - static_cast<ptrdiff_t>(most));
}

nlohmann::json means_json(const std::vector<RewardMean>& means) {
  nlohmann::json list = nlohmann::json::array();
  for (const RewardMean& mean : means) list.push_back({mean.value, mean.variance});
  return list;
}

std::vector<RewardMean> means_from(const nlohmann::json& list) {
  std::vector<RewardMean> means;
  for (const auto& item : list) {
    means.push_back({.value = item.at(0).get<double>(), .variance = item.at(1).get<double>()});
  }
  return means;
}

}  // namespace

WatchedReward::WatchedReward(std::string name, std::string watched, bool is_held_out)
    : name_(std::move(name)), watched_(std::move(watched)), is_held_out_(is_held_out) {}

void WatchedReward::add(int64_t step, const RewardMean& reward, const RewardMean& watched) {
  const WindowSize window = is_held_out_ ? kEvaluations : kSteps;
  steps_.push_back(static_cast<double>(step));
  rewards_.push_back(reward);
  watched_means_.push_back(watched);
  keep_last(steps_, window.most);
  for (auto* means : {&rewards_, &watched_means_}) keep_last(*means, window.most);
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
  return {{"steps", steps_},
          {"rewards", means_json(rewards_)},
          {"watched", means_json(watched_means_)},
          {"has_parted", has_parted_}};
}

// The trends come with the next point.
void WatchedReward::set_state(const nlohmann::json& state) {
  steps_ = state.at("steps").get<std::vector<double>>();
  rewards_ = means_from(state.at("rewards"));
  watched_means_ = means_from(state.at("watched"));
  has_parted_ = state.at("has_parted").get<bool>();
}

RewardWatch::RewardWatch(const std::vector<reward::RewardConfig>& rewards, int64_t num_evaluations) {
  const bool is_held_out = num_evaluations > static_cast<int64_t>(kEvaluations.least);  // the first is before any step
  for (const reward::RewardConfig& reward : rewards) {
    if (!reward.watch.empty()) watches_.emplace_back(reward.name, reward.watch, is_held_out);
  }
  since_measurement_.resize(watches_.size());
}

void RewardWatch::add_step(int64_t step, const reward::BatchScores& scores, int64_t group,
                           std::map<std::string, double>& metrics) {
  for (size_t i = 0; i < watches_.size(); ++i) {
    WatchedReward& watch = watches_[i];
    const std::optional<RewardMean> reward = reward_mean(scores, watch.name(), group, /*has_same_prompts=*/false);
    if (watch.is_held_out()) {
      if (!reward) continue;
      since_measurement_[i].value += reward->value;
      since_measurement_[i].variance += reward->variance;
      ++since_measurement_[i].count;
      continue;
    }
    const std::optional<RewardMean> watched = reward_mean(scores, watch.watched(), group, /*has_same_prompts=*/false);
    if (reward && watched) watch.add(step, *reward, *watched);
    watch.add_metrics(metrics);
  }
}

void RewardWatch::add_measurement(int64_t step, const reward::BatchScores& scores, int64_t group,
                                  std::map<std::string, double>& metrics) {
  for (size_t i = 0; i < watches_.size(); ++i) {
    WatchedReward& watch = watches_[i];
    if (!watch.is_held_out()) continue;
    const Sum since = std::exchange(since_measurement_[i], {});
    const std::optional<RewardMean> watched = reward_mean(scores, watch.watched(), group, /*has_same_prompts=*/true);
    const auto count = static_cast<double>(since.count);
    if (since.count > 0 && watched) {
      watch.add(step, {.value = since.value / count, .variance = since.variance / (count * count)}, *watched);
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
    const Sum& since = since_measurement_[i];
    own["since_measurement"] = {since.value, since.variance, since.count};
  }
  return state;
}

void RewardWatch::set_state(const nlohmann::json& state) {
  for (size_t i = 0; i < watches_.size(); ++i) {
    const nlohmann::json& own = state.at(watches_[i].name());
    watches_[i].set_state(own);
    const nlohmann::json& since = own.at("since_measurement");
    since_measurement_[i] = {
        .value = since.at(0).get<double>(), .variance = since.at(1).get<double>(), .count = since.at(2).get<int64_t>()};
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
