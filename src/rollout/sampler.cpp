// Draws a token from a row of logits.
#include "aha/rollout/sampler.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "aha/core/error.h"
#include "aha/ops/cpu_math.h"

namespace aha::rollout {

namespace {

bool has_filters(const SamplingParams& params) { return params.top_k > 0 || params.top_p < 1 || params.min_p > 0; }

float log_probability(float logit, float scale, float logsumexp) { return std::min(scale * logit - logsumexp, 0.0f); }

// The first of the largest. A row with a value that is not a number has none.
int32_t argmax(const float* logits, int64_t size) {
  return static_cast<int32_t>(std::max_element(logits, logits + size) - logits);
}

}  // namespace

Sampler::Sampler(int64_t vocab_size) : probabilities_(vocab_size), order_(vocab_size) {}

SampledToken Sampler::sample(const float* logits, const SamplingParams& params, double uniform) {
  const int64_t size = static_cast<int64_t>(probabilities_.size());
  if (params.temperature == 0) {
    const float logsumexp = checked(ops::logsumexp_row<float>(logits, 1, size, nullptr));
    const int32_t token = argmax(logits, size);
    const float logprob = log_probability(logits[token], 1, logsumexp);
    return {token, logprob, logprob};
  }

  const float scale = static_cast<float>(1 / params.temperature);
  std::copy_n(logits, size, probabilities_.data());
  float logsumexp = checked(ops::softmax_row(probabilities_.data(), scale, size));
  const float policy_logsumexp = scale == 1 ? logsumexp : ops::logsumexp_row<float>(logits, 1, size, nullptr);
  double kept = 1;
  if (has_filters(params)) {
    kept = filter(params);
    logsumexp += static_cast<float>(std::log(kept));
  }
  const int32_t token = draw(uniform * kept);
  return {token, log_probability(logits[token], scale, logsumexp), log_probability(logits[token], 1, policy_logsumexp)};
}

float Sampler::checked(float logsumexp) {
  if (std::isfinite(logsumexp)) return logsumexp;
  throw Error(ExitCode::kFailed,
              "sampling: the model's logits are not finite; its weights have diverged: lower the learning rate or "
              "restart from an earlier checkpoint");
}

int32_t Sampler::draw(double threshold) const {
  double sum = 0;
  int32_t last = 0;
  for (size_t i = 0; i < probabilities_.size(); ++i) {
    if (probabilities_[i] == 0) continue;
    sum += probabilities_[i];
    last = static_cast<int32_t>(i);
    if (sum > threshold) return last;
  }
  return last;  // rounding left the sum below the threshold
}

double Sampler::filter(const SamplingParams& params) {
  if (params.top_k > 0) keep_top_k(params.top_k);
  if (params.top_p < 1) keep_top_p(params.top_p);
  if (params.min_p > 0) keep_min_p(params.min_p);
  return std::accumulate(probabilities_.begin(), probabilities_.end(), 0.0);
}

// Ties with the last one kept stay, as in transformers.
void Sampler::keep_top_k(int64_t top_k) {
  if (top_k >= static_cast<int64_t>(probabilities_.size())) return;
  std::iota(order_.begin(), order_.end(), 0);
  const auto kth = order_.begin() + top_k - 1;
  std::nth_element(order_.begin(), kth, order_.end(),
                   [this](int32_t a, int32_t b) { return probabilities_[a] > probabilities_[b]; });
  const float least = probabilities_[*kth];
  for (float& p : probabilities_) {
    if (p < least) p = 0;
  }
}

// A token stays while those before it, likeliest first and ties in order of id, hold less than top_p of what is left.
void Sampler::keep_top_p(double top_p) {
  std::iota(order_.begin(), order_.end(), 0);
  std::sort(order_.begin(), order_.end(), [this](int32_t a, int32_t b) {
    return probabilities_[a] != probabilities_[b] ? probabilities_[a] > probabilities_[b] : a < b;
  });
  const double threshold = top_p * std::accumulate(probabilities_.begin(), probabilities_.end(), 0.0);
  double before = probabilities_[order_[0]];
  for (size_t i = 1; i < order_.size(); ++i) {
    float& p = probabilities_[order_[i]];
    const double mass = p;
    if (before >= threshold) p = 0;
    before += mass;
  }
}

void Sampler::keep_min_p(double min_p) {
  const double least = min_p * *std::max_element(probabilities_.begin(), probabilities_.end());
  for (float& p : probabilities_) {
    if (p < least) p = 0;
  }
}

}  // namespace aha::rollout
