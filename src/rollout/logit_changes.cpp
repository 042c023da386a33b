// Penalty, bans and masks on a copy of the logits.
#include "rollout/logit_changes.h"

#include <algorithm>
#include <limits>

#include "aha/core/error.h"
#include "aha/rollout/constraint.h"

namespace aha::rollout {

namespace {

constexpr float kNever = -std::numeric_limits<float>::infinity();

}  // namespace

LogitChanges::LogitChanges(int64_t vocab_size) : logits_(vocab_size), allowed_(vocab_size), seen_in_(vocab_size) {}

const float* LogitChanges::apply(const float* logits, const SamplingParams& params, const DrawContext& context) {
  const bool has_penalty = params.repetition_penalty != 1;
  if (!has_penalty && params.bad_token_ids.empty() && !context.constraint) return logits;
  std::copy_n(logits, logits_.size(), logits_.data());
  if (has_penalty) {
    if (++row_number_ == 0) std::fill(seen_in_.begin(), seen_in_.end(), row_number_++);
    const float penalty = static_cast<float>(params.repetition_penalty);
    penalize(context.prompt, penalty);
    penalize(context.completion, penalty);
  }
  ban(params.bad_token_ids);
  if (context.constraint) constrain(*context.constraint);
  return logits_.data();
}

void LogitChanges::penalize(std::span<const int32_t> tokens, float penalty) {
  for (const int32_t token : tokens) {
    if (seen_in_[token] == row_number_) continue;
    seen_in_[token] = row_number_;
    float& logit = logits_[token];
    logit = logit < 0 ? logit * penalty : logit / penalty;
  }
}

void LogitChanges::ban(const std::vector<int64_t>& tokens) {
  for (const int64_t token : tokens) {
    AHA_CHECK(token >= 0 && token < std::ssize(logits_), "bad_token_ids has an id outside the vocabulary");
    logits_[token] = kNever;
  }
}

void LogitChanges::constrain(Constraint& constraint) {
  constraint.allow(allowed_);
  for (size_t i = 0; i < logits_.size(); ++i) logits_[i] = allowed_[i] ? logits_[i] : kNever;
}

}  // namespace aha::rollout
