// From logits to a token: temperature, min-p, top-k, top-p, one counted uniform.
#pragma once
#include <cstdint>
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
  std::vector<std::string> stop;  // strings that end a completion; the text before them is kept

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
  }
};

struct SampledToken {
  int32_t token;
  float logprob;         // nats, in the filtered, tempered distribution it was drawn from
  float policy_logprob;  // nats, in softmax(logits)
};

/// Draws by inverse distribution function: the smallest token id (in order of id) whose cumulated probability exceeds
/// `uniform`. Filters apply in the order temperature, top-k, top-p, min-p (as transformers' warpers do).
class Sampler {
 public:
  explicit Sampler(int64_t vocab_size);
  int64_t vocab_size() const { return static_cast<int64_t>(probabilities_.size()); }
  /// @param logits [vocab_size] · uniform in [0, 1). @throws Error for logits that are not finite
  SampledToken sample(const float* logits, const SamplingParams& params, double uniform);

 private:
  static float checked(float logsumexp);
  int32_t draw(double threshold) const;
  double filter(const SamplingParams& params);  // zeroes what is dropped; returns the mass that stays
  void keep_top_k(int64_t top_k);
  void keep_top_p(double top_p);
  void keep_min_p(double min_p);
  std::vector<float> probabilities_;
  std::vector<int32_t> order_;
};

}  // namespace aha::rollout
