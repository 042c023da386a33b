// A line that tells how far something is: rewritten on a terminal, plain lines (at most one in ten seconds) elsewhere.
#pragma once
#include <chrono>
#include <cstdint>
#include <string>

namespace aha::report {

class Progress {
 public:
  /// @param total 0 if unknown (then no ETA)
  Progress(std::string title, int64_t total);
  ~Progress();  ///< ends the line
  /// Shows "title  done/total  rate unit/s  ETA …  note" on stderr, no more than ten times a second.
  void update(int64_t done, const std::string& note = "");
  /// Turns all progress off (--json with a terminal, tests).
  static void set_enabled(bool enabled);

 private:
  std::string title_;
  int64_t total_, done_ = 0;
  bool is_terminal_, shown_ = false;
  std::chrono::steady_clock::time_point begin_, last_;
};

}  // namespace aha::report
