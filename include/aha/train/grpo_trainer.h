// GRPO: ask, judge, learn.
#pragma once
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "aha/data/completion.h"
#include "aha/data/tokenizer.h"
#include "aha/model/model.h"
#include "aha/objective/advantage.h"
#include "aha/objective/grpo_loss.h"
#include "aha/reward/reward.h"
#include "aha/rollout/engine.h"
#include "aha/train/optimizer.h"
#include "aha/train/schedule.h"

namespace aha::train {

struct GrpoConfig {
  rollout::SamplingParams sampling = {};  // num_generations, max_completion_length, temperature …
  objective::GrpoLossConfig loss = {};
  objective::AdvantageConfig advantage = {};
  // Whose log-probs the ratio is taken against: the sampler's, or the training forward's before the first update, so
  // that the first ratio is exactly 1 and what the sampler gave is for importance_sampling_mode.
  std::string old_logprobs = "sampler";  // sampler | forward
  // β · KL of the whole completion under the old policy, the sum of its tokens' kl_estimator, is taken off its reward
  // instead of being added to the loss.
  bool kl_in_reward = false;
  double top_entropy_quantile = 1.0;  // share of the tokens, by entropy, whose policy term counts
  bool mask_truncated_completions = false;
  // Last tokens of max_completion_length over which a reward called soft_overlong_punishment falls from 0 to -1
  // (arXiv:2503.14476 eq. 13); 0: none.
  int64_t soft_punish_cache = 0;
  bool shuffle_advantages = false;  // control: advantages permuted over the batch (must not teach)
  bool sync_ref_model = false;
  double ref_model_mixup_alpha = 1.0;  // reference = alpha * policy + (1 - alpha) * reference; R1 replaces it: 1
  int64_t ref_model_sync_steps = 400;  // optimizer steps, as in TRL: num_iterations * num_minibatches a step
  // Dynamic sampling (arXiv:2503.14476): groups of equal rewards are put aside and more prompts asked, until the step
  // has as many groups as it was given prompts or has asked max_resample_times more rounds of them.
  bool dynamic_sample = false;
  int64_t max_resample_times = 3;
  // Experts of a token in training: none, its own choice; R2, those of the forward pass that gave the old log-probs;
  // R3, those of the rollout (arXiv:2510.11370, 2512.01374).
  std::string router_replay = "none";
  ScheduleConfig schedule = {};
  OptimizerConfig optimizer = {};
  int64_t num_iterations = 1;   // passes over a rollout (μ)
  int64_t num_minibatches = 1;  // optimizer steps a pass; whole groups each
  int64_t tokens_per_micro_batch = 2048;
  bool shared_prompt = true;            // a group's prompt is computed once for all of its completions
  bool gradient_checkpointing = false;  // layers are computed again in the backward pass: less memory, same bits
  bool bf16 = false;                    // operands of matrix products are rounded to bfloat16; weights stay float32
  double bias_update_rate = 0.0;
  // Long tails: a step may be asked for more prompts than it trains on, and end without those that take longest.
  int64_t enough_prompts = 0;     // complete groups that end a step, which trains on the first of them; 0: all
  bool partial_rollouts = false;  // what has not ended is gone on with in the next step; else it is thrown away
  int64_t max_staleness = 4;      // steps: a group that began earlier begins anew
};

using objective::ConfigFinding;
/// What is wrong with keys of a config, alone or beside each other; those of its loss are among them.
std::vector<ConfigFinding> contradictions(const GrpoConfig& config);

/// Gives the next `count` prompts; fewer where there are no more.
using PromptSource = std::function<data::PromptBatch(int64_t count)>;

/// One step: the completions, how they were judged, and the metrics by TRL's names (docs/grpo.md lists them).
struct StepReport {
  data::CompletionBatch completions;
  reward::BatchScores scores;
  std::vector<double> advantages;
  std::map<std::string, double> metrics;
};

class GrpoTrainer {
 public:
  /// @param policy changed in place; outlives the trainer
  GrpoTrainer(model::Model& policy, std::shared_ptr<const data::Tokenizer> tokenizer, GrpoConfig config,
              reward::Scorer scorer, uint64_t seed, std::string stage, rollout::EngineOptions engine = {});
  ~GrpoTrainer();
  /// @param prompts asked beside the groups that an earlier step left
  /// @param step 0-based, keys the random numbers and counts the versions of the policy · num_steps: for the schedule
  /// @param more where dynamic_sample takes further prompts from
  /// @throws StoppedError before anything has changed, if `stop` is asked while sampling; what check_prompts() throws
  StepReport step(const data::PromptBatch& prompts, int64_t step, int64_t num_steps, std::stop_token stop = {},
                  const PromptSource& more = {});
  /// @throws InputError for the first prompt that with max_completion_length exceeds the model's context
  void check_prompts(const data::PromptBatch& prompts) const;
  /// Groups that the next step() goes on with before its own prompts.
  int64_t num_carried() const;
  /// Optimizer moments, reference weights and the groups to go on with, below `folder` (the policy is the caller's).
  void save(const std::filesystem::path& folder) const;
  /// @param prompts those that groups may have been carried of, by id
  void load(const std::filesystem::path& folder, const data::PromptBatch& prompts = {});
  rollout::Engine& engine();
  Optimizer& optimizer();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace aha::train
