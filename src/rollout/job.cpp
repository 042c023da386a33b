// Shares a batch among workers and turns finished tokens into completions.
#include "rollout/job.h"

#include <algorithm>

#include "aha/core/error.h"

namespace aha::rollout {

namespace {

constexpr int64_t kReservedTokens = 1024;  // of a completion, so that few grow while they are written

}  // namespace

Job::Job(data::CompletionBatch& batch, Request request, int num_workers, int64_t max_sequences)
    : batch_(batch), request_(std::move(request)), stop_strings_(request_.params.stop, request_.tokenizer) {
  const int64_t num_prompts = static_cast<int64_t>(batch_.prompts.size());
  const int64_t total = num_prompts * batch_.num_generations;
  batch_.completions.resize(total);
  for (int64_t i = 0; i < total; ++i) {
    data::Completion& completion = batch_.completions[i];
    completion.prompt_index = i / batch_.num_generations;
    completion.sample_index = i % batch_.num_generations;
    const int64_t reserved = std::min(request_.params.max_completion_length, kReservedTokens);
    completion.token_ids.reserve(reserved);
    completion.logprobs.reserve(reserved);
    completion.policy_logprobs.reserve(reserved);
  }
  const int64_t share = (total + num_workers - 1) / num_workers;
  sequences_per_worker_ = std::min(max_sequences, std::max<int64_t>(share, 1));
  cut_groups(share <= max_sequences ? num_workers : 0);
}

// Whole groups; where all sequences run at once, also cut at the workers' shares, which then are even.
void Job::cut_groups(int num_workers) {
  for (int64_t p = 0; p < static_cast<int64_t>(batch_.prompts.size()); ++p) {
    for (int64_t s = 0; s < batch_.num_generations;) {
      int64_t count = batch_.num_generations - s;
      if (num_workers > 0) {
        const int64_t used = (p * batch_.num_generations + s) % sequences_per_worker_;
        count = std::min(count, sequences_per_worker_ - used);
      }
      groups_.push_back({p, s, count});
      s += count;
    }
  }
}

Random Job::random(const data::Completion& completion) const {
  const uint64_t prompt_id = static_cast<uint64_t>(batch_.prompts[completion.prompt_index].id);
  return Random(request_.key.seed, "sample/" + request_.key.stage,
                {request_.key.step, prompt_id, static_cast<uint64_t>(completion.sample_index)});
}

bool Job::is_eos(int32_t token) const {
  return std::find(request_.eos_ids.begin(), request_.eos_ids.end(), token) != request_.eos_ids.end();
}

bool Job::append(data::Completion& completion, const SampledToken& token) const {
  completion.token_ids.push_back(token.token);
  completion.logprobs.push_back(token.logprob);
  completion.policy_logprobs.push_back(token.policy_logprob);
  const bool stops = (!request_.params.ignore_eos && is_eos(token.token)) || stop_strings_.ends(completion.token_ids);
  completion.finish_reason = stops ? data::FinishReason::kStop : data::FinishReason::kLength;
  return stops || static_cast<int64_t>(completion.token_ids.size()) == request_.params.max_completion_length;
}

void Job::finish(data::Completion& completion) {
  if (request_.tokenizer) {
    const bool drops_last =
        completion.finish_reason == data::FinishReason::kStop && is_eos(completion.token_ids.back());
    const auto end = completion.token_ids.end() - (drops_last ? 1 : 0);
    completion.text = stop_strings_.cut(decode_known(*request_.tokenizer, {completion.token_ids.begin(), end}));
  }
  const std::lock_guard lock(progress_mutex_);
  ++num_done_;
  if (request_.options.progress) {
    request_.options.progress(num_done_, static_cast<int64_t>(batch_.completions.size()));
  }
}

void Job::check_stop() const {
  if (request_.options.stop.stop_requested()) throw StoppedError("generation stopped as asked");
}

}  // namespace aha::rollout
