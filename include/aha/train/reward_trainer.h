// Reward models: a scalar head learns which of two completions is better, or whether one is good.
#pragma once
#include <vector>

#include "aha/data/preference.h"
#include "aha/model/model.h"
#include "aha/train/preference_update.h"

namespace aha::train {

struct RewardTrainerConfig {
  PreferenceUpdateConfig update = {};
  double center_rewards_coefficient = 0.0;

  template <class Fields>
  void visit(Fields& field) {
    update.visit(field);
    field("center_rewards_coefficient", center_rewards_coefficient,
          "pairwise: weight of the loss that draws rewards to a mean of zero (TRL recommends 0.01)", at_least(0));
  }
};

/// Metrics are TRL's: loss, accuracy, min_reward, mean_reward, max_reward, and of pairs margin, the mean of chosen less
/// rejected. A pair is judged right if its chosen completion has the higher reward; a single one if its reward is above
/// 0 and its label above 1/2, or neither.
class RewardTrainer {
 public:
  /// @param judge a reward model, changed in place; outlives the trainer. @throws InputError for a language model
  RewardTrainer(model::Model& judge, RewardTrainerConfig config, int num_threads);
  /// One update on the mean of objective::pairwise_loss over the batch, whatever the micro-batches.
  PreferenceReport step(const std::vector<data::PreferencePair>& batch, double learning_rate);
  /// The same with objective::pointwise_loss.
  PreferenceReport step(const std::vector<data::LabelledSequence>& batch, double learning_rate);
  /// Loss and metrics alone; nothing changes.
  PreferenceReport measure(const std::vector<data::PreferencePair>& pairs) const;
  PreferenceReport measure(const std::vector<data::LabelledSequence>& completions) const;
  Optimizer& optimizer() { return update_.optimizer(); }

 private:
  PreferenceUpdate update_;
  double center_rewards_coefficient_;
};

}  // namespace aha::train
