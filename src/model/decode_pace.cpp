// Running means of both ways, and trials whose cost is paid before the next.
#include "model/decode_pace.h"

#include <algorithm>
#include <bit>

namespace aha::model {

namespace {

constexpr int kTrialSteps = 3;        // the first wakes the threads
constexpr int kStepsBetween = 8;      // two trials, at least
constexpr double kHopeless = 3;       // times the usual: enough is known
constexpr double kBetter = 0.97;      // of the usual: worth a change
constexpr double kSuspicious = 1.25;  // times what the other way took
constexpr double kShare = 20;         // a trial may cost one part in so many
constexpr int kMaxLost = 5;           // doublings of the patience
constexpr double kWeight = 0.25;      // of the newest step in the mean
constexpr double kSurprise = 2;       // times the mean: more counts as so much, as one hiccup says little

}  // namespace

int DecodePace::parts(int64_t num_rows) {
  if (max_parts_ == 1) return 1;
  const auto width = static_cast<size_t>(std::bit_width(static_cast<uint64_t>(std::max<int64_t>(num_rows, 1))));
  current_ = &steps_[std::min(width - 1, steps_.size() - 1)];
  const bool all = (current_->now == 1) != (current_->trial_left > 0);
  return all ? max_parts_ : 1;
}

void DecodePace::add(double seconds) {
  if (!current_) return;
  if (current_->trial_left > 0) {
    add_trial(*current_, seconds);
  } else {
    add_usual(*current_, seconds);
  }
}

void DecodePace::add_usual(Steps& steps, double seconds) const {
  double& mean = steps.seconds[steps.now];
  const double other = steps.seconds[1 - steps.now];
  mean = mean == 0 ? seconds : mean + kWeight * (std::min(seconds, kSurprise * mean) - mean);
  steps.waited += seconds;
  if (++steps.num_timed < kStepsBetween) return;
  if (steps.waited < steps.patience && mean < kSuspicious * other) return;
  steps.trial_left = kTrialSteps;
  steps.trial_seconds = 0;
}

void DecodePace::add_trial(Steps& steps, double seconds) const {
  const bool is_first = steps.trial_left == kTrialSteps;
  steps.trial_best = is_first ? seconds : std::min(steps.trial_best, seconds);
  steps.trial_seconds += seconds - steps.seconds[steps.now];
  --steps.trial_left;
  if (seconds > kHopeless * steps.seconds[steps.now]) steps.trial_left = 0;
  if (steps.trial_left == 0) end_trial(steps);
}

void DecodePace::end_trial(Steps& steps) const {
  steps.seconds[1 - steps.now] = steps.trial_best;
  if (steps.trial_best < kBetter * steps.seconds[steps.now]) {
    steps.now = 1 - steps.now;
    steps.num_lost = 0;
  } else {
    steps.num_lost = std::min(steps.num_lost + 1, kMaxLost);
  }
  steps.patience = kShare * std::max(steps.trial_seconds, 0.0) * (1 << steps.num_lost);
  steps.waited = 0;
  steps.num_timed = 0;
}

}  // namespace aha::model
