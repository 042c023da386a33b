// What a progress line says, and how often it says it.
#include "aha/report/progress.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <pty.h>
#include <unistd.h>

#include <algorithm>
#include <thread>

#include "report/progress_line.h"

namespace aha::report::progress_test {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(ProgressLine, TellsRateAndTimeLeft) {
  // 40 in 5 s are 8 a second; 60 left take 7.5 s.
  EXPECT_EQ(progress_line({"zero", 40, 100, 5.0, "reward 0.61"}), "zero  40/100  8.0/s  ETA 0:08  reward 0.61");
  EXPECT_EQ(progress_line({"zero", 2, 2000, 5.0, ""}), "zero  2/2000  2.5 s each  ETA 1:23:15");
  EXPECT_EQ(progress_line({"base", 50'000, 0, 100.0, ""}), "base  50000  500/s");
  EXPECT_EQ(progress_line({"base", 0, 10, 0.0, ""}), "base  0/10");
  EXPECT_EQ(progress_line({"base", 10, 10, 2.0, ""}), "base  10/10  5.0/s");
}

TEST(ProgressLine, FitsTheTerminalByCharacters) {
  EXPECT_EQ(fit_to_width("naïve 推理 x", 8), "naïve 推理");
  EXPECT_EQ(fit_to_width("a\x1b[2J\nb", 80), "a [2J b");
  EXPECT_EQ(fit_to_width("short", 80), "short");
}

TEST(Progress, IsQuietElsewhereForTheFirstTenSeconds) {
  testing::internal::CaptureStderr();
  {
    Progress progress("zero", 100);
    for (int i = 0; i <= 100; ++i) progress.update(i);
  }
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
}

// A pseudo-terminal in place of stderr.
class Terminal {
 public:
  Terminal() {
    int terminal = -1;
    winsize size{};
    size.ws_col = 40;
    is_open_ = openpty(&reader_, &terminal, nullptr, nullptr, &size) == 0;
    if (!is_open_) return;
    saved_ = dup(STDERR_FILENO);
    dup2(terminal, STDERR_FILENO);
    close(terminal);
  }
  ~Terminal() { restore(); }
  bool is_open() const { return is_open_; }
  std::string shown() {
    std::fflush(stderr);
    std::string text;
    char part[4096];
    // The terminal hands its bytes over a little later than they were written.
    for (pollfd ready{reader_, POLLIN, 0}; poll(&ready, 1, 200) == 1;) {
      const ssize_t got = read(reader_, part, sizeof part);
      if (got <= 0) break;
      text.append(part, static_cast<size_t>(got));
    }
    return text;
  }
  void restore() {
    if (saved_ < 0) return;
    dup2(saved_, STDERR_FILENO);
    close(saved_);
    close(reader_);
    saved_ = -1;
  }

 private:
  bool is_open_ = false;
  int reader_ = -1, saved_ = -1;
};

TEST(Progress, RewritesItsLineOnATerminalTenTimesASecond) {
  Terminal terminal;
  if (!terminal.is_open()) GTEST_SKIP() << "needs a pseudo-terminal";
  {
    Progress progress("zero", 1000);
    for (int i = 0; i < 30; ++i) {
      progress.update(i, "a note far too long for a line of forty columns");
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    progress.update(1000);
  }
  const std::string shown = terminal.shown();
  terminal.restore();
  const auto num_lines = std::count(shown.begin(), shown.end(), '\x1b');
  EXPECT_GE(num_lines, 3);
  EXPECT_LE(num_lines, 12);
  EXPECT_THAT(shown, HasSubstr("\r\x1b[Kzero  0/1000  a note far too long for a\r"));
  EXPECT_THAT(shown, Not(HasSubstr("for a l")));
  EXPECT_THAT(shown, HasSubstr("zero  1000/1000"));
  EXPECT_EQ(shown.substr(shown.size() - 2), "\r\n");
}

TEST(Progress, CanBeTurnedOff) {
  Terminal terminal;
  if (!terminal.is_open()) GTEST_SKIP() << "needs a pseudo-terminal";
  Progress::set_enabled(false);
  { Progress("zero", 10).update(5); }
  const std::string shown = terminal.shown();
  terminal.restore();
  Progress::set_enabled(true);
  EXPECT_EQ(shown, "");
}

}  // namespace
}  // namespace aha::report::progress_test
