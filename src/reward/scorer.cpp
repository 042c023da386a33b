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
Score guarded_score(const Reward& reward, const std::string& completion_text, const data::Example& example,
                    std::string& fault) {
  try {
    Score score = reward.score(completion_text, example);
    if (!score.value || std::isfinite(*score.value)) return score;
    fault = "its value is no finite number";
  } catch (const std::exception& error) {
    fault = error.what();
    if (fault.empty()) fault = "it does not say why";
  }
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
  std::vector<Judgement> judgements;
  for (const data::Completion& completion : batch.completions) {
    judgements.push_back(judge(completion.text, batch.prompts.at(completion.prompt_index).example));
  }
  return gather(judgements);
}

Judgement Scorer::judge(const std::string& completion_text, const data::Example& example) const {
  Judgement judgement{.scores = {}, .faults = std::vector<std::string>(rewards_.size())};
  for (size_t r = 0; r < rewards_.size(); ++r) {
    judgement.scores.push_back(guarded_score(*rewards_[r], completion_text, example, judgement.faults[r]));
  }
  return judgement;
}

BatchScores Scorer::gather(const std::vector<Judgement>& judgements) const {
  BatchScores scores;
  scores.total.resize(judgements.size());
  for (size_t r = 0; r < rewards_.size(); ++r) {
    scores.names.push_back(configs_[r].name);
    scores.weights.push_back(configs_[r].weight);
    scores.num_failed.push_back(0);
    scores.num_undecided.push_back(0);
    std::vector<std::optional<double>>& values = scores.values.emplace_back(judgements.size());
    for (size_t i = 0; i < judgements.size(); ++i) {
      const Score& score = judgements[i].scores.at(r);
      const std::string& fault = judgements[i].faults.at(r);
      if (!fault.empty() && scores.num_failed[r]++ < kLoggedFailures) {
        log::warning("reward " + configs_[r].name + " failed: " + fault);
      }
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
