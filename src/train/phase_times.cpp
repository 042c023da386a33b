#include "train/phase_times.h"

#include <utility>

namespace aha::train {

double PhaseTimes::seconds() {
  const auto now = std::chrono::steady_clock::now();
  return std::chrono::duration<double>(now - std::exchange(last_, now)).count();
}

void PhaseTimes::lap(const std::string& phase) { phases_.at(phase) += seconds(); }

void PhaseTimes::lap_gradients(const GradientTimes& threads) {
  const double wall = seconds(), sum = threads.forward + threads.backward;
  const double forward = sum > 0 ? wall * threads.forward / sum : 0;
  phases_["forward"] += forward;
  phases_["backward"] += wall - forward;
}

void PhaseTimes::add_to(std::map<std::string, double>& metrics) {
  lap("other");
  double& step = metrics["step_time"] = 0;
  for (const auto& [phase, seconds] : phases_) {
    metrics["time/" + phase] = seconds;
    step += seconds;
  }
}

}  // namespace aha::train
