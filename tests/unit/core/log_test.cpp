// Levels, the look of a line, and text that must not act on a terminal.
#include "aha/core/log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <string>

namespace aha::log_test {
namespace {

using testing::HasSubstr;
using testing::MatchesRegex;
using testing::Not;

std::string stderr_of(const std::function<void()>& action) {
  testing::internal::CaptureStderr();
  action();
  return testing::internal::GetCapturedStderr();
}

TEST(Log, ALineCarriesTimeAndLevel) {
  EXPECT_THAT(stderr_of([] { log::info("stage zero begins"); }),
              MatchesRegex("[0-9][0-9]:[0-9][0-9]:[0-9][0-9] .info. stage zero begins\n"));
  EXPECT_THAT(stderr_of([] { log::warning("slow"); }), HasSubstr("[warning] slow\n"));
  EXPECT_THAT(stderr_of([] { log::error("{} %s braces stay"); }), HasSubstr("[error] {} %s braces stay\n"));
}

TEST(Log, DropsWhatIsBelowTheLevel) {
  EXPECT_EQ(stderr_of([] { log::debug("hidden"); }), "");
  log::set_level(log::Level::kDebug);
  EXPECT_THAT(stderr_of([] { log::debug("shown"); }), HasSubstr("[debug] shown"));
  log::set_level(log::Level::kError);
  EXPECT_EQ(stderr_of([] { log::warning("hidden"); }), "");
  log::set_level(log::Level::kInfo);
}

TEST(Log, ControlCharactersAreShownNotSent) {
  const std::string line = stderr_of([] { log::info("a\x1b[2Jb\x07\r\x7f \xc2\x9b\x32J \xff é 推"); });
  EXPECT_THAT(line, HasSubstr("a\\x1b[2Jb\\x07\\x0d\\x7f \\xc2\\x9b2J \\xff é 推\n"));
  EXPECT_THAT(line, Not(HasSubstr("\x1b")));
}

TEST(Log, ALineBreakCannotForgeALine) {
  EXPECT_THAT(stderr_of([] { log::info("first\n12:00:00 [error] forged"); }),
              HasSubstr("[info] first\n    12:00:00 [error] forged\n"));
}

}  // namespace
}  // namespace aha::log_test
