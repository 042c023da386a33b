// The second half of a GRPO step: what completions were judged becomes new weights.
#pragma once
#include "aha/train/grpo_trainer.h"
#include "train/grpo_metrics.h"
#include "train/grpo_passes.h"
#include "train/phase_times.h"

namespace aha::train {

/// The loss's part of the config: with kl_in_reward its KL has no weight.
objective::GrpoLossConfig loss_config(const GrpoConfig& config);

/// Whether the old log-probs are found by a pass of their own, before the advantages are known.
bool needs_old_pass(const GrpoConfig& config);

/// The updates of one step.
class GrpoUpdates {
 public:
  /// All of them outlive it.
  GrpoUpdates(model::Model& policy, const model::Model* reference, Optimizer& optimizer, const GrpoConfig& config,
              int num_threads, PhaseTimes& times);
  /// Fills what the loss, and kl_in_reward, need from before the first update: old, reference and, where the rollout
  /// does not have them, sampler log-probs; and the routes to replay.
  void score_before(const Samples& samples) const;
  /// One optimizer step, normalised over all tokens of the minibatch.
  UpdateStats run(const Samples& minibatch, double learning_rate);

 private:
  void choose_tokens(const Samples& minibatch) const;
  at::Tensor loss(const Samples& batch, UpdateStats& stats) const;
  bool teaches(const GrpoSample& sample) const;

  model::Model& policy_;
  const model::Model* reference_;  // null without one
  Optimizer& optimizer_;
  const GrpoConfig& config_;
  const objective::GrpoLossConfig loss_config_;
  const int num_threads_;
  PhaseTimes& times_;
  bool has_changed_ = false;  // the policy, since score_before()
};

}  // namespace aha::train
