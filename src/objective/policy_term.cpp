#include "objective/policy_term.h"

#include <limits>

#include "aha/core/error.h"

namespace aha::objective {
namespace {

constexpr double kCispoBound = 5.0;  // ScaleRL's

}  // namespace

double upper_bound(const GrpoLossConfig& config) {
  if (config.loss_type == "cispo") return config.epsilon_high.value_or(kCispoBound);
  return 1.0 + config.epsilon_high.value_or(config.epsilon);
}

PolicyLoss::PolicyLoss(const GrpoLossConfig& config)
    : low_(1.0 - config.epsilon),
      high_(upper_bound(config)),
      delta_(config.delta.value_or(std::numeric_limits<double>::infinity())),
      temperature_pos_(config.sapo_temperature_pos),
      temperature_neg_(config.sapo_temperature_neg) {
  const std::string& type = config.loss_type;
  if (type == "cispo") {
    kind_ = Kind::kCispo;
  } else if (type == "sapo") {
    kind_ = Kind::kSapo;
  } else if (type == "grpo" || type == "bnpo" || type == "dr_grpo" || type == "dapo") {
    kind_ = Kind::kClip;
  } else {
    throw ConfigError("loss_type", "`" + type + "` is none; use grpo, bnpo, dr_grpo, dapo, cispo or sapo");
  }
}

PolicyTerm PolicyLoss::operator()(double ratio, double advantage, double logprob) const {
  if (kind_ == Kind::kCispo) return weighted(ratio, advantage, logprob);
  if (kind_ == Kind::kSapo) return gated(ratio, advantage);
  return clipped(ratio, advantage);
}

PolicyTerm PolicyLoss::clipped(double ratio, double advantage) const {
  PolicyTerm term;
  const double free = std::min(ratio, delta_) * advantage;
  const double bound = std::clamp(ratio, low_, high_) * advantage;
  term.value = -std::min(free, bound);
  const bool is_flat = free <= bound ? ratio > delta_ : ratio < low_ || ratio > high_;
  term.by_log_ratio = is_flat ? 0.0 : -ratio * advantage;
  term.is_clipped_low = advantage < 0 && ratio < low_;
  term.is_clipped_high = advantage > 0 && ratio > high_;
  return term;
}

PolicyTerm PolicyLoss::weighted(double ratio, double advantage, double logprob) const {
  PolicyTerm term;
  term.by_logprob = -std::min(ratio, high_) * advantage;
  term.value = term.by_logprob * logprob;
  term.is_weight_clipped = advantage > 0 && ratio > high_;
  return term;
}

PolicyTerm PolicyLoss::gated(double ratio, double advantage) const {
  PolicyTerm term;
  const double temperature = advantage > 0 ? temperature_pos_ : temperature_neg_;
  const double gate = 1.0 / (1.0 + std::exp(-temperature * (ratio - 1.0)));
  term.value = -4.0 / temperature * gate * advantage;
  term.by_log_ratio = -4.0 * gate * (1.0 - gate) * ratio * advantage;
  return term;
}

}  // namespace aha::objective
