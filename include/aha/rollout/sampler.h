// From logits to a token: penalty, masks, temperature, top-k, top-p, min-p, one counted uniform.
#pragma once
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "aha/core/config_fields.h"
#include "aha/core/random.h"

namespace aha::rollout {

struct SamplingParams {
  int64_t num_generations = 1;
  int64_t max_completion_length = 256;
  double temperature = 1.0;  // 0 = greedy
  double top_p = 1.0;
  int64_t top_k = 0;  // 0 = off
  double min_p = 0.0;
  bool ignore_eos = false;
  std::vector<std::string> stop = {};           // strings that end a completion; the text before them is kept
  double repetition_penalty = 1.0;              // > 1: tokens of prompt and completion become less likely
  std::vector<int64_t> bad_token_ids = {};      // never drawn
  std::vector<std::string> guided_choice = {};  // the completion is one of these
  bool guided_json = false;                     // the completion is one JSON value

  bool operator==(const SamplingParams&) const = default;
  template <class Fields>
  void visit(Fields& field) {
    field("num_generations", num_generations, "completions a prompt (G)", at_least(1));
    field("max_completion_length", max_completion_length, "most tokens of a completion", at_least(1));
    field("temperature", temperature, "divides the logits; 0 takes the likeliest token", at_least(0));
    field("top_p", top_p, "keeps the likeliest tokens up to this probability", between(0, 1));
    field("top_k", top_k, "keeps this many of the likeliest tokens; 0 keeps all", at_least(0));
    field("min_p", min_p, "drops tokens below this share of the likeliest one's probability", between(0, 1));
    field("ignore_eos", ignore_eos, "goes on to max_completion_length, for benchmarks");
    field("stop", stop, "strings that end a completion");
    field("repetition_penalty", repetition_penalty, "divides the logits of tokens that have been there; 1 is off",
          above(0));
    field("bad_token_ids", bad_token_ids, "tokens that are never drawn");
    field("guided_choice", guided_choice, "the completion is one of these strings");
    field("guided_json", guided_json, "the completion is one JSON value");
  }
};

struct SampledToken {
  int32_t token;
  float logprob;         // nats, in the filtered, tempered distribution it was drawn from
  float policy_logprob;  // nats, in softmax(logits)
};

class Constraint;

/// What came before, and what may come, where that matters.
struct DrawContext {
  std::span<const int32_t> prompt = {}, completion = {};  // for repetition_penalty
  Constraint* constraint = nullptr;
};

/// Draws by inverse distribution function: the smallest token id (in order of id) whose cumulated probability exceeds
/// `uniform`. As in transformers, the repetition penalty comes first, then bad_token_ids and the constraint, then
/// temperature, top-k, top-p, min-p. Allocates in the constructor alone.
class Sampler {
 public:
  explicit Sampler(int64_t vocab_size);
  ~Sampler();
  int64_t vocab_size() const;
  /// Asks the context's constraint what is allowed; the caller tells it what was drawn.
  /// @param logits [vocab_size] · uniform in [0, 1). @throws Error for logits that are not finite; InputError where
  /// nothing may be drawn
  SampledToken sample(const float* logits, const SamplingParams& params, double uniform,
                      const DrawContext& context = {});

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace aha::rollout
