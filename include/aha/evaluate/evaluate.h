// Measures a model on a task: pass@1 with an interval, pass@k, cons@k.
#pragma once
#include <array>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <stop_token>
#include <string>
#include <vector>

#include "aha/data/completion.h"
#include "aha/reward/reward.h"
#include "aha/rollout/engine.h"

namespace aha::evaluate {

/// Unbiased pass@k (arXiv:2107.03374): 1 - C(n-c, k) / C(n, k).
double pass_at_k(int64_t num_samples, int64_t num_correct, int64_t k);

/// 95% interval of a mean over prompts: mean ± 1.96 · sample standard deviation / √n, cut to [0, 1].
std::array<double, 2> mean_interval(const std::vector<double>& values);

struct EvaluateConfig {
  int64_t num_samples = 16;  // completions a prompt
  int64_t k = 16;            // of pass@k and cons@k; at most num_samples
  rollout::SamplingParams sampling;
  std::vector<reward::RewardConfig> rewards;  // the first decides pass@1; the others are reported as means
  reward::RewardServices services = {};       // for rewards that need a model, a sandbox or a command
};

/// A sample is right if the first reward gives it at least 1. Samples that this reward did not judge (null) are left
/// out, and so are prompts without a judged sample; of a mean over nothing comes NaN, null in JSON.
struct Evaluation {
  std::string task;
  int64_t num_prompts = 0, k = 0;  // prompts counted
  double pass_at_1 = 0, pass_at_k = 0, cons_at_k = 0;
  std::array<double, 2> pass_at_1_interval{};
  double mean_length = 0, clipped_ratio = 0;
  std::vector<std::pair<std::string, double>> reward_means;
  std::vector<double> prompt_pass_at_1;  // of each prompt of the batch, for paired comparisons; NaN if not counted
  data::CompletionBatch completions;
  reward::BatchScores scores;
  /// {"task","n","k","pass@1","pass@1_interval","pass@k","cons@k","mean_length","clipped_ratio","rewards"}, and by
  /// reward how many completions it "failed" on, of them by time ("timed_out"), and left "undecided"
  nlohmann::ordered_json to_json() const;
};

/// The numbers above from completions that were judged already. `equality` extracts and compares the answers of cons@k.
/// @throws ConfigError if k is not between 1 and the samples a prompt has
Evaluation summarise(const std::string& task, data::CompletionBatch completions, reward::BatchScores scores,
                     const reward::Reward& equality, int64_t k);

/// Generates, judges and summarises.
/// cons@k: the largest cluster of equal answers among the first k samples with an answer (first seen wins ties), right
/// or wrong as its first member was judged.
/// @throws ConfigError for no rewards, or k outside [1, num_samples]; StoppedError
Evaluation evaluate(rollout::Engine& engine, const std::string& task, const data::PromptBatch& prompts,
                    const EvaluateConfig& config, const rollout::SampleKey& key, std::stop_token stop = {});

}  // namespace aha::evaluate
