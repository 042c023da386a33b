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
  double entropy_weight = 0;                    // of those whose mask is 1 in the mean entropy of its minibatch
  std::vector<double> sampler_logprobs = {};    // of the policy that wrote it, under the temperature of training
  std::vector<double> old_logprobs = {};        // of the policy before the step's first update, where they are needed
  std::vector<double> reference_logprobs = {};  // empty without a reference
  std::vector<double> entropies = {};           // of the policy when it was last scored
  std::vector<double> mask = {};                // 1 where the policy's term counts; empty: everywhere
  std::vector<int16_t> routes = {};  // experts to take: [num_inputs(), MoE layers, K], -1 where unknown; empty: own

  int64_t num_inputs() const;  // tokens the model reads: all but the last, which is only predicted
};

/// Completions that were judged and are not empty, without advantages. Sampler log-probs are left empty where
/// needs_rescoring() says that the rollout does not have them.
std::vector<GrpoSample> make_samples(const data::CompletionBatch& batch, const reward::BatchScores& scores,
                                     const GrpoConfig& config);

/// Leaves out those that max_completion_length has cut, for mask_truncated_completions.
void leave_out_truncated(std::vector<GrpoSample>& samples);

/// @param advantages of the batch's completions
void set_advantages(std::vector<GrpoSample>& samples, const data::CompletionBatch& batch,
                    const std::vector<double>& advantages);

/// Training compares policies under its temperature, without what else changed the draw: filters (top-p, top-k,
/// min-p), a repetition penalty, bad tokens, a constraint. A rollout has such log-probs at temperature 1, and at any
/// other where nothing else changed the draw.
bool needs_rescoring(const rollout::SamplingParams& sampling);

/// Whole groups dealt to `num_minibatches` updates in an order drawn from `random`; each sample's weight is set so that
/// the weighted sum over a minibatch is its loss.
std::vector<std::vector<GrpoSample*>> make_minibatches(std::vector<GrpoSample>& samples, int64_t num_prompts,
                                                       const GrpoConfig& config, Random random);

/// Which samples are computed together, in micro-batches of at most `tokens_per_micro_batch` tokens (a longer sample
/// stands alone), shared evenly by workers. With shared_prompt a prompt counts once for all of its samples in a
/// micro-batch, and these stay together where they fit; samples of a group have the same prompt pointer. Depends on the
/// lengths and the order only.
std::vector<std::vector<GrpoSample*>> cut_samples(const std::vector<GrpoSample*>& samples,
                                                  int64_t tokens_per_micro_batch, bool shared_prompt);

/// What the model reads of some samples, which rows of its hidden states predict completion tokens, and which.
struct SampleTokens {
  model::PackedTokens tokens;
  // Completion tokens of the samples in their order. With shared_prompt the last row of a prompt stands in row_T once
  // for each of its samples: ops::embedding(hidden_TD, row_T) reads them, and sums gradients of such rows in order.
  at::Tensor row_T = {}, target_T = {};
};
/// With shared_prompt each prompt is one sequence, before the first of its samples, which go on from it; else every
/// sample is a sequence with a prompt of its own.
SampleTokens pack_samples(const std::vector<GrpoSample*>& samples, bool shared_prompt = false);

/// [samples + 1]: where each one's completion tokens begin in the order of pack_samples.
std::vector<int64_t> completion_offsets(const std::vector<GrpoSample*>& samples);

/// One value for each completion token of the samples, in the order of pack_samples.
at::Tensor per_token(const std::vector<GrpoSample*>& samples, double GrpoSample::*value, at::ScalarType dtype);
at::Tensor per_token(const std::vector<GrpoSample*>& samples, std::vector<double> GrpoSample::*values,
                     at::ScalarType dtype);

}  // namespace aha::train
