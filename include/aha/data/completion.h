// What the model wrote, as ids, with the probabilities it was drawn with.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "aha/data/example.h"

namespace aha::data {

/// A prompt ready to be completed. `id` keys the random numbers, so it must be stable across batches and runs.
struct Prompt {
  int64_t id = 0;
  Example example;
  std::string text;                // after the template
  std::vector<int32_t> token_ids;  // of `text`
};
using PromptBatch = std::vector<Prompt>;

enum class FinishReason { kStop, kLength, kUnfinished };
const char* finish_reason_name(FinishReason reason);  // "stop" | "length", as in the contracts; "unfinished"

struct Completion {
  int64_t prompt_index = 0;            // into the batch
  int64_t sample_index = 0;            // [0, num_generations)
  std::vector<int32_t> token_ids;      // includes the end token when finish_reason is kStop by an end token
  std::vector<float> logprobs;         // nats, per token, of the distribution it was sampled from
  std::vector<float> policy_logprobs;  // nats, per token, of the untempered, unfiltered policy
  FinishReason finish_reason = FinishReason::kLength;
  std::string text;  // decoded, special tokens kept, end token dropped
  // Which weights each token was drawn with: GenerateOptions::policy_version of the call that drew it.
  std::vector<int32_t> policy_versions;
  // Where recorded: the experts of each token but the last, [tokens - 1, MoE layers, experts a token], best first.
  std::vector<uint8_t> routing;
};

/// Prompt-major: completion p * num_generations + g is sample g of prompt p.
struct CompletionBatch {
  PromptBatch prompts;
  int64_t num_generations = 1;
  std::vector<Completion> completions;
  std::vector<std::vector<uint8_t>> prompt_routing;  // where recorded: per prompt [tokens, MoE layers, experts a token]
};

}  // namespace aha::data
