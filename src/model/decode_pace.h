// How many threads a step is worth, found out by timing steps.
#pragma once
#include <array>
#include <cstdint>

namespace aha::model {

/// A step goes in one part or in all, whichever was faster of late for steps of about as many rows. Now and then some
/// steps try the other; how seldom depends on what the last trial cost, so that trials take a twentieth of the time at
/// most. A second core that another program keeps busy is noticed within a few steps.
class DecodePace {
 public:
  explicit DecodePace(int max_parts) : max_parts_(max_parts) {}
  /// In how many parts to run the next step.
  int parts(int64_t num_rows);
  /// How long that step took.
  void add(double seconds);

 private:
  /// Steps of at least 2^i and below 2^(i+1) rows.
  struct Steps {
    std::array<double, 2> seconds{};  // of one part and of all, lately; 0: not known
    int now = 1;                      // index into it
    int num_timed = 0;                // since the last trial
    double waited = 0, patience = 0;  // seconds since the last trial; that must pass before the next
    int num_lost = 0;                 // trials in a row that changed nothing
    int trial_left = 0;               // steps
    double trial_seconds = 0, trial_best = 0;
  };
  void add_usual(Steps& steps, double seconds) const;
  void add_trial(Steps& steps, double seconds) const;
  void end_trial(Steps& steps) const;

  const int max_parts_;
  std::array<Steps, 32> steps_{};
  Steps* current_ = nullptr;
};

}  // namespace aha::model
