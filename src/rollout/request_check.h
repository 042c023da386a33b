// Whether a request can be answered.
#pragma once
#include <string>

#include "aha/model/config.h"
#include "aha/rollout/engine.h"
#include "rollout/completion_rules.h"

namespace aha::rollout {

/// What there is to answer requests with.
struct Means {
  const model::ModelConfig& config;
  int64_t num_pages, page_bytes;  // of the cache
  int64_t shared_end = 0;         // tokens at a prompt's end that samples do not share
};

/// Pages that a prompt and one completion hold at most. The last token is never computed.
int64_t pages_for_one(int64_t prompt_tokens, int64_t max_completion_length, int64_t shared_end = 0);

/// @param place what errors are said of, "prompt 3"
/// @throws InputError
void check_prompt(const data::Prompt& prompt, const SamplingParams& params, const Means& means,
                  const std::string& place);
void check_begun(const Request& request, const Means& means, const CompletionRules& rules, const std::string& place);

}  // namespace aha::rollout
