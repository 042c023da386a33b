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
};

struct Evaluation {
  std::string task;
  int64_t num_prompts = 0, k = 0;
  double pass_at_1 = 0, pass_at_k = 0, cons_at_k = 0;
  std::array<double, 2> pass_at_1_interval{};
  double mean_length = 0, clipped_ratio = 0;
  std::vector<std::pair<std::string, double>> reward_means;
  std::vector<double> prompt_pass_at_1;  // per prompt, for paired comparisons
  data::CompletionBatch completions;
  reward::BatchScores scores;
  /// {"task","n","k","pass@1","pass@1_interval","pass@k","cons@k","mean_length","clipped_ratio","rewards"}
  nlohmann::ordered_json to_json() const;
};

/// cons@k: the largest cluster of equal answers among the first k samples with an answer (first seen wins ties), right
/// or wrong as its first member was judged.
Evaluation evaluate(rollout::Engine& engine, const std::string& task, const data::PromptBatch& prompts,
                    const EvaluateConfig& config, const rollout::SampleKey& key, std::stop_token stop = {});

}  // namespace aha::evaluate
