// What a program writes to its stderr can neither flood the log nor forge a line of it.
#include "reward/command/command_log.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "aha/core/log.h"

namespace aha::reward::command_log_test {
namespace {

int64_t count_of(const std::string& text, const std::string& part) {
  int64_t count = 0;
  for (size_t place = text.find(part); place != std::string::npos; place = text.find(part, place + 1)) ++count;
  return count;
}

class CommandLogTest : public testing::Test {
 protected:
  void SetUp() override { testing::internal::CaptureStderr(); }
  std::string logged() { return testing::internal::GetCapturedStderr(); }
  CommandLog log_{"own"};
};

TEST_F(CommandLogTest, PassesLinesOnHoweverTheyArrive) {
  log_.take("first li");
  log_.take("ne\n\nsecond\nthi");
  log_.take("rd");
  log_.end_batch();
  const std::string text = logged();
  EXPECT_EQ(count_of(text, "own | "), 3);
  for (const char* line : {"own | first line\n", "own | second\n", "own | third\n"}) EXPECT_EQ(count_of(text, line), 1);
  EXPECT_EQ(log_.last_line(), "third");
}

TEST_F(CommandLogTest, BoundsEachBatch) {
  for (int i = 0; i < 100; ++i) log_.take("12345\n");
  log_.take(std::string(100'000, 'x'));
  log_.end_batch();
  log_.take(std::string(100'000, 'y') + "\n");
  log_.end_batch();
  const std::string text = logged();
  EXPECT_EQ(count_of(text, "own | 12345\n"), 40);
  EXPECT_EQ(count_of(text, "and 100300 more bytes on its stderr"), 1);  // 60 lines of 5, and all of x
  EXPECT_EQ(count_of(text, "and 99500 more bytes on its stderr"), 1);
  EXPECT_LT(text.size(), 5000);
}

TEST_F(CommandLogTest, WritesNoControls) {
  log_.take("\x1b[2J \xff \r12:00:00 [error] no\n");
  const std::string text = logged();
  EXPECT_EQ(count_of(text, R"(own | \x1b[2J \xff \x0d12:00:00 [error] no)"), 1);
  EXPECT_EQ(std::count(text.begin(), text.end(), '\r'), 0);
}

TEST_F(CommandLogTest, CutsBetweenCharacters) {
  EXPECT_EQ(shortened_visible("éé", 4), "éé");
  EXPECT_EQ(shortened_visible("ééé", 3), "é…");
  EXPECT_EQ(shortened_visible("a\n", 9), "a\n");
  logged();
}

}  // namespace
}  // namespace aha::reward::command_log_test
