// Frequencies and log-probabilities of every filter against float64.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "aha/core/random.h"
#include "aha/rollout/constraint.h"

namespace aha::rollout::sampler_statistics_test {
namespace {

constexpr int64_t kVocab = 200;

struct Case {
  const char* name;
  SamplingParams params;
  bool has_mask = false;
};

std::vector<Case> cases() {
  std::vector<Case> all(11);
  all[0].name = "plain";
  all[1] = {"cold", {.temperature = 0.7}};
  all[2] = {"hot", {.temperature = 1.6}};
  all[3] = {"top_k", {.top_k = 20}};
  all[4] = {"top_p", {.top_p = 0.85}};
  all[5] = {"min_p", {.min_p = 0.05}};
  all[6] = {"penalty", {.repetition_penalty = 1.3}};
  all[7] = {"bad tokens", {.bad_token_ids = {3, 50, 199}}};
  all[8] = {"mask", {}, true};
  all[9] = {"all filters", {.temperature = 0.8, .top_p = 0.9, .top_k = 40, .min_p = 0.02}};
  all[10] = {"everything",
             {.temperature = 1.2,
              .top_p = 0.95,
              .top_k = 60,
              .min_p = 0.01,
              .repetition_penalty = 1.5,
              .bad_token_ids = {0, 7}},
             true};
  return all;
}

class EvenTokens final : public Constraint {
 public:
  void allow(std::span<uint8_t> allowed_V) override {
    for (size_t i = 0; i < allowed_V.size(); ++i) allowed_V[i] = i % 2 == 0;
  }
  void accept(int32_t) override {}
  bool is_finished() const override { return false; }
};

const std::vector<int32_t> kPrompt = {1, 2, 3, 2, 1}, kCompletion = {10, 2, 10, 20};

void normalize(std::vector<double>& p) {
  const double total = std::accumulate(p.begin(), p.end(), 0.0);
  for (double& x : p) x /= total;
}

void filter(std::vector<double>& p, const SamplingParams& params) {
  std::vector<size_t> order(p.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) { return p[a] > p[b]; });
  if (params.top_k > 0) {
    for (size_t i = static_cast<size_t>(params.top_k); i < order.size(); ++i) p[order[i]] = 0;
    normalize(p);
  }
  double before = 0;
  for (const size_t i : order) {
    const double mass = p[i];
    if (before > 0 && before >= params.top_p) p[i] = 0;
    before += mass;
  }
  const double least = params.min_p * p[order[0]];
  for (double& x : p) x = x < least ? 0 : x;
  normalize(p);
}

std::vector<double> expected(const std::vector<float>& logits, const Case& one) {
  std::vector<double> p(logits.begin(), logits.end());
  std::vector<bool> is_seen(kVocab);
  for (const auto* tokens : {&kPrompt, &kCompletion}) {
    for (const int32_t token : *tokens) is_seen[token] = true;
  }
  const SamplingParams& params = one.params;
  for (size_t i = 0; i < p.size(); ++i) {
    if (is_seen[i]) p[i] = p[i] < 0 ? p[i] * params.repetition_penalty : p[i] / params.repetition_penalty;
    p[i] = one.has_mask && i % 2 == 1 ? 0 : std::exp(p[i] / params.temperature);
  }
  for (const int64_t token : params.bad_token_ids) p[token] = 0;
  normalize(p);
  filter(p, params);
  return p;
}

// How many standard deviations a chi-square sum is off (Wilson and Hilferty's cube root). Rare tokens are taken
// together.
double deviation(const std::vector<double>& counts, const std::vector<double>& p, double draws) {
  double chi_square = 0, degrees = -1, rare_count = 0, rare_expected = 0;
  const auto add = [&](double count, double expected_count) {
    chi_square += (count - expected_count) * (count - expected_count) / expected_count;
    ++degrees;
  };
  for (size_t i = 0; i < p.size(); ++i) {
    if (p[i] == 0) continue;
    if (p[i] * draws >= 10) {
      add(counts[i], p[i] * draws);
    } else {
      rare_count += counts[i];
      rare_expected += p[i] * draws;
    }
  }
  if (rare_expected >= 10) add(rare_count, rare_expected);
  const double variance = 2 / (9 * degrees);
  return (std::cbrt(chi_square / degrees) - (1 - variance)) / std::sqrt(variance);
}

TEST(SamplerStatistics, FrequenciesAndLogProbabilitiesAreThoseOfFloat64) {
  constexpr uint32_t kDraws = 100'000;
  Random random(1, "logits");
  std::vector<float> logits(kVocab);
  for (float& x : logits) x = static_cast<float>(1.3 * random.normal());
  std::vector<double> policy(logits.begin(), logits.end());
  for (double& x : policy) x = std::exp(x);
  normalize(policy);

  Sampler sampler(kVocab);
  EvenTokens mask;
  for (const Case& one : cases()) {
    SCOPED_TRACE(one.name);
    const std::vector<double> p = expected(logits, one);
    const DrawContext context{kPrompt, kCompletion, one.has_mask ? &mask : nullptr};
    const Random uniforms(2, one.name);
    std::vector<double> counts(kVocab);
    for (uint32_t i = 0; i < kDraws; ++i) {
      const SampledToken drawn = sampler.sample(logits.data(), one.params, uniforms.uniform_at(i), context);
      ASSERT_GT(p[drawn.token], 0) << drawn.token;
      if (++counts[drawn.token] > 1) continue;
      EXPECT_NEAR(drawn.logprob, std::log(p[drawn.token]), 1e-6);
      EXPECT_NEAR(drawn.policy_logprob, std::log(policy[drawn.token]), 1e-6);
    }
    EXPECT_LT(std::abs(deviation(counts, p, kDraws)), 4.9);  // one in a million
  }
}

}  // namespace
}  // namespace aha::rollout::sampler_statistics_test
