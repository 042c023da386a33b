// Ends completions at end tokens, stop strings, ends of constraints and the longest length.
#include "rollout/completion_rules.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "aha/core/error.h"
#include "rollout/option_check.h"

namespace aha::rollout {

namespace {

constexpr int64_t kMostGenerations = 1'000'000;

void check_bad_tokens(const SamplingParams& params, int64_t vocab_size) {
  if (params.bad_token_ids.empty()) return;
  std::vector<bool> is_bad(vocab_size);
  for (const int64_t token : params.bad_token_ids) {
    check(token >= 0 && token < vocab_size, "bad_token_ids",
          fmt::format("has token {}, but the model's vocabulary ends at {}", token, vocab_size - 1));
    is_bad[token] = true;
  }
  check(std::find(is_bad.begin(), is_bad.end(), false) != is_bad.end(), "bad_token_ids",
        "holds the whole vocabulary, so that no token is left to draw");
}

bool is_guided(const SamplingParams& params) { return params.guided_json || !params.guided_choice.empty(); }

const SamplingParams& checked(const SamplingParams& params, int64_t vocab_size) {
  check_sampling(params, vocab_size);
  return params;
}

}  // namespace

// Filters that leave the likeliest token alone (top_p = 0, top_k = 1) and filters beside temperature 0 are no
// contradiction: all of them say "greedy".
void check_sampling(const SamplingParams& params, int64_t vocab_size) {
  check(params.num_generations >= 1, "num_generations", "must be at least 1");
  check(params.num_generations <= kMostGenerations, "num_generations",
        fmt::format("must be at most {}", kMostGenerations));
  check(params.max_completion_length >= 1, "max_completion_length", "must be at least 1");
  check(std::isfinite(params.temperature) && params.temperature >= 0, "temperature", "must be 0 or more");
  check(params.top_p >= 0 && params.top_p <= 1, "top_p", "must be between 0 and 1");
  check(params.top_k >= 0, "top_k", "must be 0 or more");
  check(params.min_p >= 0 && params.min_p <= 1, "min_p", "must be between 0 and 1");
  check(std::isfinite(params.repetition_penalty) && params.repetition_penalty > 0, "repetition_penalty",
        "must be above 0");
  check_bad_tokens(params, vocab_size);
  check(!params.ignore_eos || !is_guided(params), "ignore_eos",
        "contradicts guided_choice and guided_json, which say where a completion ends; leave one of them out");
}

CompletionRules::CompletionRules(SamplingParams params, const Language& language)
    : params_(checked(params, language.vocab_size)),
      language_(language),
      stop_strings_(params_.stop, language_.tokenizer.get()),
      guide_(params_, language_.vocabulary) {}

bool CompletionRules::is_eos(int32_t token) const {
  return std::find(language_.eos_ids.begin(), language_.eos_ids.end(), token) != language_.eos_ids.end();
}

bool CompletionRules::append(data::Completion& completion, const SampledToken& token, Constraint* constraint) const {
  completion.token_ids.push_back(token.token);
  completion.logprobs.push_back(token.logprob);
  completion.policy_logprobs.push_back(token.policy_logprob);
  bool stops = !params_.ignore_eos && is_eos(token.token);
  if (!stops && constraint) {
    constraint->accept(token.token);
    stops = constraint->is_finished();
  }
  stops = stops || stop_strings_.ends(completion.token_ids);
  const bool is_full = std::ssize(completion.token_ids) >= params_.max_completion_length;
  completion.finish_reason = stops     ? data::FinishReason::kStop
                             : is_full ? data::FinishReason::kLength
                                       : data::FinishReason::kUnfinished;
  return stops || is_full;
}

std::string CompletionRules::text(const data::Completion& completion) const {
  if (!language_.tokenizer || completion.token_ids.empty()) return {};
  const bool drops_last = completion.finish_reason == data::FinishReason::kStop && is_eos(completion.token_ids.back());
  const auto end = completion.token_ids.end() - (drops_last ? 1 : 0);
  return stop_strings_.cut(decode_known(*language_.tokenizer, {completion.token_ids.begin(), end}));
}

}  // namespace aha::rollout
