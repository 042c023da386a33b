// Learning rate over the steps of a stage.
#pragma once
#include <cstdint>
#include <string>

#include "aha/core/config_fields.h"

namespace aha::train {

/// Names are TRL's, which are transformers' (version 5). constant · linear (to min_lr_ratio) · cosine (to min_lr_ratio)
/// · wsd: constant, then linear to min_lr_ratio over the last `decay_ratio` of the steps. min_lr_ratio is where the
/// step after the last would stand, so that no step is spent at a rate of 0. The rates are transformers'
/// (constant_with_warmup, linear, cosine, cosine_with_min_lr, warmup_stable_decay with decay_type linear), but in the
/// warm-up we are one step ahead: theirs begins with a step at rate 0, which teaches nothing. Step s has (s + 1) /
/// warmup_steps of the highest rate, theirs s / warmup_steps.
struct ScheduleConfig {
  double learning_rate = 1e-4;
  std::string lr_scheduler_type = "constant";
  double warmup_steps = 0;  // below 1: a share of all steps, rounded up
  double min_lr_ratio = 0.0;
  double decay_ratio = 0.4;
  template <class Fields>
  void visit(Fields& field) {
    field("learning_rate", learning_rate, "highest learning rate", above(0));
    field("lr_scheduler_type", lr_scheduler_type, "shape after the warm-up",
          one_of({"constant", "linear", "cosine", "wsd"}));
    field("warmup_steps", warmup_steps, "steps of linear warm-up; below 1: a share of all steps", at_least(0));
    field("min_lr_ratio", min_lr_ratio, "last learning rate as a share of the highest", between(0, 1));
    field("decay_ratio", decay_ratio, "wsd: share of the steps in the final decay", between(0, 1));
  }
};

/// Rate of step `step` (0-based) of `num_steps`.
double learning_rate_at(const ScheduleConfig& config, int64_t step, int64_t num_steps);

}  // namespace aha::train
