// SIGTERM and SIGINT as a stop token: the first asks to stop, a second one ends the process at once.
#pragma once
#include <stop_token>

namespace aha::tools {

/// While one lives, the two signals are taken from their default action. One at a time.
class StopSignals {
 public:
  StopSignals();
  ~StopSignals();
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;
  std::stop_token token() const { return source_.get_token(); }

 private:
  std::stop_source source_;
};

}  // namespace aha::tools
