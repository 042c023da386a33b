#include "aha/train/sft_trainer.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/tensor.h>

#include <algorithm>
#include <cmath>

#include "aha/core/error.h"
#include "aha/ops/parallel.h"
#include "aha/ops/token_logprob.h"
#include "train/expert_load.h"
#include "train/micro_batches.h"

namespace aha::train {
namespace {

/// A sequence as far as it teaches anything: inputs end before the last weighted token, which is only predicted.
struct Lesson {
  std::vector<int32_t> inputs;
  const data::TrainingSequence* sequence;
};

ops::NumberType products_of(const SftConfig& config) {
  return config.bf16 ? ops::NumberType::kBFloat16 : ops::NumberType::kFloat32;
}

/// Rows of the packed hidden states that predict a weighted token.
struct Targets {
  at::Tensor row_R, token_R, weight_R;
};

struct Part {  // of one micro-batch
  double nll = 0, mtp_nll = 0, balance = 0, entropy = 0;
  int64_t num_correct = 0;
  std::vector<at::Tensor> expert_counts = {};
};

struct Batch {
  std::vector<Lesson> lessons;
  std::vector<std::vector<int64_t>> micro_batches;  // of lesson indices
  int64_t num_tokens = 0;
  double weight = 0, mtp_weight = 0;  // Σ w over the whole batch, of tokens that the head / the MTP head predicts
};

// Index past the last weighted token; 0 if there is none.
size_t taught_length(const data::TrainingSequence& sequence) {
  size_t length = sequence.weights.size();
  while (length > 1 && sequence.weights[length - 1] == 0) --length;
  return length > 1 ? length : 0;
}

Batch make_batch(const std::vector<data::TrainingSequence>& sequences, int64_t tokens_per_micro_batch) {
  Batch batch;
  std::vector<int64_t> lengths;
  for (const auto& sequence : sequences) {
    AHA_CHECK(sequence.weights.size() == sequence.token_ids.size(),
              "a training sequence has one weight for each token");
    const size_t length = taught_length(sequence);
    if (length == 0) continue;
    batch.lessons.push_back(
        {{sequence.token_ids.begin(), sequence.token_ids.begin() + int64_t(length) - 1}, &sequence});
    lengths.push_back(static_cast<int64_t>(length) - 1);
    for (size_t t = 1; t < length; ++t) {
      batch.num_tokens += sequence.weights[t] != 0;
      batch.weight += sequence.weights[t];
      if (t >= 2) batch.mtp_weight += sequence.weights[t];
    }
  }
  batch.micro_batches = micro_batches(lengths, tokens_per_micro_batch);
  return batch;
}

/// Where row t predicts token t + ahead of the same sequence.
Targets targets_of(const std::vector<const Lesson*>& lessons, const model::PackedTokens& tokens, size_t ahead,
                   at::ScalarType dtype) {
  std::vector<int64_t> rows, ids;
  std::vector<double> weights;
  for (size_t s = 0; s < lessons.size(); ++s) {
    const auto& [inputs, sequence] = *lessons[s];
    for (size_t t = ahead; t <= inputs.size(); ++t) {
      if (sequence->weights[t] == 0) continue;
      rows.push_back(tokens.offsets[s] + static_cast<int64_t>(t - ahead));
      ids.push_back(sequence->token_ids[t]);
      weights.push_back(sequence->weights[t]);
    }
  }
  return {at::tensor(rows, at::kLong), at::tensor(ids, at::kLong), at::tensor(weights, at::kDouble).to(dtype)};
}

/// What the output head says of the targets, products rounded as the config asks.
ops::TokenLogprob score_targets(const model::Model& model, const SftConfig& config, const at::Tensor& hidden_TD,
                                const Targets& targets) {
  const at::Tensor& head_VD = model.parameter(model.config().tie_word_embeddings ? "embed_tokens" : "lm_head");
  return ops::token_logprob(hidden_TD.index_select(0, targets.row_R), head_VD, targets.token_R, /*temperature=*/1.0,
                            products_of(config));
}

at::Tensor weighted_nll(const ops::TokenLogprob& scores, const Targets& targets) {
  return -(scores.logprob_T * targets.weight_R).sum();
}

/// Loss of one micro-batch as its share of the whole batch's loss.
at::Tensor micro_batch_loss(const model::Model& model, const SftConfig& config, const Batch& batch, size_t index,
                            Part& part) {
  std::vector<const Lesson*> lessons;
  std::vector<const std::vector<int32_t>*> inputs;
  for (const int64_t lesson : batch.micro_batches[index]) {
    lessons.push_back(&batch.lessons[static_cast<size_t>(lesson)]);
    inputs.push_back(&lessons.back()->inputs);
  }
  const bool with_mtp = config.mtp_loss_weight > 0, with_balance = config.balance_loss_weight > 0;
  const model::PackedTokens tokens = model::pack_tokens(inputs);
  const auto out = model.forward(tokens, {.with_mtp = with_mtp,
                                          .with_balance_loss = with_balance,
                                          .recompute = config.gradient_checkpointing,
                                          .products = products_of(config)});
  part.expert_counts = out.expert_counts;

  const Targets next = targets_of(lessons, tokens, 1, model.dtype());
  const auto scores = score_targets(model, config, out.hidden_TD, next);
  const at::Tensor nll = weighted_nll(scores, next);
  part.nll = nll.item<double>();
  part.entropy = scores.entropy_T.sum().item<double>();
  part.num_correct = scores.is_best_T.sum().item<int64_t>();
  at::Tensor loss = nll / batch.weight;
  if (with_mtp && batch.mtp_weight > 0) {
    const Targets second = targets_of(lessons, tokens, 2, model.dtype());
    const at::Tensor mtp = weighted_nll(score_targets(model, config, out.mtp_hidden_TD, second), second);
    part.mtp_nll = mtp.item<double>();
    loss = loss + mtp * (config.mtp_loss_weight / batch.mtp_weight);
  }
  if (with_balance) {
    const double share = static_cast<double>(lessons.size()) / static_cast<double>(batch.lessons.size());
    part.balance = share * out.balance_loss.item<double>();
    loss = loss + out.balance_loss * (config.balance_loss_weight * share);
  }
  return loss;
}

SftReport summarize(const Batch& batch, const std::vector<Part>& parts) {
  SftReport report;
  int64_t correct = 0;
  for (const Part& part : parts) {
    report.loss += part.nll / batch.weight;
    if (batch.mtp_weight > 0) report.mtp_loss += part.mtp_nll / batch.mtp_weight;
    report.balance_loss += part.balance;
    report.entropy += part.entropy / static_cast<double>(batch.num_tokens);
    correct += part.num_correct;
  }
  report.num_tokens = batch.num_tokens;
  report.mean_token_accuracy = static_cast<double>(correct) / static_cast<double>(batch.num_tokens);
  return report;
}

}  // namespace

SftTrainer::SftTrainer(model::Model& model, SftConfig config, int num_threads)
    : model_(model),
      config_(std::move(config)),
      optimizer_(model, config_.optimizer),
      num_threads_(num_threads > 0 ? num_threads : ops::default_num_threads()) {
  if (config_.mtp_loss_weight > 0 && model.config().num_nextn_predict_layers != 1) {
    throw ConfigError("mtp_loss_weight", "needs a model with num_nextn_predict_layers = 1; leave it at 0");
  }
  if (config_.bf16 && model.dtype() != at::kFloat) throw ConfigError("bf16", "needs a float32 model");
}

SftReport SftTrainer::step(const std::vector<data::TrainingSequence>& sequences, double learning_rate) {
  const Batch batch = make_batch(sequences, config_.tokens_per_micro_batch);
  if (batch.weight <= 0) return {.learning_rate = learning_rate};  // nothing to learn

  std::vector<Part> parts(batch.micro_batches.size());
  const Gradients gradients =
      accumulate_gradients(model_, static_cast<int64_t>(parts.size()), num_threads_, [&](int64_t index) {
        const auto i = static_cast<size_t>(index);
        return micro_batch_loss(model_, config_, batch, i, parts[i]);
      });

  SftReport report = summarize(batch, parts);
  report.learning_rate = learning_rate;
  ExpertCounts counts;
  for (const Part& part : parts) counts.add(part.expert_counts);
  report.expert_load_max = counts.load_max();
  report.num_dead_experts = counts.num_dead();
  const bool is_finite = std::isfinite(report.loss + report.mtp_loss + report.balance_loss);
  report.grad_norm = is_finite ? optimizer_.step(model_, gradients, learning_rate, num_threads_) : std::nan("");
  report.skipped = !std::isfinite(report.grad_norm);
  if (!report.skipped && config_.bias_update_rate > 0) {
    model::update_expert_bias(model_, counts.per_layer(), config_.bias_update_rate);
  }
  return report;
}

}  // namespace aha::train
