#include "train/grpo_config.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "aha/core/error.h"
#include "train/grpo_samples.h"
#include "train/grpo_update.h"
#include "train/sample_routes.h"

namespace aha::train {
namespace {

constexpr int64_t kMostRecordedExperts = 256;  // a rollout records them as bytes

class Findings {
 public:
  explicit Findings(const GrpoConfig& config)
      : config_(config), found_(objective::contradictions(loss_config(config))) {
    check_sampling();
    check_advantages();
    check_old_logprobs();
    check_reference();
    check_tail();
  }
  std::vector<ConfigFinding> take() { return std::move(found_); }

 private:
  void check(bool holds, const char* key, std::string sentence) {
    if (!holds) found_.push_back({key, std::move(sentence)});
  }
  void check_name(const std::string& value, const std::vector<std::string>& names, const char* key) {
    const bool is_known = std::find(names.begin(), names.end(), value) != names.end();
    check(is_known, key, fmt::format("must be one of {}, not `{}`", fmt::join(names, ", "), value));
  }

  void check_sampling() {
    const rollout::SamplingParams& sampling = config_.sampling;
    const bool is_whole_batch = config_.advantage.advantage_estimator == "reinforce_plus_plus";
    check(sampling.num_generations >= (is_whole_batch ? 1 : 2), "num_generations",
          "must be at least 2: a completion is compared with its own group (advantage_estimator = reinforce_plus_plus "
          "compares with the batch and takes 1)");
    check(sampling.temperature > 0, "temperature", "must be above 0: greedy completions of a group are all the same");
    check(sampling.guided_choice.empty() || !sampling.guided_json, "guided_json",
          "stands beside guided_choice; a completion can follow only one of them");
    check(config_.num_iterations >= 1, "num_iterations", "must be at least 1");
    check(config_.num_minibatches >= 1, "num_minibatches", "must be at least 1");
  }

  void check_advantages() {
    const objective::AdvantageConfig& advantage = config_.advantage;
    const std::string& estimator = advantage.advantage_estimator;
    const bool is_normalized_first = advantage.multi_objective_aggregation == "normalize_then_sum";
    check_name(estimator, {"grpo", "rloo", "reinforce_plus_plus", "reinforce_plus_plus_baseline"},
               "advantage_estimator");
    check_name(advantage.scale_rewards, {"group", "batch", "none"}, "scale_rewards");
    check_name(advantage.multi_objective_aggregation, {"sum_then_normalize", "normalize_then_sum"},
               "multi_objective_aggregation");
    check(estimator == "grpo" || advantage.scale_rewards == "group", "scale_rewards",
          fmt::format("divides nothing beside advantage_estimator = {}; leave it out", estimator));
    check(estimator == "grpo" || !is_normalized_first, "multi_objective_aggregation",
          fmt::format("compares each reward with its group, which advantage_estimator = {} does not", estimator));
    check(!is_normalized_first || advantage.scale_rewards == "group", "scale_rewards",
          "must be group beside normalize_then_sum, which divides each reward by its own group's deviation");
    check(config_.soft_punish_cache >= 0 && config_.soft_punish_cache <= config_.sampling.max_completion_length,
          "soft_punish_cache",
          fmt::format("must be between 0 and max_completion_length = {}: it is the last part of it",
                      config_.sampling.max_completion_length));
    check(config_.top_entropy_quantile >= 0 && config_.top_entropy_quantile <= 1, "top_entropy_quantile",
          "must be between 0 and 1");
    check(!config_.kl_in_reward || config_.loss.beta > 0, "kl_in_reward",
          "takes beta times the KL off the reward, but beta is 0");
    check(!config_.kl_in_reward || !is_normalized_first, "kl_in_reward",
          "cannot stand beside normalize_then_sum: divided by its deviation the KL would lose its weight beta");
  }

  void check_old_logprobs() {
    check_name(config_.old_logprobs, {"sampler", "forward"}, "old_logprobs");
    check_name(config_.router_replay, {"none", "R2", "R3"}, "router_replay");
    const bool is_forward = config_.old_logprobs == "forward";
    const bool is_corrected = config_.loss.importance_sampling_mode != "none";
    check(!is_corrected || is_forward, "importance_sampling_mode",
          "weighs by old policy over sampler, which are the same where the sampler's log-probs are the old ones; set "
          "old_logprobs: forward, or leave it out");
    check(!is_corrected || !needs_rescoring(config_.sampling), "importance_sampling_mode",
          fmt::format("needs the sampler's log-probs under the training temperature, which a rollout does not have at "
                      "temperature = {} together with filters, penalties or constraints",
                      config_.sampling.temperature));
    check(config_.router_replay != "R2" || is_forward, "router_replay",
          "R2 replays the experts of the pass that gives the old log-probs; set old_logprobs: forward, or take R3");
  }

  void check_reference() {
    check(!config_.sync_ref_model || config_.loss.beta > 0, "sync_ref_model",
          "moves a reference, but without beta there is none");
  }

  void check_tail() {
    check(config_.enough_prompts >= 0, "enough_prompts", "must be 0 or more");
    check(config_.max_staleness >= 1, "max_staleness", "must be at least 1: what is carried is a step old");
    if (config_.dynamic_sample) {
      check(config_.max_resample_times >= 1, "max_resample_times", "must be at least 1 beside dynamic_sample");
      check(config_.enough_prompts == 0, "dynamic_sample",
            "cannot stand beside oversampling: one ends a step with the groups that are complete first, the other goes "
            "on until enough of them teach");
      check(
          config_.advantage.advantage_estimator != "reinforce_plus_plus", "dynamic_sample",
          "cannot stand beside advantage_estimator = reinforce_plus_plus, which compares with the whole batch: there a "
          "group of equal rewards teaches too");
    }
    if (!config_.partial_rollouts) return;
    check(config_.enough_prompts > 0, "partial_rollouts", "needs oversampling above 1: without it no group is cut off");
    check(
        !needs_rescoring(config_.sampling), "partial_rollouts",
        fmt::format("cannot stand beside temperature = {} together with filters, penalties or constraints: what older "
                    "policies gave their tokens is not known then; set temperature to 1, or leave the others out",
                    config_.sampling.temperature));
    check(
        config_.old_logprobs != "forward" || config_.loss.importance_sampling_mode != "none", "partial_rollouts",
        "beside old_logprobs: forward needs an importance_sampling_mode: the ratio would not know that older policies "
        "drew a part of the tokens");
  }

  const GrpoConfig& config_;
  std::vector<ConfigFinding> found_;
};

}  // namespace

std::vector<ConfigFinding> contradictions(const GrpoConfig& config) { return Findings(config).take(); }

void check_config(const GrpoConfig& config, const model::Model& policy) {
  for (const ConfigFinding& finding : contradictions(config)) throw ConfigError(finding.key, finding.sentence);
  objective::sequence_weights(config.loss.loss_type, {}, 1);  // throws for an unknown one
  if (config.router_replay != "none" && num_moe_layers(policy.config()) == 0) {
    throw ConfigError("router_replay", "needs a mixture-of-experts model, and this one is dense; set it to none");
  }
  if (config.router_replay == "R3" && policy.config().n_routed_experts > kMostRecordedExperts) {
    throw ConfigError("router_replay", fmt::format("R3 records at most {} experts, and this model has {}; take R2",
                                                   kMostRecordedExperts, policy.config().n_routed_experts));
  }
  if (config.bf16 && policy.dtype() != at::kFloat) {
    throw ConfigError("bf16", "rounds the operands of a float32 model, and this one is of another dtype");
  }
}

}  // namespace aha::train
