#include "train/grpo_update.h"

#include <ATen/TensorOperators.h>

#include <cmath>

namespace aha::train {
namespace {

bool takes_old_from_forward(const GrpoConfig& config) { return config.old_logprobs == "forward"; }

// Of a sequence that was scored once, those; else those of the pass that asks.
at::Tensor old_logprobs(const Samples& batch, const at::Tensor& policy_T, const GrpoConfig& config) {
  if (!takes_old_from_forward(config)) return per_token(batch, &GrpoSample::sampler_logprobs, at::kDouble);
  if (!needs_old_pass(config)) return policy_T.detach();
  return per_token(batch, &GrpoSample::old_logprobs, at::kDouble);
}

void add_ratio(const at::Tensor& policy_T, const at::Tensor& old_T, UpdateStats& stats) {
  const at::Tensor ratio_T = (policy_T.detach().to(at::kDouble) - old_T.to(at::kDouble)).exp();
  stats.policy_ratio = {
      .sum = ratio_T.sum().item<double>(), .least = ratio_T.min().item<double>(), .most = ratio_T.max().item<double>()};
}

}  // namespace

objective::GrpoLossConfig loss_config(const GrpoConfig& config) {
  objective::GrpoLossConfig loss = config.loss;
  if (config.kl_in_reward) loss.beta = 0;
  return loss;
}

bool needs_old_pass(const GrpoConfig& config) {
  const bool is_one_update = config.num_iterations * config.num_minibatches == 1;
  return takes_old_from_forward(config) && (!is_one_update || config.kl_in_reward);
}

GrpoUpdates::GrpoUpdates(model::Model& policy, const model::Model* reference, Optimizer& optimizer,
                         const GrpoConfig& config, int num_threads, PhaseTimes& times)
    : policy_(policy),
      reference_(reference),
      optimizer_(optimizer),
      config_(config),
      loss_config_(loss_config(config)),
      num_threads_(num_threads),
      times_(times) {}

void GrpoUpdates::score_before(const Samples& samples) const {
  times_.lap("other");
  const auto entropies = config_.top_entropy_quantile < 1 ? &GrpoSample::entropies : nullptr;
  if (needs_old_pass(config_)) {
    const Routing routing = config_.router_replay == "R2" ? Routing::kRecord : Routing::kReplay;
    score(policy_, samples, config_, num_threads_, routing, {&GrpoSample::old_logprobs, entropies});
  } else if (!takes_old_from_forward(config_) && needs_rescoring(config_.sampling)) {
    score(policy_, samples, config_, num_threads_, Routing::kReplay, {&GrpoSample::sampler_logprobs, entropies});
  }
  if (reference_ != nullptr) {
    score(*reference_, samples, config_, num_threads_, Routing::kOwn, {&GrpoSample::reference_logprobs});
  }
  times_.lap("logprobs");
}

bool GrpoUpdates::teaches(const GrpoSample& sample) const {
  return sample.advantage != 0 || loss_config_.beta > 0 || loss_config_.entropy_coef > 0;
}

UpdateStats GrpoUpdates::run(const Samples& minibatch, double learning_rate) {
  times_.lap("other");
  choose_tokens(minibatch);
  times_.lap("logprobs");

  // What has no gradient is only measured.
  Samples teaching, silent;
  for (GrpoSample* sample : minibatch) (teaches(*sample) ? teaching : silent).push_back(sample);
  const auto taught = cut(teaching, config_), measured = cut(silent, config_);
  std::vector<UpdateStats> parts(taught.size() + measured.size());
  for_each_without_gradient(measured.size(), num_threads_,
                            [&](size_t i) { loss(measured[i], parts[taught.size() + i]); });
  times_.lap("forward");
  GradientTimes threads;
  const Gradients gradients = accumulate_gradients(
      policy_, std::ssize(taught), num_threads_,
      [&](int64_t i) { return loss(taught[static_cast<size_t>(i)], parts[static_cast<size_t>(i)]); }, threads);
  times_.lap_gradients(threads);

  UpdateStats stats;
  for (const UpdateStats& part : parts) stats.add(part);
  if (taught.empty()) return stats;
  stats.grad_norm =
      std::isfinite(stats.loss) ? optimizer_.step(policy_, gradients, learning_rate, num_threads_) : std::nan("");
  stats.outcome = std::isfinite(stats.grad_norm) ? UpdateOutcome::kUpdated : UpdateOutcome::kNotFinite;
  if (stats.outcome == UpdateOutcome::kUpdated) {
    has_changed_ = true;
    if (config_.bias_update_rate > 0) {
      model::update_expert_bias(policy_, stats.expert_counts.per_layer(), config_.bias_update_rate);
    }
  }
  times_.lap("optimizer");
  return stats;
}

// Which tokens the policy's term and the entropy bonus count, over the whole minibatch.
void GrpoUpdates::choose_tokens(const Samples& minibatch) const {
  int64_t num_tokens = 0;
  for (const GrpoSample* sample : minibatch) num_tokens += std::ssize(sample->completion->token_ids);
  if (num_tokens == 0) return;
  double num_chosen = static_cast<double>(num_tokens);
  if (config_.top_entropy_quantile < 1) {
    if (has_changed_ || minibatch.front()->entropies.empty()) {
      score(policy_, minibatch, config_, num_threads_, Routing::kReplay, {.entropies = &GrpoSample::entropies});
    }
    const at::Tensor mask_T = objective::top_entropy_mask(per_token(minibatch, &GrpoSample::entropies, at::kDouble),
                                                          config_.top_entropy_quantile);
    hand_out(mask_T, minibatch, &GrpoSample::mask);
    num_chosen = mask_T.sum().item<double>();
  }
  for (GrpoSample* sample : minibatch) sample->entropy_weight = 1.0 / num_chosen;
}

// A micro-batch's share of its minibatch's loss.
at::Tensor GrpoUpdates::loss(const Samples& batch, UpdateStats& stats) const {
  const SampleScores scores = run_model(policy_, batch, config_, Routing::kReplay);
  const at::Tensor& policy_T = scores.of.logprob_T;
  objective::GrpoTokens tokens{.policy_T = policy_T,
                               .old_T = old_logprobs(batch, policy_T, config_),
                               .sampler_T = {},
                               .reference_T = {},
                               .advantage_T = per_token(batch, &GrpoSample::advantage, at::kDouble),
                               .weight_T = per_token(batch, &GrpoSample::weight, at::kDouble),
                               .entropy_T = scores.of.entropy_T,
                               .entropy_weight_T = per_token(batch, &GrpoSample::entropy_weight, at::kDouble),
                               .mask_T = {},
                               .offsets = completion_offsets(batch)};
  if (takes_old_from_forward(config_) && !needs_rescoring(config_.sampling)) {
    tokens.sampler_T = per_token(batch, &GrpoSample::sampler_logprobs, at::kDouble);
  }
  if (reference_ != nullptr) tokens.reference_T = per_token(batch, &GrpoSample::reference_logprobs, at::kDouble);
  if (config_.top_entropy_quantile < 1) {
    tokens.mask_T = per_token(batch, &GrpoSample::mask, at::kDouble);
    tokens.entropy_weight_T = tokens.entropy_weight_T * tokens.mask_T;
  }
  const objective::GrpoLoss loss = objective::grpo_loss(tokens, loss_config_);

  stats = stats_of(loss, scores.of.entropy_T.sum().item<double>());
  stats.num_routed = scores.num_routed;
  stats.num_unrouted = scores.num_unrouted;
  stats.expert_counts.add(scores.expert_counts);
  add_ratio(policy_T, tokens.old_T, stats);
  return loss.total;
}

}  // namespace aha::train
