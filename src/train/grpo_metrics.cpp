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
  const double num_judged = static_cast<double>(std::max<int64_t>({1, scores.num_judged, std::ssize(scores.total)}));
  const auto add_count = [&](const char* count, const char* rate, int64_t number) {
    metrics[prefix + count] = static_cast<double>(number);
    metrics[prefix + rate] = static_cast<double>(number) / num_judged;
  };
  add_count("num_failed", "error_rate", scores.num_failed[r]);
  add_count("num_timed_out", "timeout_rate", scores.num_timed_out[r]);
  add_count("num_undecided", "undecided_rate", scores.num_undecided[r]);
}

double per_token(double sum, const UpdateStats& stats) { return sum / static_cast<double>(stats.parts.num_tokens); }

void add_clip_ratios(const std::vector<UpdateStats>& updates, const UpdateStats& all, const GrpoConfig& config,
                     Metrics& metrics) {
  if (config.loss.loss_type == "sapo") return;  // a gate in place of a clip range
  if (config.loss.loss_type == "cispo") {
    metrics["cispo_clip_ratio"] = per_token(all.parts.cispo_clip_sum, all);
    return;
  }
  double low_min = 1, high_max = 0;
  for (const UpdateStats& update : updates) {
    if (update.parts.num_tokens == 0) continue;
    low_min = std::min(low_min, per_token(update.parts.clip_low_sum, update));
    high_max = std::max(high_max, per_token(update.parts.clip_high_sum, update));
  }
  metrics["clip_ratio/low_mean"] = per_token(all.parts.clip_low_sum, all);
  metrics["clip_ratio/low_min"] = low_min;
  metrics["clip_ratio/high_mean"] = per_token(all.parts.clip_high_sum, all);
  metrics["clip_ratio/high_max"] = high_max;
  metrics["clip_ratio/region_mean"] = per_token(all.parts.clip_low_sum + all.parts.clip_high_sum, all);
}

void add_extent(const std::string& name, const Extent& extent, const UpdateStats& stats, Metrics& metrics) {
  metrics[name + "/min"] = extent.least;
  metrics[name + "/mean"] = per_token(extent.sum, stats);
  metrics[name + "/max"] = extent.most;
}

void add_sampling_metrics(const UpdateStats& first, const GrpoConfig& config, Metrics& metrics) {
  const objective::GrpoLoss& parts = first.parts;
  metrics["sampling/sampling_logp_difference/mean"] = per_token(parts.logp_difference_sum, first);
  metrics["sampling/sampling_logp_difference/max"] = parts.logp_difference_max;
  const Extent ratio = {parts.ratio_sum, parts.ratio_min, parts.ratio_max};
  const Extent weight = {parts.correction_sum, parts.correction_min, parts.correction_max};
  const bool is_corrected = config.loss.importance_sampling_mode != "none";
  add_extent("sampling/importance_sampling_ratio", is_corrected ? weight : ratio, first, metrics);
}

// Least and largest of both; `count` and `more` tokens.
void add_bounds(double& least, double& most, int64_t count, double other_least, double other_most, int64_t more) {
  if (more == 0) return;
  least = count > 0 ? std::min(least, other_least) : other_least;
  most = count > 0 ? std::max(most, other_most) : other_most;
}

void add_parts(objective::GrpoLoss& all, const objective::GrpoLoss& more) {
  add_bounds(all.ratio_min, all.ratio_max, all.num_tokens, more.ratio_min, more.ratio_max, more.num_tokens);
  add_bounds(all.correction_min, all.correction_max, all.num_tokens, more.correction_min, more.correction_max,
             more.num_tokens);
  all.policy += more.policy;
  all.kl_sum += more.kl_sum;
  all.clip_low_sum += more.clip_low_sum;
  all.clip_high_sum += more.clip_high_sum;
  all.cispo_clip_sum += more.cispo_clip_sum;
  all.ratio_sum += more.ratio_sum;
  all.correction_sum += more.correction_sum;
  all.logp_difference_sum += more.logp_difference_sum;
  all.logp_difference_max = std::max(all.logp_difference_max, more.logp_difference_max);
  all.num_masked += more.num_masked;
  all.num_tokens += more.num_tokens;
}

double count(const std::vector<UpdateStats>& updates, UpdateOutcome outcome) {
  return static_cast<double>(std::count_if(updates.begin(), updates.end(),
                                           [&](const UpdateStats& update) { return update.outcome == outcome; }));
}

}  // namespace

void UpdateStats::add(const UpdateStats& other) {
  add_bounds(policy_ratio.least, policy_ratio.most, parts.num_tokens, other.policy_ratio.least, other.policy_ratio.most,
             other.parts.num_tokens);
  policy_ratio.sum += other.policy_ratio.sum;
  add_parts(parts, other.parts);
  loss += other.loss;
  entropy_sum += other.entropy_sum;
  num_routed += other.num_routed;
  num_unrouted += other.num_unrouted;
  expert_counts.add(other.expert_counts.per_layer());
}

UpdateStats stats_of(const objective::GrpoLoss& loss, double entropy_sum) {
  UpdateStats stats{.loss = loss.total.item<double>(), .entropy_sum = entropy_sum, .parts = loss};
  stats.parts.total.reset();
  return stats;
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
                        Metrics& metrics) {
  for (size_t r = 0; r < scores.names.size(); ++r) add_one_reward(scores, r, metrics);
  const double* rewards = reward_N.const_data_ptr<double>();
  const std::vector<double> all = judged(rewards, rewards + reward_N.numel());
  metrics["reward"] = mean(all);
  metrics["reward_std"] = deviation(all);
  metrics["frac_reward_zero_std"] = objective::frac_reward_zero_std(reward_N, num_generations);
}

void add_update_metrics(const std::vector<UpdateStats>& updates, const GrpoConfig& config, Metrics& metrics) {
  UpdateStats all;
  double grad_norm = 0;
  for (const UpdateStats& update : updates) {
    all.add(update);
    if (update.outcome == UpdateOutcome::kUpdated) grad_norm += update.grad_norm;
  }
  const double num_updated = count(updates, UpdateOutcome::kUpdated);
  metrics["loss"] = all.loss / static_cast<double>(updates.size());
  metrics["policy_loss"] = all.parts.policy / static_cast<double>(updates.size());
  metrics["grad_norm"] = num_updated > 0 ? grad_norm / num_updated : 0.0;
  metrics["skipped_steps"] = count(updates, UpdateOutcome::kNotFinite);
  metrics["steps_without_signal"] = count(updates, UpdateOutcome::kNoSignal);
  if (config.loss.entropy_coef > 0) metrics["entropy_coef"] = config.loss.entropy_coef;
  const auto loads = all.expert_counts.load_max();
  if (!loads.empty()) {
    metrics["moe/max_load"] = *std::max_element(loads.begin(), loads.end());
    metrics["moe/dead_experts"] = static_cast<double>(all.expert_counts.num_dead());
  }
  if (all.num_routed > 0) {
    metrics["router_replay/missing_ratio"] =
        static_cast<double>(all.num_unrouted) / static_cast<double>(all.num_routed);
  }
  if (all.parts.num_tokens == 0) return;
  metrics["entropy"] = per_token(all.entropy_sum, all);
  if (config.loss.beta > 0) metrics["kl"] = per_token(all.parts.kl_sum, all);
  if (config.loss.importance_sampling_mode != "none" || config.loss.off_policy_mask_threshold) {
    metrics["sampling/masked_ratio"] = per_token(static_cast<double>(all.parts.num_masked), all);
  }
  add_extent("ratio", all.policy_ratio, all, metrics);
  add_clip_ratios(updates, all, config, metrics);
  if (updates.front().parts.num_tokens > 0) add_sampling_metrics(updates.front(), config, metrics);
}

}  // namespace aha::train
