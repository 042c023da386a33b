// The policy's term of a token's loss: the formulas of grpo_loss(), by loss_type.
#pragma once
#include "aha/objective/grpo_loss.h"
#include "objective/token_term.h"

namespace aha::objective {

struct PolicyTerm : TokenTerm {
  bool is_clipped_low = false, is_clipped_high = false;  // a bound of the ratio holds where it matters
  bool is_weight_clipped = false;                        // cispo
};

class PolicyLoss {
 public:
  /// @throws ConfigError for an unknown loss_type
  explicit PolicyLoss(const GrpoLossConfig& config);
  PolicyTerm operator()(double ratio, double advantage, double logprob) const;

 private:
  enum class Kind { kClip, kCispo, kSapo };
  PolicyTerm clipped(double ratio, double advantage) const;
  PolicyTerm weighted(double ratio, double advantage, double logprob) const;
  PolicyTerm gated(double ratio, double advantage) const;

  Kind kind_;
  double low_, high_;  // of the ratio; cispo: of the weight
  double delta_;
  double temperature_pos_, temperature_neg_;
};

/// 1 + ε_high, or what absent keys stand for; cispo: the largest weight.
double upper_bound(const GrpoLossConfig& config);

}  // namespace aha::objective
