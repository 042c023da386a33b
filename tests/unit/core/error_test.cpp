// What errors say and which exit code they mean.
#include "aha/core/error.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>

#include "unit/core/temporary_folder.h"

namespace aha::error_test {
namespace {

using test::sentence_of;
using testing::HasSubstr;

TEST(Error, ExitCodesAreTheDocumentedOnes) {
  EXPECT_EQ(static_cast<int>(ConfigError("a", "b").code()), 2);
  EXPECT_EQ(static_cast<int>(InputError("a", "b").code()), 2);
  EXPECT_EQ(static_cast<int>(MissingError("a").code()), 3);
  EXPECT_EQ(static_cast<int>(IoError("a").code()), 1);
  EXPECT_EQ(static_cast<int>(ShapeError("a").code()), 1);
  EXPECT_EQ(static_cast<int>(DeviceError("a").code()), 1);
  EXPECT_EQ(static_cast<int>(StoppedError("a").code()), 75);
}

TEST(Error, SentencesBeginWithThePlace) {
  EXPECT_STREQ(ConfigError("stages.0.seed", "is missing").what(), "stages.0.seed: is missing");
  EXPECT_STREQ(InputError("train.jsonl:17", "is no object").what(), "train.jsonl:17: is no object");
}

TEST(IoError, NamesOperationPathReasonAndWhatToDo) {
  EXPECT_STREQ(IoError("write", "runs/x", ENOENT).what(), "cannot write runs/x: No such file or directory");
  EXPECT_STREQ(IoError("write", "runs/x", ENOSPC).what(),
               "cannot write runs/x: No space left on device; free some space on that disk, then run the same command "
               "again");
}

TEST(Check, ThrowsWithExpressionPlaceAndDetailOnlyWhenFalse) {
  int evaluated = 0;
  const auto detail = [&] { return ++evaluated, std::string("3 rows"); };
  AHA_CHECK(1 + 1 == 2, detail());
  EXPECT_EQ(evaluated, 0);
  const std::string sentence = sentence_of<ShapeError>([&] { AHA_CHECK(1 + 1 == 3, detail()); });
  EXPECT_THAT(sentence, HasSubstr("error_test.cpp:"));
  EXPECT_THAT(sentence, HasSubstr("1 + 1 == 3 does not hold: 3 rows"));
  EXPECT_EQ(evaluated, 1);
}

}  // namespace
}  // namespace aha::error_test
