// KL(policy || reference) of a token: the estimators of grpo_loss().
#pragma once
#include "aha/objective/grpo_loss.h"
#include "objective/token_term.h"

namespace aha::objective {

class KlEstimator {
 public:
  /// @throws ConfigError for an unknown kl_estimator
  explicit KlEstimator(const GrpoLossConfig& config);
  /// @param log_ratio reference − policy @param ratio ρ, which multiplies the unbiased estimate
  TokenTerm operator()(double log_ratio, double ratio) const;

 private:
  enum class Kind { kK1, kK2, kK3 };
  Kind kind_;
  bool is_unbiased_;
};

}  // namespace aha::objective
