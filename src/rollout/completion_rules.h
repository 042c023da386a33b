// Where completions end, what text they are and what they must follow: shared by requests that ask alike.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "aha/data/completion.h"
#include "aha/data/tokenizer.h"
#include "aha/rollout/constraint.h"
#include "aha/rollout/sampler.h"
#include "rollout/stop_strings.h"

namespace aha::rollout {

/// What an engine's completions are written in.
struct Language {
  std::shared_ptr<const data::Tokenizer> tokenizer;  // may be null
  int64_t vocab_size = 0;                            // the model's
  std::vector<int32_t> eos_ids;
  std::shared_ptr<const Vocabulary> vocabulary;  // of both, for guides
};

/// Thread-safe.
class CompletionRules {
 public:
  /// @throws ConfigError, InputError for options out of range or at odds with each other
  CompletionRules(SamplingParams params, const Language& language);
  const SamplingParams& params() const { return params_; }
  /// Null where completions are free.
  std::unique_ptr<Constraint> start_constraint() const { return guide_.start(); }
  /// Appends a token and sets finish_reason. @return true if it is the last
  bool append(data::Completion& completion, const SampledToken& token, Constraint* constraint) const;
  /// What the tokens read, without an end token or a stop string.
  std::string text(const data::Completion& completion) const;

 private:
  bool is_eos(int32_t token) const;
  const SamplingParams params_;
  const Language language_;
  const StopStrings stop_strings_;
  const Guide guide_;
};

/// @throws ConfigError
void check_sampling(const SamplingParams& params, int64_t vocab_size);

}  // namespace aha::rollout
