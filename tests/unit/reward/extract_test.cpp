// Which text of a completion counts as its answer.
#include "reward/extract.h"

#include <gtest/gtest.h>

namespace aha::reward::extract_test {
namespace {

std::string answer_of(const std::string& completion) { return extract_answer(completion).answer.value_or("(none)"); }

std::string repeated(const std::string& text, int times) {
  std::string result;
  for (int i = 0; i < times; ++i) result += text;
  return result;
}

TEST(ExtractAnswer, TakesTheTaggedAnswer) {
  EXPECT_EQ(answer_of("<think>2+2</think><answer>4</answer>"), "4");
  EXPECT_EQ(answer_of("<think>2+2</think>\n<answer> 4 \n</answer> bye"), "4");
  EXPECT_EQ(answer_of("<answer>4</answer>"), "4");
  EXPECT_EQ(answer_of("<think><answer>3</answer></think><answer>4</answer>"), "4");
  EXPECT_EQ(answer_of("<think>\\boxed{3}</think><answer>4</answer> \\boxed{5}"), "4");
}

TEST(ExtractAnswer, TakesTheBoxWhereThereAreNoTags) {
  EXPECT_EQ(answer_of("<think>\\boxed{3}</think>It is \\boxed{4}."), "4");
  EXPECT_EQ(answer_of("It is \\boxed {\\frac{1}{2}}."), "\\frac{1}{2}");
  EXPECT_EQ(answer_of("\\boxed{\\boxed{7}}"), "\\boxed{7}");
  EXPECT_EQ(answer_of("\\boxed{\\{1, 2\\}}"), "\\{1, 2\\}");
  EXPECT_EQ(answer_of("\\boxed{4} so \\boxed{ 4 }"), "4");
  EXPECT_EQ(answer_of("<answer>it is \\boxed{4}</answer>"), "4");
  EXPECT_EQ(answer_of("\\boxed{4} and then \\boxed{5"), "4");
  EXPECT_EQ(answer_of("} \\boxed{4}"), "4");
}

TEST(ExtractAnswer, FindsNothingInTheRest) {
  for (const char* text :
       {"", "4", "The answer is 4", "<think>\\boxed{4}", "<think>4</think>4", "<think>a</think><answer>4",
        "<answer></answer>", "<answer>  </answer>", "<answer>3</answer><answer>4</answer>", "</answer>4<answer>",
        "\\boxed{}", "\\boxed{4} or \\boxed{5}", "\\boxed 4", "\\boxed{4", "\\\\boxed{4}",
        "<think>x</think><answer>\\boxed{3} \\boxed{4}</answer>"}) {
    const Extraction extraction = extract_answer(text);
    EXPECT_FALSE(extraction.answer.has_value()) << text;
    EXPECT_FALSE(extraction.reason.empty()) << text;
  }
}

TEST(ExtractAnswer, ReadsAMegabyteOfAnythingInOnePass) {
  for (const char* part : {"\\boxed{", "}", "{", "\\", "<think>", "</think>", "<answer>", "\\boxed{1}", "\\boxed{}",
                           "<", "\\boxed{\\boxed{1}", "(", "9", "\xff"}) {
    const std::string text = repeated(part, static_cast<int>(kMaxCompletionBytes / std::string(part).size()));
    extract_answer(text);
    extract_answer("<answer>" + text.substr(0, text.size() / 2) + "</answer>");
  }
  EXPECT_EQ(answer_of(repeated("\\boxed{1}", 100'000)), "1");
  EXPECT_EQ(answer_of(repeated("\\boxed{", 50'000) + "1"), "(none)");
  const std::string text = "<think>" + std::string(kMaxCompletionBytes, 'x') + "</think><answer>4</answer>";
  EXPECT_EQ(answer_of(text), "(none)");
  EXPECT_EQ(answer_of(text.substr(0, 7) + text.substr(200)), "4");
}

}  // namespace
}  // namespace aha::reward::extract_test
