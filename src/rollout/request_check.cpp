// Refuses prompts and half-written completions that the model or the cache cannot take.
#include "rollout/request_check.h"

#include <fmt/format.h>

#include <algorithm>

#include "aha/core/error.h"
#include "rollout/pages.h"

namespace aha::rollout {

namespace {

void check_tokens(const std::vector<int32_t>& token_ids, int64_t vocab_size, const std::string& place) {
  for (const int32_t token : token_ids) {
    if (token >= 0 && token < vocab_size) continue;
    throw InputError(place, fmt::format("has token {}, but the model's vocabulary ends at {}; use its own tokenizer",
                                        token, vocab_size - 1));
  }
}

void check_completion(const data::Completion& completion, const SamplingParams& params, const std::string& place) {
  const size_t length = completion.token_ids.size();
  if (completion.logprobs.size() != length || completion.policy_logprobs.size() != length ||
      completion.policy_versions.size() != length) {
    throw InputError(place, "lacks the log-probability or the policy version of a token; hand it over as it came");
  }
  if (completion.finish_reason == data::FinishReason::kUnfinished &&
      static_cast<int64_t>(length) >= params.max_completion_length) {
    throw InputError(place, fmt::format("has {} tokens and is to go on, but max_completion_length is {}; raise it",
                                        length, params.max_completion_length));
  }
  if (completion.finish_reason != data::FinishReason::kUnfinished && length == 0) {
    throw InputError(place, "is finished without a token; leave it out to have it written");
  }
}

/// [tokens - 1, bytes], or nothing.
void check_routing(const data::Completion& completion, int64_t bytes, const std::string& place) {
  const int64_t num_routed = std::max<int64_t>(std::ssize(completion.token_ids) - 1, 0);
  if (completion.routing.empty() || std::ssize(completion.routing) == num_routed * bytes) return;
  throw InputError(place, fmt::format("has {} bytes of routing, but this model records {} for its tokens",
                                      completion.routing.size(), num_routed * bytes));
}

/// What is to go on must have followed its constraint so far.
void check_constraint(const data::Completion& completion, const CompletionRules& rules, const std::string& place) {
  const std::unique_ptr<Constraint> constraint = rules.start_constraint();
  if (!constraint || completion.finish_reason != data::FinishReason::kUnfinished) return;
  for (const int32_t token : completion.token_ids) {
    constraint->accept(token);
    if (constraint->is_finished()) throw InputError(place, "is to go on, but what it is to be has come to an end");
  }
}

}  // namespace

int64_t pages_for_one(int64_t prompt_tokens, int64_t max_completion_length, int64_t shared_end) {
  const int64_t shared = prompt_tokens - shared_end;
  return pages_of(shared) + pages_of(prompt_tokens + max_completion_length - 1) - shared / model::kPageTokens;
}

void check_prompt(const data::Prompt& prompt, const SamplingParams& params, const Means& means,
                  const std::string& place) {
  const int64_t length = std::ssize(prompt.token_ids);
  const int64_t context = means.config.max_position_embeddings;
  if (length == 0) throw InputError(place, "is empty; the model needs at least one token to go on from");
  check_tokens(prompt.token_ids, means.config.vocab_size, place);
  if (params.max_completion_length > context - length) {
    throw InputError(place, fmt::format("has {} tokens, and with max_completion_length = {} exceeds the model's "
                                        "context of {}; shorten one of them",
                                        length, params.max_completion_length, context));
  }
  const int64_t needed = pages_for_one(length, params.max_completion_length, means.shared_end);
  if (needed > means.num_pages) {
    const auto megabytes = [&](int64_t pages) { return static_cast<double>(pages * means.page_bytes) / 1e6; };
    throw InputError(place, fmt::format("with max_completion_length = {} takes {:.1f} MB of cache, but there are "
                                        "{:.1f}; raise cache_bytes or shorten it",
                                        params.max_completion_length, megabytes(needed), megabytes(means.num_pages)));
  }
}

void check_begun(const Request& request, const Means& means, const CompletionRules& rules, const std::string& place) {
  std::vector<bool> is_there(request.params.num_generations);
  for (const data::Completion& completion : request.begun) {
    const int64_t index = completion.sample_index;
    if (index < 0 || index >= request.params.num_generations) {
      throw InputError(place, fmt::format("has a begun completion with sample_index = {}, but num_generations is {}",
                                          index, request.params.num_generations));
    }
    const std::string sample = fmt::format("{}, sample {}", place, index);
    if (is_there[index]) throw InputError(sample, "is begun twice; hand over one of them");
    is_there[index] = true;
    check_tokens(completion.token_ids, means.config.vocab_size, sample);
    check_completion(completion, request.params, sample);
    check_routing(completion, routing_bytes(means.config), sample);
    check_constraint(completion, rules, sample);
  }
}

}  // namespace aha::rollout
