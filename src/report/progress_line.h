// The text of a progress line.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>

namespace aha::report {

struct ProgressState {
  std::string title;
  int64_t done = 0;
  int64_t total = 0;  // 0: unknown
  double seconds = 0;
  std::string note;
};

/// "zero  40/100  8.0/s  ETA 0:07  reward 0.61"; a rate below one a second reads "2.5 s each".
std::string progress_line(const ProgressState& state);

/// The first `columns` characters of a line of UTF-8, control characters shown as spaces.
std::string fit_to_width(const std::string& line, size_t columns);

}  // namespace aha::report
