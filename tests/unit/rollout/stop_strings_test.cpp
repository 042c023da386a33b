// Stop strings over tokens that write parts of letters, several letters, or marks.
#include "rollout/stop_strings.h"

#include <gtest/gtest.h>

#include "aha/core/error.h"

namespace aha::rollout::stop_strings_test {
namespace {

const std::shared_ptr<const data::Tokenizer> kBytes = data::make_byte_tokenizer();

/// After how many tokens of the text it ends; -1 if never.
int64_t end_of(const StopStrings& stops, const std::string& text) {
  const std::vector<int32_t> ids = kBytes->encode(text);
  for (size_t count = 1; count <= ids.size(); ++count) {
    if (stops.ends({ids.begin(), ids.begin() + static_cast<std::ptrdiff_t>(count)})) return static_cast<int64_t>(count);
  }
  return -1;
}

TEST(StopStrings, EndAtTheTokenThatCompletesOne) {
  EXPECT_EQ(end_of(StopStrings({"\n\n"}, kBytes.get()), "a\nb\n\nc"), 5);
  EXPECT_EQ(end_of(StopStrings({"\n\n"}, kBytes.get()), "a\nb\nc"), -1);
  EXPECT_EQ(end_of(StopStrings({"xyz", "bc"}, kBytes.get()), "abcxyz"), 3);
  EXPECT_EQ(end_of(StopStrings({}, kBytes.get()), "anything"), -1);
}

TEST(StopStrings, SeeSpecialTokensAsTheirText) {
  const StopStrings stops({"</answer>"}, kBytes.get());
  ASSERT_EQ(kBytes->encode("5</answer>").size(), 2);
  EXPECT_EQ(end_of(stops, "5</answer>x"), 2);
  EXPECT_EQ(stops.cut("5</answer>x"), "5");
  // Half of one by a special token, half by bytes.
  EXPECT_EQ(end_of(StopStrings({"er>!"}, kBytes.get()), "5</answer>!"), 3);
}

TEST(StopStrings, WaitForAllBytesOfALetter) { EXPECT_EQ(end_of(StopStrings({"好"}, kBytes.get()), "你好"), 6); }

TEST(StopStrings, AreFoundFarIntoAText) {
  EXPECT_EQ(end_of(StopStrings({"end"}, kBytes.get()), std::string(1000, 'x') + "end"), 1003);
}

TEST(StopStrings, TheFirstInTheTextCuts) {
  const StopStrings stops({"c", "b"}, kBytes.get());
  EXPECT_EQ(stops.cut("abc"), "a");
  EXPECT_EQ(stops.cut("xyz"), "xyz");
}

TEST(StopStrings, NeedATokenizerAndSomeText) {
  EXPECT_THROW(StopStrings({"x"}, nullptr), InputError);
  EXPECT_THROW(StopStrings({"x", ""}, kBytes.get()), InputError);
  EXPECT_NO_THROW(StopStrings({}, nullptr));
}

}  // namespace
}  // namespace aha::rollout::stop_strings_test
