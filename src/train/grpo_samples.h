// The completions of a step as a trainer sees them: what each token was sampled with and what it weighs.
#pragma once
#include <ATen/core/Tensor.h>

#include <string>
#include <vector>

#include "aha/data/completion.h"
#include "aha/model/model.h"
#include "aha/train/grpo_trainer.h"

namespace aha::train {

struct GrpoSample {
  const data::Completion* completion = nullptr;
  const data::Prompt* prompt = nullptr;
  double advantage = 0;
  double weight = 0;                            // of each of its tokens in the loss of its minibatch
  std::vector<double> sampler_logprobs = {};    // of the policy that wrote it, under the temperature of training
  std::vector<double> reference_logprobs = {};  // empty without a reference

  int64_t num_inputs() const;  // tokens the model reads: all but the last, which is only predicted
};

/// Completions that teach: judged ones, without empty ones and, if asked, without truncated ones.
/// Sampler log-probs are left empty where needs_rescoring() says that the rollout does not have them.
std::vector<GrpoSample> make_samples(const data::CompletionBatch& batch, const reward::BatchScores& scores,
                                     const std::vector<double>& advantages, const GrpoConfig& config);

/// Training compares policies under its temperature, without what else changed the draw: filters (top-p, top-k,
/// min-p), a repetition penalty, bad tokens, a constraint. A rollout has such log-probs at temperature 1, and at any
/// other where nothing else changed the draw.
bool needs_rescoring(const rollout::SamplingParams& sampling);

/// Whole groups dealt to `num_minibatches` updates in an order drawn from `random`; each sample's weight is set so that
/// the weighted sum over a minibatch is its loss.
std::vector<std::vector<GrpoSample*>> make_minibatches(std::vector<GrpoSample>& samples, int64_t num_prompts,
                                                       const GrpoConfig& config, Random random);

/// What the model reads of some samples, which rows of its hidden states predict completion tokens, and which.
struct SampleTokens {
  model::PackedTokens tokens;
  at::Tensor row_T = {}, target_T = {};
};
SampleTokens pack_samples(const std::vector<GrpoSample*>& samples);

/// One value for each completion token of the samples, in the order of pack_samples.
at::Tensor per_token(const std::vector<GrpoSample*>& samples, double GrpoSample::*value, at::ScalarType dtype);
at::Tensor per_token(const std::vector<GrpoSample*>& samples, std::vector<double> GrpoSample::*values,
                     at::ScalarType dtype);

}  // namespace aha::train
