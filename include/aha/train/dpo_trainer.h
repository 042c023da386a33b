// Direct preference optimisation (arXiv:2305.18290): a policy learns from pairs of completions, held to a reference.
#pragma once
#include <vector>

#include "aha/data/preference.h"
#include "aha/model/model.h"
#include "aha/objective/preference_loss.h"
#include "aha/train/preference_update.h"

namespace aha::train {

struct DpoConfig {
  PreferenceUpdateConfig update = {};
  objective::DpoLossConfig loss = {};

  template <class Fields>
  void visit(Fields& field) {
    update.visit(field);
    loss.visit(field);
  }
};

/// Metrics are TRL's: loss, rewards/{chosen,rejected,accuracies,margins} (objective::implicit_reward),
/// logps/{chosen,rejected}: means over the pairs; entropy: mean over the completions' tokens, nats.
class DpoTrainer {
 public:
  /// @param policy changed in place; outlives the trainer · reference: what it is held to, usually the policy as it was
  DpoTrainer(model::Model& policy, model::Model reference, DpoConfig config, int num_threads);
  /// One update on the mean of objective::dpo_loss over the batch, whatever the micro-batches. A completion is the
  /// tokens of weight 1.
  PreferenceReport step(const std::vector<data::PreferencePair>& batch, double learning_rate);
  /// Loss and metrics alone; nothing changes.
  PreferenceReport measure(const std::vector<data::PreferencePair>& pairs) const;
  Optimizer& optimizer() { return update_.optimizer(); }

 private:
  struct Numbers;
  PreferenceUpdate::Losses losses(const std::vector<data::PreferencePair>& pairs, Numbers& numbers) const;

  PreferenceUpdate update_;
  model::Model reference_;
  objective::DpoLossConfig loss_;
};

}  // namespace aha::train
