// Draws a token from a row of logits.
#include "aha/rollout/sampler.h"

#include <algorithm>
#include <cmath>

#include "aha/core/error.h"
#include "aha/ops/cpu_math.h"
#include "rollout/inverse_cdf.h"
#include "rollout/logit_changes.h"
#include "rollout/probability_filter.h"

namespace aha::rollout {

namespace {

float log_probability(float logit, float scale, float logsumexp) { return std::min(scale * logit - logsumexp, 0.0f); }

void check_policy(float logsumexp) {
  if (std::isfinite(logsumexp)) return;
  throw Error(ExitCode::kFailed,
              "sampling: the model's logits are not finite; its weights have diverged: lower the learning rate or "
              "restart from an earlier checkpoint");
}

void check_something_left(float logsumexp) {
  if (std::isfinite(logsumexp)) return;
  throw InputError("sampling", "no token is left to draw: bad_token_ids and the constraint forbid all that may follow");
}

}  // namespace

struct Sampler::State {
  explicit State(int64_t vocab_size) : probabilities(vocab_size), changes(vocab_size), filter(vocab_size) {}

  float logsumexp(const float* logits) const {
    return ops::logsumexp_row<float>(logits, 1, std::ssize(probabilities), nullptr);
  }
  SampledToken take_likeliest(const float* logits, const float* changed) const;
  SampledToken draw(const float* logits, const float* changed, const SamplingParams& params, double uniform);

  std::vector<float> probabilities;
  LogitChanges changes;
  ProbabilityFilter filter;
};

Sampler::Sampler(int64_t vocab_size) : state_(std::make_unique<State>(vocab_size)) {}
Sampler::~Sampler() = default;

int64_t Sampler::vocab_size() const { return std::ssize(state_->probabilities); }

SampledToken Sampler::sample(const float* logits, const SamplingParams& params, double uniform,
                             const DrawContext& context) {
  const float* changed = state_->changes.apply(logits, params, context);
  if (params.temperature == 0) return state_->take_likeliest(logits, changed);
  return state_->draw(logits, changed, params, uniform);
}

SampledToken Sampler::State::take_likeliest(const float* logits, const float* changed) const {
  const float policy = logsumexp(logits);
  check_policy(policy);
  float drawn_from = policy;
  if (changed != logits) {
    drawn_from = logsumexp(changed);
    check_something_left(drawn_from);
  }
  const int32_t token = index_of_max({changed, probabilities.size()});
  return {token, log_probability(changed[token], 1, drawn_from), log_probability(logits[token], 1, policy)};
}

SampledToken Sampler::State::draw(const float* logits, const float* changed, const SamplingParams& params,
                                  double uniform) {
  const float scale = static_cast<float>(1 / params.temperature);
  std::copy_n(changed, probabilities.size(), probabilities.data());
  float drawn_from = ops::softmax_row(probabilities.data(), scale, std::ssize(probabilities));
  const float policy = changed == logits && scale == 1 ? drawn_from : logsumexp(logits);
  check_policy(policy);
  check_something_left(drawn_from);
  int32_t token;
  if (ProbabilityFilter::is_needed(params)) {
    const std::span<const int32_t> kept = filter.keep(probabilities, params);
    double mass = 0;
    for (const int32_t index : kept) mass += static_cast<double>(probabilities[index]);
    drawn_from += static_cast<float>(std::log(mass));
    token = draw_index(probabilities, kept, uniform * mass);
  } else {
    token = draw_index(probabilities, uniform);
  }
  return {token, log_probability(changed[token], scale, drawn_from), log_probability(logits[token], 1, policy)};
}

}  // namespace aha::rollout
