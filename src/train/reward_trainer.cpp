#include "aha/train/reward_trainer.h"

#include <ATen/ops/tensor.h>

#include <algorithm>

#include "aha/core/error.h"
#include "aha/objective/preference_loss.h"
#include "train/batch_units.h"

namespace aha::train {
namespace {

using at::Tensor;

/// Numbers of a batch's rows, noted down by whichever thread computes them.
struct Rewards {
  explicit Rewards(size_t count) : chosen(count), rejected(count) {}
  std::vector<double> chosen, rejected;  // of single completions: the first
};

Tensor rewards_of(const PreferenceUpdate& update, const std::vector<const std::vector<int32_t>*>& sequences) {
  const model::PackedTokens tokens = model::pack_tokens(sequences);
  return update.model().rewards(update.model().forward(tokens, update.forward_options()).hidden_TD, tokens);
}

PreferenceUpdate::Losses losses_of(const PreferenceUpdate& update, double center_rewards_coefficient,
                                   const std::vector<data::PreferencePair>& pairs, Rewards& rewards) {
  return [&, center_rewards_coefficient](const std::vector<int64_t>& units) {
    std::vector<const std::vector<int32_t>*> sequences;
    std::vector<double> margins;
    for (const int64_t unit : units) {
      sequences.push_back(&pairs[static_cast<size_t>(unit)].chosen.token_ids);
      margins.push_back(pairs[static_cast<size_t>(unit)].margin);
    }
    for (const int64_t unit : units) sequences.push_back(&pairs[static_cast<size_t>(unit)].rejected.token_ids);
    const auto halves = rewards_of(update, sequences).chunk(2);
    note(units, halves[0], rewards.chosen);
    note(units, halves[1], rewards.rejected);
    const Tensor margin_P = at::tensor(margins, at::kDouble).to(halves[0].scalar_type());
    return objective::pairwise_loss(halves[0], halves[1], margin_P, center_rewards_coefficient);
  };
}

PreferenceUpdate::Losses losses_of(const PreferenceUpdate& update, double /*center_rewards_coefficient*/,
                                   const std::vector<data::LabelledSequence>& completions, Rewards& rewards) {
  return [&](const std::vector<int64_t>& units) {
    std::vector<const std::vector<int32_t>*> sequences;
    std::vector<double> labels;
    for (const int64_t unit : units) {
      sequences.push_back(&completions[static_cast<size_t>(unit)].sequence.token_ids);
      labels.push_back(completions[static_cast<size_t>(unit)].label);
    }
    const Tensor reward_N = rewards_of(update, sequences);
    note(units, reward_N, rewards.chosen);
    return objective::pointwise_loss(reward_N, at::tensor(labels, at::kDouble).to(reward_N.scalar_type()));
  };
}

void add_spread(const std::vector<double>& rewards, PreferenceReport& report) {
  const auto [low, high] = std::minmax_element(rewards.begin(), rewards.end());
  report.metrics["min_reward"] = *low;
  report.metrics["mean_reward"] = mean_of(rewards);
  report.metrics["max_reward"] = *high;
}

PreferenceReport with_metrics(PreferenceReport report, const std::vector<data::PreferencePair>& pairs,
                              const Rewards& rewards) {
  double right = 0;
  for (size_t i = 0; i < pairs.size(); ++i) right += rewards.chosen[i] > rewards.rejected[i];
  report.metrics["accuracy"] = right / static_cast<double>(pairs.size());
  report.metrics["margin"] = mean_of(rewards.chosen) - mean_of(rewards.rejected);
  std::vector<double> all = rewards.chosen;
  all.insert(all.end(), rewards.rejected.begin(), rewards.rejected.end());
  add_spread(all, report);
  return report;
}

PreferenceReport with_metrics(PreferenceReport report, const std::vector<data::LabelledSequence>& completions,
                              const Rewards& rewards) {
  double right = 0;
  for (size_t i = 0; i < completions.size(); ++i) right += (rewards.chosen[i] > 0) == (completions[i].label > 0.5);
  report.metrics["accuracy"] = right / static_cast<double>(completions.size());
  add_spread(rewards.chosen, report);
  return report;
}

template <class Row>
PreferenceReport step_on(PreferenceUpdate& update, double center_rewards_coefficient, const std::vector<Row>& batch,
                         double learning_rate) {
  Rewards rewards(batch.size());
  const auto losses = losses_of(update, center_rewards_coefficient, batch, rewards);
  return with_metrics(update.step(lengths_of(batch), losses, learning_rate), batch, rewards);
}

template <class Row>
PreferenceReport measure_on(const PreferenceUpdate& update, double center_rewards_coefficient,
                            const std::vector<Row>& rows) {
  Rewards rewards(rows.size());
  const auto losses = losses_of(update, center_rewards_coefficient, rows, rewards);
  return with_metrics(update.measure(lengths_of(rows), losses), rows, rewards);
}

}  // namespace

RewardTrainer::RewardTrainer(model::Model& judge, RewardTrainerConfig config, int num_threads)
    : update_(judge, std::move(config.update), num_threads),
      center_rewards_coefficient_(config.center_rewards_coefficient) {
  if (!judge.config().is_reward_model) {
    throw InputError("model", "is a language model: it has no score head to train; give it one by as_reward_model");
  }
}

PreferenceReport RewardTrainer::step(const std::vector<data::PreferencePair>& batch, double learning_rate) {
  return step_on(update_, center_rewards_coefficient_, batch, learning_rate);
}
PreferenceReport RewardTrainer::step(const std::vector<data::LabelledSequence>& batch, double learning_rate) {
  return step_on(update_, center_rewards_coefficient_, batch, learning_rate);
}
PreferenceReport RewardTrainer::measure(const std::vector<data::PreferencePair>& pairs) const {
  return measure_on(update_, center_rewards_coefficient_, pairs);
}
PreferenceReport RewardTrainer::measure(const std::vector<data::LabelledSequence>& completions) const {
  return measure_on(update_, center_rewards_coefficient_, completions);
}

}  // namespace aha::train
