// Prompts by template, and completions by their tags.
#include "aha/data/template.h"

#include <gtest/gtest.h>

#include <chrono>

#include "aha/core/error.h"

namespace aha::data::template_test {
namespace {

Example problem(const std::string& prompt) {
  Example example;
  example.prompt = prompt;
  return example;
}

TEST(MakePrompt, FollowsTheTemplate) {
  const auto tokenizer = make_byte_tokenizer();
  const Prompt plain = make_prompt(problem("mod 1+2"), 7, "plain", *tokenizer);
  EXPECT_EQ(plain.id, 7);
  EXPECT_EQ(plain.text, "mod 1+2\n");
  EXPECT_EQ(plain.token_ids, tokenizer->encode("mod 1+2\n"));
  EXPECT_EQ(plain.example.prompt, "mod 1+2");

  const Prompt chat = make_prompt(problem("mod 1+2"), 0, "chat", *tokenizer);
  EXPECT_EQ(chat.text, "<|user|>mod 1+2<|assistant|>");
  EXPECT_EQ(chat.token_ids, tokenizer->encode(chat.text));

  const Prompt zero = make_prompt(problem("mod 1+2"), 0, "r1_zero", *tokenizer);
  EXPECT_TRUE(zero.text.ends_with("User: mod 1+2. Assistant:")) << zero.text;
  for (const char* tag : {"<think>", "</think>", "<answer>", "</answer>"}) {
    EXPECT_NE(zero.text.find(tag), std::string::npos) << tag;
  }
  EXPECT_EQ(zero.token_ids, tokenizer->encode(zero.text));
}

TEST(MakePrompt, SendsConversationsThroughTheChatTemplate) {
  const auto tokenizer = make_byte_tokenizer();
  Example example;
  example.messages = {{"user", "hi"}, {"assistant", "hello"}};
  EXPECT_EQ(make_prompt(example, 0, "plain", *tokenizer).text, "<|user|>hi<|assistant|>");
  example.messages.push_back({"user", "bye"});
  EXPECT_EQ(make_prompt(example, 0, "plain", *tokenizer).text,
            "<|user|>hi<|assistant|>hello<eos><|user|>bye<|assistant|>");
}

TEST(MakePrompt, RefusesAnUnknownTemplate) {
  try {
    make_prompt(problem("x"), 0, "r1zero", *make_byte_tokenizer());
    FAIL();
  } catch (const ConfigError& error) {
    EXPECT_STREQ(error.what(), "template: `r1zero` is not known; use plain, r1_zero or chat");
  }
}

TEST(SplitTags, ReadsWhatTaggedCompletionWrites) {
  EXPECT_EQ(tagged_completion("add>3 so 3", "3"), "<think>add>3 so 3</think><answer>3</answer>");
  const TaggedParts parts = split_tags(tagged_completion("add>3 so 3", "3"));
  EXPECT_TRUE(parts.is_well_formed && parts.has_reasoning && parts.has_answer);
  EXPECT_EQ(parts.reasoning, "add>3 so 3");
  EXPECT_EQ(parts.answer, "3");
  EXPECT_EQ(parts.summary, "<answer>3</answer>");
  EXPECT_TRUE(split_tags("<think></think><answer></answer>").is_well_formed);
  EXPECT_TRUE(split_tags(" <think>a</think>\n<answer>b</answer>").is_well_formed);
}

TEST(SplitTags, TellsWhatIsMissing) {
  struct Case {
    const char* text;
    bool has_reasoning, has_answer;
  };
  const Case cases[] = {
      {"so 3", false, false},
      {"<think>a</think>3", true, false},
      {"<answer>3</answer>", false, true},
      {"<think>a<answer>3</answer>", false, true},
      {"</think>a<think><answer>3</answer>", false, true},
      {"<think>a</think><answer>3", true, false},
      {"<think>a</think></answer>3<answer>", true, false},
      {"<think>a</think><answer>3</answer> ", true, true},
      {"<think>a</think><answer>3</answer>x", true, true},
      {"x<think>a</think><answer>3</answer>", true, true},
      {"<think>a</think>x<answer>3</answer>", true, true},
      {"<answer>3</answer><think>a</think>", true, true},
      {"<think>a<answer>3</answer></think>", true, true},
      {"<think>a</think><answer>3</answer><answer>4</answer>", true, false},
      {"<think><think>a</think><answer>3</answer>", false, true},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.text);
    const TaggedParts parts = split_tags(c.text);
    EXPECT_FALSE(parts.is_well_formed);
    EXPECT_EQ(parts.has_reasoning, c.has_reasoning);
    EXPECT_EQ(parts.has_answer, c.has_answer);
    EXPECT_EQ(parts.reasoning.empty(), !c.has_reasoning);
    EXPECT_EQ(parts.answer.empty(), !c.has_answer);
  }
}

TEST(SplitTags, TakesLinearTime) {
  const auto seconds = [](const std::string& unit, size_t bytes) {
    std::string text;
    while (text.size() < bytes) text += unit;
    const auto begin = std::chrono::steady_clock::now();
    EXPECT_FALSE(split_tags(text).is_well_formed);
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  };
  for (const char* unit : {"<", "<think>", "<think></think><answer>", "</thin", "x"}) {
    // A quadratic pass over 1 MB of '<' takes minutes.
    EXPECT_LT(seconds(unit, 1'000'000), 0.5) << unit;
  }
}

}  // namespace
}  // namespace aha::data::template_test
