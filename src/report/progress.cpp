// Where and how often the progress line is shown.
#include "aha/report/progress.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <limits>

#include "report/progress_line.h"

namespace aha::report {
namespace {

constexpr auto kTerminalPause = std::chrono::milliseconds(100);
constexpr auto kPlainPause = std::chrono::seconds(10);
constexpr size_t kDefaultColumns = 80;

std::atomic<bool> is_enabled{true};

size_t terminal_columns() {
  winsize size{};
  const bool is_known = ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 1;
  return is_known ? size.ws_col - 1u : kDefaultColumns;
}

// Before the first line: long enough ago that a terminal shows it at once; elsewhere the first pause has to pass.
std::chrono::steady_clock::time_point first_last(bool is_terminal) {
  const auto now = std::chrono::steady_clock::now();
  return is_terminal ? now - 2 * kTerminalPause : now;
}

}  // namespace

Progress::Progress(std::string title, int64_t total)
    : title_(std::move(title)),
      total_(total),
      is_terminal_(isatty(STDERR_FILENO) == 1),
      begin_(std::chrono::steady_clock::now()),
      last_(first_last(is_terminal_)) {}

Progress::~Progress() {
  if (shown_ && is_terminal_) std::fputc('\n', stderr);
}

void Progress::update(int64_t done, const std::string& note) {
  if (!is_enabled) return;
  const auto now = std::chrono::steady_clock::now();
  const bool is_last = is_terminal_ && total_ > 0 && done >= total_ && done_ < total_;
  done_ = done;
  if (!is_last && now - last_ < (is_terminal_ ? std::chrono::nanoseconds(kTerminalPause) : kPlainPause)) return;
  last_ = now;
  shown_ = true;
  const double seconds = std::chrono::duration<double>(now - begin_).count();
  const std::string line = progress_line({title_, done, total_, seconds, note});
  if (is_terminal_) {
    std::fprintf(stderr, "\r\x1b[K%s", fit_to_width(line, terminal_columns()).c_str());
  } else {
    std::fprintf(stderr, "%s\n", fit_to_width(line, std::numeric_limits<size_t>::max()).c_str());
  }
  std::fflush(stderr);
}

void Progress::set_enabled(bool enabled) { is_enabled = enabled; }

}  // namespace aha::report
