// Rates and times as people read them.
#include "report/progress_line.h"

#include <fmt/format.h>

#include <cmath>

namespace aha::report {
namespace {

std::string clock_text(double seconds) {
  const auto whole = static_cast<int64_t>(std::llround(seconds));
  const int64_t hours = whole / 3600, minutes = whole / 60 % 60;
  if (hours > 0) return fmt::format("{}:{:02}:{:02}", hours, minutes, whole % 60);
  return fmt::format("{}:{:02}", minutes, whole % 60);
}

std::string rate_text(double rate) {
  if (rate >= 100) return fmt::format("{:.0f}/s", rate);
  if (rate >= 1) return fmt::format("{:.1f}/s", rate);
  return fmt::format("{:.1f} s each", 1 / rate);
}

}  // namespace

std::string progress_line(const ProgressState& state) {
  std::string line = fmt::format("{}  {}", state.title, state.done);
  if (state.total > 0) line += fmt::format("/{}", state.total);
  if (state.done > 0 && state.seconds > 0) {
    const double rate = static_cast<double>(state.done) / state.seconds;
    line += "  " + rate_text(rate);
    if (state.done < state.total) line += "  ETA " + clock_text(static_cast<double>(state.total - state.done) / rate);
  }
  if (!state.note.empty()) line += "  " + state.note;
  return line;
}

std::string fit_to_width(const std::string& line, size_t columns) {
  std::string out;
  size_t num_characters = 0;
  for (const char c : line) {
    const auto byte = static_cast<uint8_t>(c);
    const bool begins_character = (byte & 0xC0) != 0x80;
    if (begins_character && num_characters++ == columns) break;
    out += byte < 0x20 || byte == 0x7F ? ' ' : c;
  }
  return out;
}

}  // namespace aha::report
