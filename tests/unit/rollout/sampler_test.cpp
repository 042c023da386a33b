// Draws against worked numbers and against the distribution they should follow.
#include "aha/rollout/sampler.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "aha/core/error.h"
#include "aha/rollout/constraint.h"

namespace aha::rollout::sampler_test {
namespace {

// Probabilities 0.1, 0.4, 0.2, 0.3.
const std::vector<float> kLogits = {std::log(0.1f), std::log(0.4f), std::log(0.2f), std::log(0.3f)};

SampledToken draw(const std::vector<float>& logits, const SamplingParams& params, double uniform) {
  Sampler sampler(std::ssize(logits));
  return sampler.sample(logits.data(), params, uniform);
}

struct Drawn {
  int32_t token;
  double probability;
};
using Draws = std::vector<Drawn>;

/// What may be drawn, with the probabilities that the log-probabilities state, found by sweeping the uniform.
Draws support(const std::vector<float>& logits, const SamplingParams& params) {
  Draws found;
  for (int i = 0; i < 1000; ++i) {
    const SampledToken token = draw(logits, params, i / 1000.0);
    if (found.empty() || found.back().token != token.token) found.push_back({token.token, std::exp(token.logprob)});
  }
  return found;
}

void expect_support(const SamplingParams& params, const Draws& expected) {
  const Draws found = support(kLogits, params);
  ASSERT_EQ(found.size(), expected.size());
  for (size_t i = 0; i < found.size(); ++i) {
    EXPECT_EQ(found[i].token, expected[i].token);
    EXPECT_NEAR(found[i].probability, expected[i].probability, 1e-6);
  }
}

TEST(Sampler, InvertsTheDistributionInOrderOfId) {
  const std::pair<double, int32_t> expected[] = {{0, 0},      {0.0999, 0}, {0.1001, 1}, {0.4999, 1},
                                                 {0.5001, 2}, {0.6999, 2}, {0.7001, 3}, {0.999999, 3}};
  for (const auto& [uniform, token] : expected) EXPECT_EQ(draw(kLogits, {}, uniform).token, token) << uniform;
  const SampledToken drawn = draw(kLogits, {}, 0.3);
  EXPECT_NEAR(drawn.logprob, std::log(0.4), 1e-6);
  EXPECT_EQ(drawn.logprob, drawn.policy_logprob);
}

TEST(Sampler, TheLastPossibleTokenTakesWhatRoundingLeaves) {
  const float none = -std::numeric_limits<float>::infinity();
  EXPECT_EQ(draw({0, 0, 0, none}, {}, std::nextafter(1.0, 0.0)).token, 2);
}

TEST(Sampler, TemperatureFlattens) {
  // sqrt of the probabilities: 0.316228, 0.632456, 0.447214, 0.547723; sum 1.943620.
  SamplingParams params;
  params.temperature = 2;
  expect_support(params, {{0, 0.162701}, {1, 0.325401}, {2, 0.230093}, {3, 0.281806}});
  EXPECT_NEAR(draw(kLogits, params, 0.3).policy_logprob, std::log(0.4), 1e-6);
}

TEST(Sampler, ZeroTemperatureTakesTheLikeliestAndItsPolicyProbability) {
  SamplingParams params;
  params.temperature = 0;
  const SampledToken drawn = draw(kLogits, params, 0.99);
  EXPECT_EQ(drawn.token, 1);
  EXPECT_NEAR(drawn.logprob, std::log(0.4), 1e-6);
  EXPECT_EQ(drawn.logprob, drawn.policy_logprob);
  EXPECT_EQ(draw({1, 3, 3, 2}, params, 0).token, 1);  // the lowest id on ties
}

TEST(Sampler, TopKKeepsTheLikeliest) {
  SamplingParams params;
  params.top_k = 2;
  expect_support(params, {{1, 4.0 / 7}, {3, 3.0 / 7}});
  params.top_k = 9;
  expect_support(params, {{0, 0.1}, {1, 0.4}, {2, 0.2}, {3, 0.3}});
  // Ties with the last one kept stay.
  params.top_k = 1;
  EXPECT_EQ(support({2, 1, 2, 0}, params).size(), 2);
}

TEST(Sampler, TopPKeepsTheSmallestSetThatReachesIt) {
  SamplingParams params;
  params.top_p = 0.65;  // 0.4 + 0.3
  expect_support(params, {{1, 4.0 / 7}, {3, 3.0 / 7}});
  params.top_p = 0.75;  // and 0.2
  expect_support(params, {{1, 4.0 / 9}, {2, 2.0 / 9}, {3, 3.0 / 9}});
  params.top_p = 0;
  expect_support(params, {{1, 1.0}});
}

TEST(Sampler, MinPIsAShareOfTheLikeliest) {
  SamplingParams params;
  params.min_p = 0.6;  // 0.24 and more
  expect_support(params, {{1, 4.0 / 7}, {3, 3.0 / 7}});
}

TEST(Sampler, FiltersApplyOneAfterAnother) {
  // top-k 3 leaves 4/9, 2/9, 3/9; top-p 0.5 of those 4/9 and 3/9; before top-k it would have left 0.4 and 0.3 too, but
  // top-p 0.44 leaves the first alone only after it.
  SamplingParams params;
  params.top_k = 3;
  params.top_p = 0.5;
  expect_support(params, {{1, 4.0 / 7}, {3, 3.0 / 7}});
  params.top_p = 0.44;
  expect_support(params, {{1, 1.0}});
  params.top_k = 0;
  expect_support(params, {{1, 4.0 / 7}, {3, 3.0 / 7}});
  params = {};
  params.temperature = 2;
  params.min_p = 0.8;  // of 0.325401, tempered: 0.26 and more
  expect_support(params, {{1, 0.535898}, {3, 0.464102}});
}

TEST(Sampler, RepetitionPenaltyMultipliesNegativeLogitsAndDividesOthers) {
  // 2 -> 1 (once, though there twice), -1 -> -2, 0.5 stays; e^1, e^-2, e^0.5 sum to 4.502338.
  const std::vector<float> logits = {2, -1, 0.5};
  const std::vector<int32_t> prompt = {0, 0}, completion = {1, 0};
  SamplingParams params;
  params.repetition_penalty = 2;
  Sampler sampler(3);
  const auto drawn = [&](double uniform) {
    return sampler.sample(logits.data(), params, uniform, {.prompt = prompt, .completion = completion});
  };
  EXPECT_EQ(drawn(0.603).token, 0);  // 0.603749
  EXPECT_EQ(drawn(0.605).token, 1);  // 0.633807
  EXPECT_EQ(drawn(0.634).token, 2);
  EXPECT_NEAR(drawn(0.1).logprob, 1 - std::log(4.502338), 1e-6);
  EXPECT_NEAR(drawn(0.1).policy_logprob, 2 - std::log(std::exp(2) + std::exp(-1) + std::exp(0.5)), 1e-6);
  EXPECT_EQ(sampler.sample(logits.data(), params, 0.1).policy_logprob, drawn(0.1).policy_logprob);
  params.temperature = 0;
  params.repetition_penalty = 8;  // 0.25, -8, 0.5
  EXPECT_EQ(drawn(0).token, 2);
  EXPECT_NEAR(drawn(0).logprob, 0.5 - std::log(std::exp(0.25) + std::exp(-8) + std::exp(0.5)), 1e-6);
}

TEST(Sampler, BadTokensAreNeverDrawn) {
  SamplingParams params;
  params.bad_token_ids = {1, 2};
  expect_support(params, {{0, 0.25}, {3, 0.75}});
  EXPECT_NEAR(draw(kLogits, params, 0.5).policy_logprob, std::log(0.3), 1e-6);
  params.top_k = 1;  // of what is left
  expect_support(params, {{3, 1.0}});
  params.temperature = 0;
  EXPECT_EQ(draw(kLogits, params, 0).token, 3);
  EXPECT_NEAR(draw(kLogits, params, 0).logprob, std::log(0.75), 1e-6);
}

class OnlyThese final : public Constraint {
 public:
  explicit OnlyThese(std::vector<int32_t> tokens) : tokens_(std::move(tokens)) {}
  void allow(std::span<uint8_t> allowed_V) override {
    std::fill(allowed_V.begin(), allowed_V.end(), uint8_t{0});
    for (const int32_t token : tokens_) allowed_V[token] = 1;
  }
  void accept(int32_t) override {}
  bool is_finished() const override { return false; }

 private:
  std::vector<int32_t> tokens_;
};

TEST(Sampler, AConstraintMasks) {
  OnlyThese constraint({0, 2});
  Sampler sampler(4);
  for (const double temperature : {1.0, 0.0}) {
    SamplingParams params;
    params.temperature = temperature;
    const SampledToken drawn = sampler.sample(kLogits.data(), params, 0.4, {.constraint = &constraint});
    EXPECT_EQ(drawn.token, 2);
    EXPECT_NEAR(drawn.logprob, std::log(2.0 / 3), 1e-6);
    EXPECT_NEAR(drawn.policy_logprob, std::log(0.2), 1e-6);
  }
}

TEST(Sampler, RefusesToDrawFromNothing) {
  OnlyThese constraint({0, 2});
  Sampler sampler(4);
  SamplingParams params;
  params.bad_token_ids = {0, 2};
  for (const double temperature : {1.0, 0.0}) {
    params.temperature = temperature;
    EXPECT_THROW(sampler.sample(kLogits.data(), params, 0.4, {.constraint = &constraint}), InputError);
    EXPECT_EQ(sampler.sample(kLogits.data(), params, 0.9).token, temperature == 0 ? 1 : 3);  // it goes on
  }
}

TEST(Sampler, RefusesLogitsThatAreNotFinite) {
  const float nan = std::numeric_limits<float>::quiet_NaN(), infinity = std::numeric_limits<float>::infinity();
  SamplingParams greedy;
  greedy.temperature = 0;
  for (const SamplingParams& params : {SamplingParams{}, greedy}) {
    EXPECT_THROW(draw({0, nan, 0}, params, 0.5), Error);
    EXPECT_THROW(draw({0, infinity, 0}, params, 0.5), Error);
    EXPECT_THROW(draw({-infinity, -infinity}, params, 0.5), Error);
  }
}

}  // namespace
}  // namespace aha::rollout::sampler_test
