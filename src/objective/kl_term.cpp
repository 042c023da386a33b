#include "objective/kl_term.h"

#include "aha/core/error.h"

namespace aha::objective {

KlEstimator::KlEstimator(const GrpoLossConfig& config) : is_unbiased_(config.use_bias_correction_kl) {
  if (config.kl_estimator == "k1") {
    kind_ = Kind::kK1;
  } else if (config.kl_estimator == "k2") {
    kind_ = Kind::kK2;
  } else if (config.kl_estimator == "k3") {
    kind_ = Kind::kK3;
  } else {
    throw ConfigError("kl_estimator", "`" + config.kl_estimator + "` is none; use k1, k2 or k3");
  }
}

TokenTerm KlEstimator::operator()(double log_ratio, double ratio) const {
  TokenTerm term;
  if (kind_ == Kind::kK1) {
    term = {.value = -log_ratio, .by_logprob = 1.0};
  } else if (kind_ == Kind::kK2) {
    term = {.value = 0.5 * log_ratio * log_ratio, .by_logprob = -log_ratio};
  } else {
    const double bounded = std::min(log_ratio, kMaxExponent);
    const double excess = std::expm1(bounded);  // e^d − 1 without cancellation near d = 0
    term = {.value = excess - bounded, .by_logprob = -excess};
  }
  if (!is_unbiased_) return term;
  return {.value = ratio * term.value, .by_log_ratio = ratio * term.value, .by_logprob = ratio * term.by_logprob};
}

}  // namespace aha::objective
