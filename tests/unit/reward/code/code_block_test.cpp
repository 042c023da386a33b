// Which program of a completion counts.
#include "reward/code/code_block.h"

#include <gtest/gtest.h>

namespace aha::reward::code_block_test {
namespace {

std::string source_of(const std::string& completion) {
  const CodeExtraction found = last_code_block(completion);
  return found.block ? found.block->source : "none: " + found.reason;
}

std::optional<ProgramLanguage> language_of(const std::string& completion) {
  return last_code_block(completion).block.value().language;
}

constexpr const char* kNoBlock = "none: no closed block between ``` fences";

TEST(CodeBlock, IsTheLastClosedOneOfTheAnswer) {
  EXPECT_EQ(source_of("```python\nprint(1)\n```"), "print(1)\n");
  EXPECT_EQ(source_of("a\n```\nx\n```\nb\n```py\ny\nz\n```\nend"), "y\nz\n");
  EXPECT_EQ(source_of("<think>```python\nfirst\n```</think>\n```python\nsecond\n```"), "second\n");
  EXPECT_EQ(source_of("<think>t</think><answer>```python\ninside\n```</answer>"), "inside\n");
  EXPECT_EQ(source_of("```c\r\nint x;\r\n```\r\n"), "int x;\r\n");
}

TEST(CodeBlock, NothingElseIsCode) {
  EXPECT_EQ(source_of("print(1)"), kNoBlock);
  EXPECT_EQ(source_of("```python print(1) ```"), kNoBlock);
  EXPECT_EQ(source_of("Use ```print(1)``` here."), kNoBlock);
  EXPECT_EQ(source_of("```python\nprint(1)\n"), kNoBlock);      // cut off
  EXPECT_EQ(source_of("```python\nprint(1)\n```x"), kNoBlock);  // not closed: fences close alone
  EXPECT_EQ(source_of("```text\nprint(1)\n```"), kNoBlock);     // no language of ours
  EXPECT_EQ(source_of("<think>```python\nx\n```\n"), "none: the reasoning does not end");
  EXPECT_EQ(source_of("<think>```python\nx\n```\n</think> It is 3."), kNoBlock);
  EXPECT_EQ(source_of("```python\n  \n\n```"), "none: the last block is empty");
  EXPECT_EQ(source_of(""), kNoBlock);
}

TEST(CodeBlock, PassesOverWhatIsNoProgramOrDoesNotEnd) {
  EXPECT_EQ(source_of("```python\nx\n```\nIt prints\n```text\n3\n```"), "x\n");
  EXPECT_EQ(source_of("```python\nx\n```\n```cpp\ny"), "x\n");
  EXPECT_EQ(source_of("```json\n{}\n```\n```\nx\n```"), "x\n");
}

TEST(CodeBlock, LongerFencesHoldShorterOnes) {
  EXPECT_EQ(source_of("````python\ns = '''\n```\n'''\n````"), "s = '''\n```\n'''\n");
  EXPECT_EQ(source_of("```python\nx\n`````"), "x\n");
  EXPECT_EQ(source_of("``\nx\n``"), kNoBlock);
}

TEST(CodeBlock, AnIndentedFenceIndentsItsLines) {
  EXPECT_EQ(source_of("1. So:\n   ```python\n   if a:\n     b\n\n  c\n   ```"), "if a:\n  b\n\nc\n");
}

TEST(CodeBlock, KnowsLanguagesByTheirMarks) {
  for (const char* mark : {"python", "Python", "py", "python3", " python "}) {
    EXPECT_EQ(language_of(std::string("```") + mark + "\nx\n```"), ProgramLanguage::kPython) << mark;
  }
  EXPECT_EQ(language_of("```C\nx\n```"), ProgramLanguage::kC);
  for (const char* mark : {"cpp", "C++", "cc", "c++17"}) {
    EXPECT_EQ(language_of(std::string("```") + mark + "\nx\n```"), ProgramLanguage::kCpp) << mark;
  }
  EXPECT_EQ(language_of("```\nx\n```"), std::nullopt);
  EXPECT_EQ(named_language("java"), std::nullopt);
  EXPECT_EQ(named_language(""), std::nullopt);
}

// 1 MB of fences, of backticks, of lines: each is one pass, else this test would not end.
TEST(CodeBlock, TakesHostileTextInOnePass) {
  std::string fences, lines;
  for (int i = 0; i < 200'000; ++i) fences += "```\n";
  for (int i = 0; i < 400'000; ++i) lines += " \n";
  EXPECT_EQ(source_of(fences), "none: the last block is empty");
  EXPECT_EQ(source_of(std::string(1'000'000, '`')), kNoBlock);
  EXPECT_EQ(source_of("```\n" + lines), kNoBlock);
  EXPECT_EQ(source_of(std::string((1 << 20) + 1, 'x')), "none: the completion is longer than 1 MB");
}

}  // namespace
}  // namespace aha::reward::code_block_test
