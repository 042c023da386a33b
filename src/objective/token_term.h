// What one token adds to the loss, and how steeply.
#pragma once
#include <algorithm>
#include <cmath>

namespace aha::objective {

struct TokenTerm {
  double value = 0;
  double by_log_ratio = 0;  // slope in log ρ; where ρ is the sequence's, the caller shares it out
  double by_logprob = 0;    // slope in the token's log-prob, ρ held fixed
};

/// e^20 is far outside any bound, and its square is still a float32.
inline constexpr double kMaxExponent = 20.0;
inline double bounded_exp(double x) { return std::exp(std::min(x, kMaxExponent)); }

}  // namespace aha::objective
