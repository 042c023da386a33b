// What makes up for a sampler that is not the old policy: a weight on each token's policy term.
#pragma once
#include "aha/objective/grpo_loss.h"

namespace aha::objective {

class Correction {
 public:
  /// @throws ConfigError for an unknown importance_sampling_mode
  explicit Correction(const GrpoLossConfig& config);
  bool is_on() const { return is_on_; }
  bool is_per_sequence() const { return is_per_sequence_; }
  /// @param log_weight old − sampler, of the token or summed over its sequence @return 0 where masked; 1 when off
  double weight(double log_weight) const;

 private:
  bool is_on_, is_per_sequence_, is_mask_;
  double low_, high_;
};

}  // namespace aha::objective
