// Where the wall time of a step goes.
#pragma once
#include <chrono>
#include <map>
#include <string>

#include "train/gradient_times.h"

namespace aha::train {

/// A clock whose laps each belong to a phase: together they are the step.
class PhaseTimes {
 public:
  /// The time since the last lap, or since the clock was made, is added to `phase`.
  void lap(const std::string& phase);
  /// … to forward and backward, in the ratio of what the threads spent there.
  void lap_gradients(const GradientTimes& threads);
  /// What is left goes to `other`; then time/<phase> of all phases, those that took none too, and step_time.
  void add_to(std::map<std::string, double>& metrics);

 private:
  double seconds();

  std::chrono::steady_clock::time_point last_ = std::chrono::steady_clock::now();
  std::map<std::string, double> phases_ = {{"generate", 0}, {"reward", 0},    {"logprobs", 0}, {"forward", 0},
                                           {"backward", 0}, {"optimizer", 0}, {"other", 0}};
};

}  // namespace aha::train
