// Lets the model write completions: continuous batching of groups over a paged cache.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>

#include "aha/data/completion.h"
#include "aha/data/tokenizer.h"
#include "aha/model/model.h"
#include "aha/rollout/sampler.h"

namespace aha::model {
class DecodeWeights;
}

namespace aha::rollout {

struct EngineOptions {
  int64_t cache_bytes = int64_t{256} << 20;  // for all workers together
  int num_threads = 0;                       // 0 = the machine's cores
  int64_t max_rows = 256;                    // tokens that a worker computes in one step, prompts' included
  int64_t max_sequences = 64;                // completions that a worker writes at a time: more fall out of its caches
  std::string dtype = "auto";                // auto (the model's) | float32 | bfloat16: of weights, products and cache
  // Log-probs of the untempered policy have the bits of Model::forward and Model::score: latent attention keeps the
  // keys and values of all heads, several times the cache (other attention does so anyway). For float32.
  bool exact_logprobs = false;
  // Drafts that are checked in the same step as the token before them. A draft stays only if it is the very token that
  // would have been drawn, so that completions do not change by a bit; they only come faster, or slower.
  std::string speculation = "none";  // none | ngram (what followed the last tokens before) | mtp (the model's own head)
  int64_t num_draft_tokens = 4;      // most drafts a step, by ngram; mtp gives one
};

/// Where a sample's random numbers come from. Token t of sample s of the prompt with id p uses draw t of
/// Random(seed, "sample/" + stage, {step, p, s}): nothing else decides it but the weights.
struct SampleKey {
  uint64_t seed = 0;
  std::string stage = "generate";
  uint64_t step = 0;
};

/// A prompt, and what is wanted of it.
struct Request {
  data::Prompt prompt;
  SamplingParams params;
  SampleKey key;
  // Completions of an earlier run, by sample_index: unfinished ones are gone on with, finished ones kept as they are;
  // samples that are not here begin anew. Their keys are those of the run they began in.
  std::vector<data::Completion> begun = {};
};

struct GenerateOptions {
  std::stop_token stop = {};  // asked at every token; throws StoppedError
  // All three are called from one thread at a time, while the other workers go on.
  std::function<void(int64_t done, int64_t total)> progress = {};                               // completions
  std::function<void(int64_t request, const data::Completion& completion)> on_completion = {};  // as each ends
  std::function<void(int64_t request, const data::Completion& completion)> on_token = {};       // after each token
  int32_t policy_version = 0;   // of the weights: written beside each token
  bool record_routing = false;  // of a mixture-of-experts model with at most 256 experts
  // Over-sampling with cut-off; 0 = all. The run ends with the n-th request to be complete, counted in tokens, not in
  // seconds: were all samples written side by side, a token each at a time, it would be complete after t tokens. No
  // completion gets more than t tokens in this run, and those that have not ended by then are kUnfinished. So what is
  // returned does not depend on threads, memory or luck. on_completion and progress hear of a completion once it is
  // certain to stay; on_token also sees tokens that are taken back. Requests that come during the run are not counted:
  // they are answered whole.
  int64_t enough_requests = 0;
};

/// What a request comes to: its completions by sample_index; and, where recorded, the routing of its prompt.
struct Answer {
  std::vector<data::Completion> completions;
  std::vector<uint8_t> prompt_routing;
  bool is_complete() const;  ///< no completion is kUnfinished
};

struct EngineStats {
  int64_t prompt_tokens = 0, completion_tokens = 0;
  double seconds = 0;
  int64_t steps = 0, computed_tokens = 0;  // rows that went through the model, drafts and what was read again included
  int64_t draft_tokens = 0, accepted_draft_tokens = 0;
  int64_t preemptions = 0;       // completions put back for want of memory, to be read again later
  int64_t peak_cache_bytes = 0;  // pages in use at the fullest moment
};

class Engine {
 public:
  /// The tokenizer gives the text of completions; null: ids only. A completion ends at any end id of the tokenizer or
  /// of the model's config.
  Engine(const model::Model& policy, std::shared_ptr<const data::Tokenizer> tokenizer, EngineOptions options = {});
  ~Engine();
  /// Takes the policy's weights as they are now. A trainer calls it after each optimizer step; the constructor does it
  /// once.
  void update_weights();
  /// Lets go of the packed copy of the weights, while they are trained: less memory. The next update_weights(), or else
  /// the next run, packs them again.
  void release_weights();
  /// P·G completions in prompt-major order. @throws InputError for an empty prompt, a token outside the vocabulary, a
  /// prompt that with its completion exceeds the model's context or the cache
  data::CompletionBatch generate(const data::PromptBatch& prompts, const SamplingParams& params, const SampleKey& key,
                                 const GenerateOptions& options = {});
  /// Takes a request; any thread may call it, callbacks of a run() at work too, which then answers it as well.
  /// @return its number: 0, 1, … since the last run() ended
  /// @throws InputError or ConfigError, in one sentence, for what cannot be answered; other requests are unharmed
  int64_t submit(Request request);
  /// Answers all requests, in order of their numbers. @throws StoppedError; the requests are then gone
  std::vector<Answer> run(const GenerateOptions& options = {});
  void clear();                      ///< Forgets requests that no run() has answered; not while one is at work
  const EngineStats& stats() const;  ///< of the last run() or generate()
  const model::DecodeWeights& weights() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace aha::rollout
