// Which part of a completion a model judges, whatever tags stand in it.
#include "reward/learned/completion_part.h"

#include <gtest/gtest.h>

namespace aha::reward::completion_part_test {
namespace {

std::string part_of(const std::string& completion, const std::string& part, const std::string& prompt = "q\n") {
  const data::Example example;
  return completion_part({.completion = completion, .example = example, .prompt = prompt}, part);
}

TEST(CompletionPart, IsCutAtTheFirstEndOfReasoning) {
  struct Case {
    const char *completion, *summary, *reasoning;
  };
  const Case cases[] = {
      {"<think> hm </think>\n\nSix. ", "Six.", "hm"},
      {"plain text\n", "plain text", ""},
      {"<think>never ends", "", "never ends"},
      {"hm</think>Six", "Six", "hm"},
      {"<think>a</think>rude</think>kind", "rude</think>kind", "a"},  // the reader sees both
      {"before <think>a</think><answer>6</answer>", "<answer>6</answer>", "a"},
      {"a</think>b<think>c", "b<think>c", "a"},
      {"<think></think>", "", ""},
      {"", "", ""},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.completion);
    EXPECT_EQ(part_of(c.completion, "summary"), c.summary);
    EXPECT_EQ(part_of(c.completion, "reasoning"), c.reasoning);
    EXPECT_EQ(part_of(c.completion, "response"), c.completion);
  }
}

TEST(CompletionPart, ThePromptMayHaveBegunTheReasoning) {
  const std::string begun = "<|user|>q<|assistant|><think>\n";
  EXPECT_EQ(part_of("still thinking", "summary", begun), "");
  EXPECT_EQ(part_of("still thinking", "reasoning", begun), "still thinking");
  EXPECT_EQ(part_of("hm</think>Six", "reasoning", begun), "hm");
  const std::string explained = "Think between <think> and </think>. User: q. Assistant:";
  EXPECT_EQ(part_of("Six", "summary", explained), "Six");
}

TEST(CompletionPart, GroupsShareTheirExample) {
  const data::Example a, b;
  const std::string text, prompt;
  const auto of = [&](const data::Example& example) {
    return Submission{.completion = text, .example = example, .prompt = prompt};
  };
  const auto groups = groups_of({of(a), of(a), of(b), of(a)});
  ASSERT_EQ(groups.size(), 3u);
  EXPECT_EQ(groups[0].begin, 0u);
  EXPECT_EQ(groups[0].end, 2u);
  EXPECT_EQ(groups[2].begin, 3u);
  EXPECT_EQ(groups[2].end, 4u);
  EXPECT_TRUE(groups_of({}).empty());
}

}  // namespace
}  // namespace aha::reward::completion_part_test
