// All rewards of a batch, weighted and added up.
#include <cmath>
#include <exception>

#include "aha/core/error.h"
#include "aha/core/log.h"
#include "aha/reward/reward.h"

namespace aha::reward {
namespace {

constexpr int64_t kLoggedFailures = 3;  // of each reward and batch; the count tells the rest

// A reward that throws must not end the run: it is counted, and the caller decides how many are too many.
Score guarded_score(const Reward& reward, const std::string& name, const data::Completion& completion,
                    const data::Example& example, int64_t& num_failed) {
  std::string fault;
  try {
    Score score = reward.score(completion.text, example);
    if (!score.value || std::isfinite(*score.value)) return score;
    fault = "its value is no finite number";
  } catch (const std::exception& error) {
    fault = error.what();
  }
  if (num_failed++ < kLoggedFailures) log::warning("reward " + name + " failed: " + fault);
  return {};
}

}  // namespace

Scorer::Scorer(const std::vector<RewardConfig>& configs) : configs_(configs) {
  for (const RewardConfig& config : configs_) rewards_.push_back(make_reward(config));
}

Scorer::Scorer(std::vector<RewardConfig> configs, std::vector<std::shared_ptr<const Reward>> rewards)
    : configs_(std::move(configs)), rewards_(std::move(rewards)) {
  if (configs_.size() != rewards_.size()) {
    throw ConfigError("rewards", "there are " + std::to_string(configs_.size()) + " names and weights for " +
                                     std::to_string(rewards_.size()) + " rewards");
  }
}

BatchScores Scorer::score(const data::CompletionBatch& batch) const {
  const size_t num_completions = batch.completions.size();
  BatchScores scores;
  scores.total.resize(num_completions);
  for (size_t r = 0; r < rewards_.size(); ++r) {
    scores.names.push_back(configs_[r].name);
    scores.num_failed.push_back(0);
    scores.num_undecided.push_back(0);
    std::vector<std::optional<double>>& values = scores.values.emplace_back(num_completions);
    for (size_t i = 0; i < num_completions; ++i) {
      const data::Completion& completion = batch.completions[i];
      const data::Example& example = batch.prompts.at(completion.prompt_index).example;
      const Score score = guarded_score(*rewards_[r], configs_[r].name, completion, example, scores.num_failed[r]);
      scores.num_undecided[r] += score.detail.value("verdict", "") == "undecided";
      values[i] = score.value;
      if (score.value) scores.total[i] = scores.total[i].value_or(0) + configs_[r].weight * *score.value;
    }
  }
  return scores;
}

void Scorer::check_examples(const std::vector<data::Example>& examples, const std::string& place) const {
  for (size_t i = 0; i < examples.size(); ++i) {
    for (const auto& reward : rewards_) reward->check_example(examples[i], place + ", row " + std::to_string(i + 1));
  }
}

}  // namespace aha::reward
