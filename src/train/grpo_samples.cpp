#include "train/grpo_samples.h"

#include <ATen/ops/empty.h>

#include <algorithm>
#include <map>
#include <numeric>

#include "aha/core/error.h"
#include "aha/core/random.h"
#include "train/micro_batches.h"

namespace aha::train {
namespace {

// Whether more than the temperature stands between the policy and what is drawn.
bool is_altered(const rollout::SamplingParams& sampling) {
  const bool is_filtered = sampling.top_p < 1.0 || sampling.top_k > 0 || sampling.min_p > 0.0;
  const bool is_penalised = sampling.repetition_penalty != 1.0 || !sampling.bad_token_ids.empty();
  return is_filtered || is_penalised || !sampling.guided_choice.empty() || sampling.guided_json;
}

std::vector<double> sampler_logprobs(const data::Completion& completion, const rollout::SamplingParams& sampling) {
  if (needs_rescoring(sampling)) return {};
  const auto& logprobs = sampling.temperature == 1.0 ? completion.policy_logprobs : completion.logprobs;
  AHA_CHECK(logprobs.size() == completion.token_ids.size(), "a completion has one log-prob for each token");
  return {logprobs.begin(), logprobs.end()};
}

void set_weights(const std::vector<GrpoSample*>& minibatch, const GrpoConfig& config) {
  if (minibatch.empty()) return;
  std::vector<int64_t> lengths;
  for (const GrpoSample* sample : minibatch) lengths.push_back(std::ssize(sample->completion->token_ids));
  const auto weights =
      objective::sequence_weights(config.loss.loss_type, lengths, config.sampling.max_completion_length);
  for (size_t i = 0; i < minibatch.size(); ++i) minibatch[i]->weight = weights[i];
}

int64_t num_completion_tokens(const std::vector<GrpoSample*>& samples) {
  return std::accumulate(samples.begin(), samples.end(), int64_t{0}, [](int64_t sum, const GrpoSample* sample) {
    return sum + std::ssize(sample->completion->token_ids);
  });
}

std::vector<PromptGroup> prompt_groups(const std::vector<GrpoSample*>& samples) {
  std::vector<PromptGroup> groups;
  std::map<const data::Prompt*, size_t> place;
  for (size_t i = 0; i < samples.size(); ++i) {
    const data::Prompt* prompt = samples[i]->prompt;
    const auto [group, is_new] = place.try_emplace(prompt, groups.size());
    if (is_new) groups.push_back({std::ssize(prompt->token_ids), {}});
    groups[group->second].sequences.push_back(static_cast<int64_t>(i));
  }
  return groups;
}

/// What the model reads, as PackedTokens, and which sequence is a sample's own.
struct SampleSequences {
  std::vector<std::vector<int32_t>> inputs = {};
  std::vector<int64_t> prefix = {};
  std::vector<size_t> place = {};
};

SampleSequences sequences_of(const std::vector<GrpoSample*>& samples, bool shared_prompt) {
  SampleSequences sequences;
  auto& [inputs, prefix, place] = sequences;
  std::map<const data::Prompt*, int64_t> prompts;
  for (const GrpoSample* sample : samples) {
    const auto& prompt = sample->prompt->token_ids;
    const auto& completion = sample->completion->token_ids;
    if (shared_prompt && prompts.try_emplace(sample->prompt, std::ssize(inputs)).second) {
      inputs.push_back(prompt);
      prefix.push_back(-1);
    }
    if (shared_prompt) prefix.push_back(prompts.at(sample->prompt));
    place.push_back(inputs.size());
    std::vector<int32_t>& input = inputs.emplace_back(shared_prompt ? std::vector<int32_t>() : prompt);
    input.insert(input.end(), completion.begin(), completion.end() - 1);
  }
  return sequences;
}

model::PackedTokens pack_sequences(SampleSequences sequences) {
  std::vector<const std::vector<int32_t>*> pointers;
  for (const auto& input : sequences.inputs) pointers.push_back(&input);
  model::PackedTokens tokens = model::pack_tokens(pointers);
  tokens.prefix = std::move(sequences.prefix);
  return tokens;
}

}  // namespace

int64_t GrpoSample::num_inputs() const { return std::ssize(prompt->token_ids) + std::ssize(completion->token_ids) - 1; }

bool needs_rescoring(const rollout::SamplingParams& sampling) {
  return sampling.temperature != 1.0 && is_altered(sampling);
}

std::vector<GrpoSample> make_samples(const data::CompletionBatch& batch, const reward::BatchScores& scores,
                                     const GrpoConfig& config) {
  std::vector<GrpoSample> samples;
  for (size_t i = 0; i < batch.completions.size(); ++i) {
    const data::Completion& completion = batch.completions[i];
    if (!scores.total[i] || completion.token_ids.empty()) continue;
    samples.push_back({.completion = &completion,
                       .prompt = &batch.prompts[static_cast<size_t>(completion.prompt_index)],
                       .sampler_logprobs = sampler_logprobs(completion, config.sampling)});
  }
  return samples;
}

void leave_out_truncated(std::vector<GrpoSample>& samples) {
  std::erase_if(samples, [](const GrpoSample& sample) {
    return sample.completion->finish_reason == data::FinishReason::kLength;
  });
}

void set_advantages(std::vector<GrpoSample>& samples, const data::CompletionBatch& batch,
                    const std::vector<double>& advantages) {
  for (GrpoSample& sample : samples) {
    sample.advantage = advantages.at(static_cast<size_t>(sample.completion - batch.completions.data()));
  }
}

std::vector<std::vector<GrpoSample*>> make_minibatches(std::vector<GrpoSample>& samples, int64_t num_prompts,
                                                       const GrpoConfig& config, Random random) {
  std::vector<int64_t> place(static_cast<size_t>(num_prompts));  // of a prompt in the drawn order
  std::iota(place.begin(), place.end(), 0);
  if (config.num_minibatches > 1) random.shuffle(place);
  std::vector<std::vector<GrpoSample*>> minibatches(static_cast<size_t>(config.num_minibatches));
  for (GrpoSample& sample : samples) {
    const int64_t prompt = place[static_cast<size_t>(sample.completion->prompt_index)];
    minibatches[static_cast<size_t>(prompt * config.num_minibatches / num_prompts)].push_back(&sample);
  }
  for (const auto& minibatch : minibatches) set_weights(minibatch, config);
  return minibatches;
}

std::vector<std::vector<GrpoSample*>> cut_samples(const std::vector<GrpoSample*>& samples,
                                                  int64_t tokens_per_micro_batch, bool shared_prompt) {
  std::vector<int64_t> lengths;
  for (const GrpoSample* sample : samples) {
    lengths.push_back(shared_prompt ? std::ssize(sample->completion->token_ids) - 1 : sample->num_inputs());
  }
  std::vector<std::vector<GrpoSample*>> batches;
  for (const auto& batch : shared_prompt ? micro_batches(prompt_groups(samples), lengths, tokens_per_micro_batch)
                                         : micro_batches(lengths, tokens_per_micro_batch)) {
    auto& together = batches.emplace_back();
    for (const int64_t index : batch) together.push_back(samples[static_cast<size_t>(index)]);
  }
  return batches;
}

SampleTokens pack_samples(const std::vector<GrpoSample*>& samples, bool shared_prompt) {
  SampleSequences sequences = sequences_of(samples, shared_prompt);
  const std::vector<size_t> place = std::move(sequences.place);
  SampleTokens packed{.tokens = pack_sequences(std::move(sequences))};
  const auto& [token_T, offsets, prefix] = packed.tokens;

  const int64_t num_tokens = num_completion_tokens(samples);
  packed.row_T = at::empty({num_tokens}, at::kLong);
  packed.target_T = at::empty({num_tokens}, at::kLong);
  int64_t* row = packed.row_T.data_ptr<int64_t>();
  int64_t* target = packed.target_T.data_ptr<int64_t>();
  for (size_t s = 0; s < samples.size(); ++s) {
    const auto& completion = samples[s]->completion->token_ids;
    const int64_t own = offsets[place[s] + 1] - (std::ssize(completion) - 1);  // the row of its first token
    // The last token of the prompt predicts the first of the completion.
    *row = (shared_prompt ? offsets[static_cast<size_t>(prefix[place[s]]) + 1] : own) - 1;
    std::iota(row + 1, row + completion.size(), own);
    row += completion.size();
    target = std::copy(completion.begin(), completion.end(), target);
  }
  return packed;
}

std::vector<int64_t> completion_offsets(const std::vector<GrpoSample*>& samples) {
  std::vector<int64_t> offsets = {0};
  for (const GrpoSample* sample : samples)
    offsets.push_back(offsets.back() + std::ssize(sample->completion->token_ids));
  return offsets;
}

at::Tensor per_token(const std::vector<GrpoSample*>& samples, double GrpoSample::*value, at::ScalarType dtype) {
  const at::Tensor values_T = at::empty({num_completion_tokens(samples)}, at::kDouble);
  double* out = values_T.data_ptr<double>();
  for (const GrpoSample* sample : samples) {
    out = std::fill_n(out, sample->completion->token_ids.size(), sample->*value);
  }
  return values_T.to(dtype);
}

at::Tensor per_token(const std::vector<GrpoSample*>& samples, std::vector<double> GrpoSample::*values,
                     at::ScalarType dtype) {
  const at::Tensor values_T = at::empty({num_completion_tokens(samples)}, at::kDouble);
  double* out = values_T.data_ptr<double>();
  for (const GrpoSample* sample : samples) {
    AHA_CHECK((sample->*values).size() == sample->completion->token_ids.size(), "one value for each completion token");
    out = std::copy((sample->*values).begin(), (sample->*values).end(), out);
  }
  return values_T.to(dtype);
}

}  // namespace aha::train
