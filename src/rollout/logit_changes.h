// What is done to logits before a draw: repetition penalty, tokens never drawn, constraint.
#pragma once
#include <cstdint>
#include <vector>

#include "aha/rollout/sampler.h"

namespace aha::rollout {

/// In transformers' order: first the penalty, on tokens of prompt and completion, once each (a positive logit is
/// divided, a negative one multiplied); then -inf for what may not be drawn. Allocates in the constructor alone.
class LogitChanges {
 public:
  explicit LogitChanges(int64_t vocab_size);
  /// The row as it is where nothing changes it, else a changed copy, valid until the next call.
  const float* apply(const float* logits, const SamplingParams& params, const DrawContext& context);

 private:
  void penalize(std::span<const int32_t> tokens, float penalty);
  void ban(const std::vector<int64_t>& tokens);
  void constrain(Constraint& constraint);
  std::vector<float> logits_;
  std::vector<uint8_t> allowed_;
  std::vector<uint32_t> seen_in_;  // the number of the row in which a token was penalized last
  uint32_t row_number_ = 0;
};

}  // namespace aha::rollout
