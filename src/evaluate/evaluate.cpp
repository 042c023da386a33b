// From judged completions to the numbers of an evaluation.
#include "aha/evaluate/evaluate.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "aha/core/error.h"
#include "evaluate/consensus.h"

namespace aha::evaluate {
namespace {

constexpr double kNothing = std::numeric_limits<double>::quiet_NaN();

double mean(const std::vector<double>& values) {
  double sum = 0;
  for (const double value : values) sum += value;
  return values.empty() ? kNothing : sum / static_cast<double>(values.size());
}

bool is_right(double value) { return value >= 1.0; }

void check_k(int64_t k, int64_t num_samples) {
  if (k >= 1 && k <= num_samples) return;
  throw ConfigError("k", "is " + std::to_string(k) + "; pass@k needs it between 1 and the " +
                             std::to_string(num_samples) + " samples of each prompt");
}

// What the samples of one prompt say.
struct PromptResult {
  int64_t num_judged = 0, num_right = 0;
  std::vector<Vote> votes;  // of the judged ones among the first k
};

PromptResult read_prompt(const Evaluation& evaluation, size_t prompt, const reward::Reward& equality) {
  PromptResult result;
  const auto group = static_cast<size_t>(evaluation.completions.num_generations);
  for (size_t sample = 0; sample < group; ++sample) {
    const size_t index = prompt * group + sample;
    const std::optional<double>& value = evaluation.scores.values[0][index];
    if (!value) continue;
    ++result.num_judged;
    result.num_right += is_right(*value);
    if (sample >= static_cast<size_t>(evaluation.k)) continue;
    result.votes.push_back({equality.extract(evaluation.completions.completions[index].text), is_right(*value)});
  }
  return result;
}

void add_accuracies(Evaluation& evaluation, const reward::Reward& equality) {
  std::vector<double> pass_at_1, pass_at_k_values, cons_at_k;
  for (size_t prompt = 0; prompt < evaluation.completions.prompts.size(); ++prompt) {
    const PromptResult result = read_prompt(evaluation, prompt, equality);
    if (result.num_judged == 0) {
      evaluation.prompt_pass_at_1.push_back(kNothing);
      continue;
    }
    pass_at_1.push_back(static_cast<double>(result.num_right) / static_cast<double>(result.num_judged));
    evaluation.prompt_pass_at_1.push_back(pass_at_1.back());
    const int64_t k = std::min(evaluation.k, result.num_judged);
    pass_at_k_values.push_back(pass_at_k(result.num_judged, result.num_right, k));
    cons_at_k.push_back(consensus_is_right(result.votes, equality) ? 1.0 : 0.0);
  }
  evaluation.num_prompts = static_cast<int64_t>(pass_at_1.size());
  evaluation.pass_at_1 = mean(pass_at_1);
  evaluation.pass_at_1_interval = mean_interval(pass_at_1);
  evaluation.pass_at_k = mean(pass_at_k_values);
  evaluation.cons_at_k = mean(cons_at_k);
}

void add_lengths(Evaluation& evaluation) {
  std::vector<double> lengths, clipped;
  for (const data::Completion& completion : evaluation.completions.completions) {
    lengths.push_back(static_cast<double>(completion.token_ids.size()));
    clipped.push_back(completion.finish_reason == data::FinishReason::kLength ? 1.0 : 0.0);
  }
  evaluation.mean_length = mean(lengths);
  evaluation.clipped_ratio = mean(clipped);
}

void add_reward_means(Evaluation& evaluation) {
  const reward::BatchScores& scores = evaluation.scores;
  for (size_t r = 0; r < scores.names.size(); ++r) {
    std::vector<double> values;
    for (const std::optional<double>& value : scores.values[r]) {
      if (value) values.push_back(*value);
    }
    evaluation.reward_means.emplace_back(scores.names[r], mean(values));
  }
}

}  // namespace

Evaluation summarise(const std::string& task, data::CompletionBatch completions, reward::BatchScores scores,
                     const reward::Reward& equality, int64_t k) {
  check_k(k, completions.num_generations);
  const size_t expected = completions.prompts.size() * static_cast<size_t>(completions.num_generations);
  AHA_CHECK(completions.completions.size() == expected, "completions are not prompt-major groups");
  AHA_CHECK(!scores.values.empty() && scores.values[0].size() == expected, "scores do not match the completions");
  Evaluation evaluation;
  evaluation.task = task;
  evaluation.k = k;
  evaluation.completions = std::move(completions);
  evaluation.scores = std::move(scores);
  add_accuracies(evaluation, equality);
  add_lengths(evaluation);
  add_reward_means(evaluation);
  return evaluation;
}

Evaluation evaluate(rollout::Engine& engine, const std::string& task, const data::PromptBatch& prompts,
                    const EvaluateConfig& config, const rollout::SampleKey& key, std::stop_token stop) {
  if (config.rewards.empty()) throw ConfigError("rewards", "is empty; the first reward decides pass@1");
  check_k(config.k, config.num_samples);
  const reward::Scorer scorer(config.rewards, config.services);
  rollout::SamplingParams sampling = config.sampling;
  sampling.num_generations = config.num_samples;
  data::CompletionBatch completions = engine.generate(prompts, sampling, key, {.stop = stop, .progress = {}});
  reward::BatchScores scores = scorer.score(completions, stop);
  return summarise(task, std::move(completions), std::move(scores), *scorer.rewards()[0], config.k);
}

nlohmann::ordered_json Evaluation::to_json() const {
  nlohmann::ordered_json rewards = nlohmann::ordered_json::object();
  for (const auto& [name, value] : reward_means) rewards[name] = value;
  const auto by_reward = [this](const std::vector<int64_t>& counts) {
    nlohmann::ordered_json object = nlohmann::ordered_json::object();
    for (size_t r = 0; r < counts.size(); ++r) object[scores.names[r]] = counts[r];
    return object;
  };
  return {{"task", task},
          {"n", num_prompts},
          {"k", k},
          {"pass@1", pass_at_1},
          {"pass@1_interval", pass_at_1_interval},
          {"pass@k", pass_at_k},
          {"cons@k", cons_at_k},
          {"mean_length", mean_length},
          {"clipped_ratio", clipped_ratio},
          {"rewards", rewards},
          {"failed", by_reward(scores.num_failed)},
          {"timed_out", by_reward(scores.num_timed_out)},
          {"undecided", by_reward(scores.num_undecided)}};
}

}  // namespace aha::evaluate
