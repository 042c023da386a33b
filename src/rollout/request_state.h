// A request on its way: its prompt, and the completions that are still being written.
#pragma once
#include <memory>
#include <vector>

#include "aha/core/random.h"
#include "aha/rollout/engine.h"
#include "rollout/completion_rules.h"

namespace aha::rollout {

/// What is written beside the tokens of a run.
struct Recording {
  int32_t policy_version = 0;
  int64_t routing_bytes = 0;  // a token; 0: not recorded
};

struct RequestState;

/// A completion being written. Between steps its last token has not been through the model yet.
struct Sample {
  Sample(RequestState& request, data::Completion& completion, const Recording& recording);
  Sample(Sample&&) = default;
  int64_t num_tokens() const { return std::ssize(completion.token_ids); }
  int64_t num_written() const { return num_tokens() - num_begun; }  ///< in this run
  /// Draws its next token from a row of logits. @return true if it is the last
  bool draw(Sampler& sampler, const float* logits);
  /// Where the experts of a token go; null where they are known or not wanted.
  uint8_t* experts(int64_t token_index);
  /// Room for the experts of this many tokens.
  void reach_routing(int64_t count);
  /// Writes what belongs beside the tokens, once no more come.
  void close();
  /// Takes the last tokens back, so that `count` of this run stay.
  void cut(int64_t count);

  RequestState& request;
  data::Completion& completion;
  int64_t num_begun;       // tokens of earlier runs
  int64_t num_routed = 0;  // tokens whose experts are known

 private:
  void begin();
  Recording recording_;
  Random random_;
  bool has_begun_ = false;  // in this run
  std::unique_ptr<Constraint> constraint_;
  std::vector<uint8_t> routing_;
};

struct RequestState {
  RequestState(Request request, std::shared_ptr<const CompletionRules> rules, int64_t number);
  RequestState(const RequestState&) = delete;
  /// Opens the samples that are not finished.
  void open(const Recording& recording);
  int64_t prompt_length() const { return std::ssize(prompt.token_ids); }
  int64_t max_completion_length() const { return rules->params().max_completion_length; }
  int64_t num_written() const;  ///< tokens, of all samples in this run
  /// Where the experts of a prompt's token go; null where they are not wanted.
  uint8_t* prompt_experts(int64_t token_index);

  const int64_t number;
  const std::shared_ptr<const CompletionRules> rules;
  const SampleKey key;
  data::Prompt prompt;
  std::vector<data::Completion> completions;  // by sample_index
  std::vector<Sample> samples;                // unfinished when the run began; in order
  std::vector<uint8_t> prompt_routing;
  int64_t rank = -1;  // among the requests that a cut-off counts; -1: not counted
};

}  // namespace aha::rollout
