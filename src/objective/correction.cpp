#include "objective/correction.h"

#include <algorithm>

#include "aha/core/error.h"
#include "objective/token_term.h"

namespace aha::objective {

Correction::Correction(const GrpoLossConfig& config)
    : is_on_(config.importance_sampling_mode != "none"),
      low_(config.importance_sampling_clip_min.value_or(0.0)),
      high_(config.importance_sampling_clip_max) {
  const std::string& mode = config.importance_sampling_mode;
  is_per_sequence_ = mode == "sequence_truncate" || mode == "sequence_mask";
  is_mask_ = mode == "token_mask" || mode == "sequence_mask";
  if (is_on_ && !is_per_sequence_ && !is_mask_ && mode != "token_truncate") {
    throw ConfigError("importance_sampling_mode", "`" + mode + "` is none; use none, token_truncate, token_mask, " +
                                                      "sequence_truncate or sequence_mask");
  }
}

double Correction::weight(double log_weight) const {
  if (!is_on_) return 1.0;
  const double weight = bounded_exp(log_weight);
  if (is_mask_) return weight < low_ || weight > high_ ? 0.0 : weight;
  return std::min(std::max(weight, low_), high_);
}

}  // namespace aha::objective
