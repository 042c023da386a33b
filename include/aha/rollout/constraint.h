// What tokens may come next: a choice among strings, a JSON grammar, or a rule of one's own.
#pragma once
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "aha/data/tokenizer.h"
#include "aha/rollout/sampler.h"

namespace aha::rollout {

/// Follows one completion. Not thread-safe.
class Constraint {
 public:
  virtual ~Constraint() = default;
  /// Writes 1 or 0 for every token of the vocabulary; end tokens are allowed where the text may end.
  virtual void allow(std::span<uint8_t> allowed_V) = 0;
  /// An allowed token has been drawn. @throws InputError for one that is not allowed (an earlier run's completion that
  /// does not keep to the rule)
  virtual void accept(int32_t token) = 0;
  /// Nothing may follow: the completion ends without an end token.
  virtual bool is_finished() const = 0;
};

/// The bytes that each token writes, in the order in which guides look them up. One an engine, shared by its guides;
/// made on first use, about 50 ms for 130,000 tokens. Thread-safe.
class Vocabulary {
 public:
  /// @param tokenizer may be null: guides that need it then refuse · vocab_size the model's · eos_ids end a completion
  Vocabulary(std::shared_ptr<const data::Tokenizer> tokenizer, int64_t vocab_size, std::vector<int32_t> eos_ids);
  ~Vocabulary();
  struct Tables;
  /// Null without a tokenizer.
  const Tables* tables() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Makes the constraints of completions. Thread-safe.
///
/// guided_choice: the completion's text is one of the strings, in any tokens. Where one is the start of another, an end
/// token ends it.
/// guided_json: one JSON value (RFC 8259) that other parsers take as well: valid UTF-8, no lone surrogates, 64 levels,
/// 64 digits before and after the point, exponents of two digits, and no more blanks in a row than indentation takes.
/// It ends with the value; a number by itself ends with an end token. A value that is longer than
/// max_completion_length is cut off there, with finish_reason length.
/// Special tokens, and tokens that write nothing, are never allowed.
class Guide {
 public:
  /// For params.guided_choice and params.guided_json; makes nothing where neither is set. Reckons with bad_token_ids.
  /// @throws ConfigError where both are set, without a tokenizer, for an empty or repeated choice, for a choice that
  /// the tokens cannot spell, and for JSON where they lack a character of it
  Guide(const SamplingParams& params, std::shared_ptr<const Vocabulary> vocabulary);
  /// Null where completions are free. What it needs of the guide it keeps.
  std::unique_ptr<Constraint> start() const;

 private:
  struct State;
  std::shared_ptr<const State> state_;
};

}  // namespace aha::rollout
