// All rewards of a batch, weighted and added up.
#include <fmt/format.h>

#include <cmath>
#include <exception>

#include "aha/core/error.h"
#include "aha/core/log.h"
#include "aha/reward/reward.h"

namespace aha::reward {
namespace {

constexpr int64_t kLoggedFailures = 3;  // of each reward and batch; the count tells the rest

Score failed(std::string why) {
  Score score;
  score.fault = why.empty() ? "it does not say why" : std::move(why);
  return score;
}

Score checked(Score score) {
  if (score.value && !std::isfinite(*score.value)) return failed("its value is no finite number");
  return score;
}

// A reward that throws must not end the run: it is counted, and max_error_rate says how many are too many.
Score guarded_score(const Reward& reward, const Submission& submission) {
  try {
    return checked(reward.score(submission));
  } catch (const std::exception& error) {
    return failed(error.what());
  }
}

std::vector<Score> guarded_batch(const Reward& reward, const std::vector<Submission>& submissions,
                                 std::stop_token stop) {
  std::vector<Score> scores;
  try {
    scores = reward.score_batch(submissions, std::move(stop));
    AHA_CHECK(scores.size() == submissions.size(), "a reward has one score for each completion");
  } catch (const StoppedError&) {
    throw;
  } catch (const std::exception& error) {
    return std::vector<Score>(submissions.size(), failed(error.what()));
  }
  for (Score& score : scores) score = checked(std::move(score));
  return scores;
}

void add(const Score& score, double weight, std::optional<double>& value, std::optional<double>& total) {
  value = score.value;
  if (score.value && weight != 0) total = total.value_or(0) + weight * *score.value;
}

// What is left of a total without the reward that failed would stand beside whole ones in its group, as if that reward
// had been 0.
void mask_failed(const std::vector<Judgement>& judgements, BatchScores& scores) {
  for (size_t i = 0; i < judgements.size(); ++i) {
    for (size_t r = 0; r < scores.weights.size(); ++r) {
      if (scores.weights[r] != 0 && !judgements[i][r].fault.empty()) scores.total[i].reset();
    }
  }
}

}  // namespace

Scorer::Scorer(const std::vector<RewardConfig>& configs, const RewardServices& services) : configs_(configs) {
  for (const RewardConfig& config : configs_) rewards_.push_back(make_reward(config, services));
}

Scorer::Scorer(std::vector<RewardConfig> configs, std::vector<std::shared_ptr<const Reward>> rewards)
    : configs_(std::move(configs)), rewards_(std::move(rewards)) {
  if (configs_.size() != rewards_.size()) {
    throw ConfigError("rewards", "there are " + std::to_string(configs_.size()) + " names and weights for " +
                                     std::to_string(rewards_.size()) + " rewards");
  }
}

BatchScores Scorer::score(const data::CompletionBatch& batch, std::stop_token stop) const {
  std::vector<Submission> submissions;
  std::vector<Judgement> judgements;
  for (const data::Completion& completion : batch.completions) {
    submissions.push_back(submission_of(completion, batch.prompts.at(static_cast<size_t>(completion.prompt_index))));
    judgements.push_back(judge(submissions.back()));
  }
  return gather(submissions, std::move(judgements), std::move(stop));
}

Judgement Scorer::judge(const Submission& submission) const {
  Judgement judgement;
  for (const auto& reward : rewards_) {
    judgement.push_back(reward->is_batched() ? Score{} : guarded_score(*reward, submission));
  }
  return judgement;
}

BatchScores Scorer::gather(const std::vector<Submission>& submissions, std::vector<Judgement> judgements,
                           std::stop_token stop) const {
  AHA_CHECK(submissions.size() == judgements.size(), "each completion was judged once");
  BatchScores scores;
  scores.num_judged = std::ssize(judgements);
  scores.total.resize(judgements.size());
  for (size_t r = 0; r < rewards_.size(); ++r) {
    if (rewards_[r]->is_batched()) {
      std::vector<Score> of_all = guarded_batch(*rewards_[r], submissions, stop);
      for (size_t i = 0; i < judgements.size(); ++i) judgements[i].at(r) = std::move(of_all[i]);
    }
    add_reward(r, judgements, scores);
  }
  mask_failed(judgements, scores);
  return scores;
}

void Scorer::add_reward(size_t r, const std::vector<Judgement>& judgements, BatchScores& scores) const {
  const RewardConfig& config = configs_[r];
  int64_t num_failed = 0, num_timed_out = 0, num_undecided = 0;
  std::vector<std::optional<double>> values(judgements.size());
  std::string last_fault;
  for (size_t i = 0; i < judgements.size(); ++i) {
    const Score& score = judgements[i].at(r);
    if (!score.fault.empty()) {
      if (num_failed++ < kLoggedFailures) log::warning("reward " + config.name + " failed: " + score.fault);
      last_fault = score.fault;
    }
    num_timed_out += score.has_timed_out;
    num_undecided += score.detail.value("verdict", "") == "undecided";
    add(score, config.weight, values[i], scores.total[i]);
  }
  scores.names.push_back(config.name);
  scores.weights.push_back(config.weight);
  scores.values.push_back(std::move(values));
  scores.num_failed.push_back(num_failed);
  scores.num_timed_out.push_back(num_timed_out);
  scores.num_undecided.push_back(num_undecided);
  if (static_cast<double>(num_failed) > config.max_error_rate * static_cast<double>(judgements.size())) {
    throw RewardError(
        fmt::format("reward {} failed on {} of {} completions, more than max_error_rate = {} allows; the "
                    "last time: {}",
                    config.name, num_failed, judgements.size(), config.max_error_rate, last_fault));
  }
}

void Scorer::check_examples(const std::vector<data::Example>& examples, const std::string& place) const {
  for (size_t i = 0; i < examples.size(); ++i) {
    for (const auto& reward : rewards_) reward->check_example(examples[i], place + ", row " + std::to_string(i + 1));
  }
}

Submission submission_of(const data::Completion& completion, const data::Prompt& prompt) {
  return {.completion = completion.text,
          .example = prompt.example,
          .prompt = prompt.text,
          .completion_ids = completion.token_ids,
          .is_truncated = completion.finish_reason == data::FinishReason::kLength};
}

}  // namespace aha::reward
