#include "aha/train/dpo_trainer.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>

#include <numeric>

#include "aha/core/error.h"
#include "train/batch_units.h"

namespace aha::train {
namespace {

using at::Tensor;

/// Sequences end to end without their last tokens, which are only predicted, and the rows that predict a completion.
struct Predictions {
  model::PackedTokens tokens;
  Tensor row_R, token_R, sequence_R;
  int64_t num_sequences = 0;
};

Predictions predictions_of(const std::vector<const data::TrainingSequence*>& sequences) {
  std::vector<std::vector<int32_t>> inputs;
  std::vector<int64_t> rows, ids, owners;
  int64_t begin = 0;
  for (size_t s = 0; s < sequences.size(); ++s) {
    const auto& [token_ids, weights] = *sequences[s];
    AHA_CHECK(!token_ids.empty() && weights.size() == token_ids.size(), "a sequence has one weight for each token");
    for (size_t t = 1; t < token_ids.size(); ++t) {
      if (weights[t] == 0) continue;
      rows.push_back(begin + static_cast<int64_t>(t) - 1);
      ids.push_back(token_ids[t]);
      owners.push_back(static_cast<int64_t>(s));
    }
    inputs.emplace_back(token_ids.begin(), token_ids.end() - 1);
    begin += std::ssize(inputs.back());
  }
  std::vector<const std::vector<int32_t>*> pointers;
  for (const auto& input : inputs) pointers.push_back(&input);
  return {model::pack_tokens(pointers), at::tensor(rows, at::kLong), at::tensor(ids, at::kLong),
          at::tensor(owners, at::kLong), std::ssize(sequences)};
}

struct SequenceScores {
  Tensor logprob_S;    // summed over the completion
  double entropy = 0;  // summed over all completions
};

SequenceScores scores_of(const model::Model& model, const Predictions& predictions,
                         const model::ForwardOptions& options) {
  const Tensor hidden_TD = model.forward(predictions.tokens, options).hidden_TD;
  const model::TokenScores scores = model.score(hidden_TD.index_select(0, predictions.row_R), predictions.token_R,
                                                /*temperature=*/1.0, options.products);
  const Tensor none_S = at::zeros({predictions.num_sequences}, scores.logprob_T.options());
  return {none_S.index_add(0, predictions.sequence_R, scores.logprob_T),
          scores.entropy_T.detach().sum(at::kDouble).item<double>()};
}

}  // namespace

/// Of each pair, noted down by whichever thread computes it.
struct DpoTrainer::Numbers {
  explicit Numbers(size_t count)
      : chosen_logp(count), rejected_logp(count), chosen_reward(count), rejected_reward(count), entropy(count) {}
  std::vector<double> chosen_logp, rejected_logp, chosen_reward, rejected_reward;
  std::vector<double> entropy;  // of a micro-batch, at its first pair

  PreferenceReport into(PreferenceReport report, const std::vector<data::PreferencePair>& pairs) const {
    double right = 0, num_predicted = 0;
    for (size_t i = 0; i < pairs.size(); ++i) {
      right += chosen_reward[i] > rejected_reward[i];
      for (const auto* sequence : {&pairs[i].chosen, &pairs[i].rejected}) {
        for (size_t t = 1; t < sequence->weights.size(); ++t) num_predicted += sequence->weights[t] != 0;
      }
    }
    auto& metrics = report.metrics;
    metrics["rewards/chosen"] = mean_of(chosen_reward);
    metrics["rewards/rejected"] = mean_of(rejected_reward);
    metrics["rewards/accuracies"] = right / static_cast<double>(pairs.size());
    metrics["rewards/margins"] = metrics["rewards/chosen"] - metrics["rewards/rejected"];
    metrics["logps/chosen"] = mean_of(chosen_logp);
    metrics["logps/rejected"] = mean_of(rejected_logp);
    metrics["entropy"] = std::accumulate(entropy.begin(), entropy.end(), 0.0) / num_predicted;
    return report;
  }
};

DpoTrainer::DpoTrainer(model::Model& policy, model::Model reference, DpoConfig config, int num_threads)
    : update_(policy, std::move(config.update), num_threads), reference_(std::move(reference)), loss_(config.loss) {}

PreferenceUpdate::Losses DpoTrainer::losses(const std::vector<data::PreferencePair>& pairs, Numbers& numbers) const {
  return [&](const std::vector<int64_t>& units) {
    std::vector<const data::TrainingSequence*> sequences;
    for (const int64_t unit : units) sequences.push_back(&pairs[static_cast<size_t>(unit)].chosen);
    for (const int64_t unit : units) sequences.push_back(&pairs[static_cast<size_t>(unit)].rejected);
    const Predictions predictions = predictions_of(sequences);
    const SequenceScores policy = scores_of(update_.model(), predictions, update_.forward_options());
    Tensor reference_S;
    {
      const at::NoGradGuard no_grad;
      reference_S = scores_of(reference_, predictions, update_.forward_options()).logprob_S;
    }
    const auto own = policy.logprob_S.chunk(2), other = reference_S.chunk(2);
    const objective::PairLogprobs logprobs{own[0], own[1], other[0], other[1]};
    note(units, own[0], numbers.chosen_logp);
    note(units, own[1], numbers.rejected_logp);
    note(units, objective::implicit_reward(own[0], other[0], loss_), numbers.chosen_reward);
    note(units, objective::implicit_reward(own[1], other[1], loss_), numbers.rejected_reward);
    numbers.entropy[static_cast<size_t>(units.front())] = policy.entropy;
    return objective::dpo_loss(logprobs, loss_);
  };
}

PreferenceReport DpoTrainer::step(const std::vector<data::PreferencePair>& batch, double learning_rate) {
  Numbers numbers(batch.size());
  return numbers.into(update_.step(lengths_of(batch), losses(batch, numbers), learning_rate), batch);
}

PreferenceReport DpoTrainer::measure(const std::vector<data::PreferencePair>& pairs) const {
  Numbers numbers(pairs.size());
  return numbers.into(update_.measure(lengths_of(pairs), losses(pairs, numbers)), pairs);
}

}  // namespace aha::train
