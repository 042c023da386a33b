#include "train/grpo_metrics.h"

#include <ATen/ops/empty.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "aha/objective/advantage.h"

namespace aha::train {
namespace {

double mean(const std::vector<double>& values) {
  if (values.empty()) return 0.0;
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

// Sample standard deviation (ddof 1); 0 for fewer than two.
double deviation(const std::vector<double>& values) {
  if (values.size() < 2) return 0.0;
  const double center = mean(values);
  double squares = 0;
  for (const double value : values) squares += (value - center) * (value - center);
  return std::sqrt(squares / static_cast<double>(values.size() - 1));
}

void add_lengths(const std::string& suffix, const std::vector<double>& lengths, Metrics& metrics) {
  metrics["completions/mean_" + suffix] = mean(lengths);
  metrics["completions/min_" + suffix] = lengths.empty() ? 0 : *std::min_element(lengths.begin(), lengths.end());
  metrics["completions/max_" + suffix] = lengths.empty() ? 0 : *std::max_element(lengths.begin(), lengths.end());
}

std::vector<double> judged(const double* begin, const double* end) {
  std::vector<double> values;
  std::copy_if(begin, end, std::back_inserter(values), [](double value) { return !std::isnan(value); });
  return values;
}

void add_one_reward(const reward::BatchScores& scores, size_t r, Metrics& metrics) {
  const std::string prefix = "rewards/" + scores.names[r] + "/";
  std::vector<double> values;
  for (const auto& value : scores.values[r]) {
    if (value) values.push_back(*value);
  }
  metrics[prefix + "mean"] = mean(values);
  metrics[prefix + "std"] = deviation(values);
  metrics[prefix + "num_null"] = static_cast<double>(scores.values[r].size() - values.size());
  metrics[prefix + "num_failed"] = static_cast<double>(scores.num_failed[r]);
  metrics[prefix + "num_undecided"] = static_cast<double>(scores.num_undecided[r]);
}

void add_clip_ratios(const std::vector<UpdateStats>& updates, const UpdateStats& all, Metrics& metrics) {
  const double tokens = static_cast<double>(all.num_tokens);
  double low_min = 1, high_max = 0;
  for (const UpdateStats& update : updates) {
    if (update.num_tokens == 0) continue;
    low_min = std::min(low_min, update.clip_low_sum / static_cast<double>(update.num_tokens));
    high_max = std::max(high_max, update.clip_high_sum / static_cast<double>(update.num_tokens));
  }
  metrics["clip_ratio/low_mean"] = all.clip_low_sum / tokens;
  metrics["clip_ratio/low_min"] = low_min;
  metrics["clip_ratio/high_mean"] = all.clip_high_sum / tokens;
  metrics["clip_ratio/high_max"] = high_max;
  metrics["clip_ratio/region_mean"] = (all.clip_low_sum + all.clip_high_sum) / tokens;
}

void add_sampling_metrics(const UpdateStats& first, Metrics& metrics) {
  const double tokens = static_cast<double>(first.num_tokens);
  metrics["sampling/sampling_logp_difference/mean"] = first.logp_difference_sum / tokens;
  metrics["sampling/sampling_logp_difference/max"] = first.logp_difference_max;
  metrics["sampling/importance_sampling_ratio/min"] = first.ratio_min;
  metrics["sampling/importance_sampling_ratio/mean"] = first.ratio_sum / tokens;
  metrics["sampling/importance_sampling_ratio/max"] = first.ratio_max;
}

double count(const std::vector<UpdateStats>& updates, UpdateOutcome outcome) {
  return static_cast<double>(std::count_if(updates.begin(), updates.end(),
                                           [&](const UpdateStats& update) { return update.outcome == outcome; }));
}

}  // namespace

void UpdateStats::add(const UpdateStats& other) {
  if (other.num_tokens > 0) {
    ratio_min = num_tokens > 0 ? std::min(ratio_min, other.ratio_min) : other.ratio_min;
    ratio_max = num_tokens > 0 ? std::max(ratio_max, other.ratio_max) : other.ratio_max;
  }
  loss += other.loss;
  policy_loss += other.policy_loss;
  entropy_sum += other.entropy_sum;
  kl_sum += other.kl_sum;
  clip_low_sum += other.clip_low_sum;
  clip_high_sum += other.clip_high_sum;
  ratio_sum += other.ratio_sum;
  logp_difference_sum += other.logp_difference_sum;
  logp_difference_max = std::max(logp_difference_max, other.logp_difference_max);
  num_tokens += other.num_tokens;
  expert_counts.add(other.expert_counts.per_layer());
}

UpdateStats stats_of(const objective::GrpoLoss& loss, double policy_loss, double entropy_sum) {
  return {.loss = loss.total.item<double>(),
          .policy_loss = policy_loss,
          .entropy_sum = entropy_sum,
          .kl_sum = loss.kl_sum,
          .clip_low_sum = loss.clip_low_sum,
          .clip_high_sum = loss.clip_high_sum,
          .ratio_sum = loss.ratio_sum,
          .ratio_min = loss.ratio_min,
          .ratio_max = loss.ratio_max,
          .logp_difference_sum = loss.logp_difference_sum,
          .logp_difference_max = loss.logp_difference_max,
          .num_tokens = loss.num_tokens};
}

at::Tensor total_rewards(const reward::BatchScores& scores) {
  const at::Tensor reward_N = at::empty({std::ssize(scores.total)}, at::kDouble);
  double* out = reward_N.data_ptr<double>();
  for (const auto& total : scores.total) *out++ = total.value_or(std::nan(""));
  return reward_N;
}

void add_completion_metrics(const data::CompletionBatch& batch, Metrics& metrics) {
  std::vector<double> lengths, terminated;
  double num_tokens = 0;
  for (const data::Completion& completion : batch.completions) {
    lengths.push_back(static_cast<double>(completion.token_ids.size()));
    if (completion.finish_reason == data::FinishReason::kStop) terminated.push_back(lengths.back());
    const auto& prompt = batch.prompts[static_cast<size_t>(completion.prompt_index)];
    num_tokens += static_cast<double>(prompt.token_ids.size()) + lengths.back();
  }
  add_lengths("length", lengths, metrics);
  add_lengths("terminated_length", terminated, metrics);
  metrics["completions/clipped_ratio"] =
      lengths.empty() ? 0 : 1.0 - static_cast<double>(terminated.size()) / static_cast<double>(lengths.size());
  metrics["num_tokens"] = num_tokens;
}

void add_reward_metrics(const reward::BatchScores& scores, const at::Tensor& reward_N, int64_t num_generations,
                        bool batch_std, Metrics& metrics) {
  for (size_t r = 0; r < scores.names.size(); ++r) add_one_reward(scores, r, metrics);
  const double* rewards = reward_N.const_data_ptr<double>();
  const std::vector<double> all = judged(rewards, rewards + reward_N.numel());
  std::vector<double> deviations;
  for (int64_t start = 0; start < reward_N.numel(); start += num_generations) {
    deviations.push_back(deviation(judged(rewards + start, rewards + start + num_generations)));
  }
  metrics["reward"] = mean(all);
  metrics["reward_std"] = batch_std ? deviation(all) : mean(deviations);
  metrics["frac_reward_zero_std"] = objective::frac_reward_zero_std(reward_N, num_generations);
}

void add_update_metrics(const std::vector<UpdateStats>& updates, bool has_reference, Metrics& metrics) {
  UpdateStats all;
  double grad_norm = 0;
  for (const UpdateStats& update : updates) {
    all.add(update);
    if (update.outcome == UpdateOutcome::kUpdated) grad_norm += update.grad_norm;
  }
  const double num_updated = count(updates, UpdateOutcome::kUpdated);
  metrics["loss"] = all.loss / static_cast<double>(updates.size());
  metrics["policy_loss"] = all.policy_loss / static_cast<double>(updates.size());
  metrics["grad_norm"] = num_updated > 0 ? grad_norm / num_updated : 0.0;
  metrics["skipped_steps"] = count(updates, UpdateOutcome::kNotFinite);
  metrics["steps_without_signal"] = count(updates, UpdateOutcome::kNoSignal);
  const auto loads = all.expert_counts.load_max();
  if (!loads.empty()) metrics["moe/max_load"] = *std::max_element(loads.begin(), loads.end());
  if (all.num_tokens == 0) return;
  metrics["entropy"] = all.entropy_sum / static_cast<double>(all.num_tokens);
  if (has_reference) metrics["kl"] = all.kl_sum / static_cast<double>(all.num_tokens);
  add_clip_ratios(updates, all, metrics);
  if (updates.front().num_tokens > 0) add_sampling_metrics(updates.front(), metrics);
}

}  // namespace aha::train
