// What a program is asked, in TRL's shape, and what of its answers is taken.
#include "reward/command/command_lines.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "reward/command/command_failure.h"

namespace aha::reward::command_lines_test {
namespace {

using nlohmann::json;

data::Example row(const std::string& columns) {
  data::Example example;
  example.columns = json::parse(columns);
  if (example.columns.contains("prompt") && example.columns["prompt"].is_string()) {
    example.prompt = example.columns["prompt"];
  }
  return example;
}

std::string failure_of(const std::string& line, size_t num_completions) {
  try {
    read_answer(line, num_completions);
  } catch (const CommandFailure& failure) {
    EXPECT_FALSE(failure.has_timed_out);
    return failure.what();
  }
  return "it was taken";
}

TEST(CommandLines, AskInTheShapeOfTrl) {
  const data::Example first = row(R"({"prompt": "1+1", "answer": 2, "tests": [{"in": "1"}]})");
  const data::Example second = row(R"({"prompt": "x", "completion": "gold", "source": "s", "answer": "3"})");
  const std::vector<int32_t> ids = {5, 6};
  const std::string a = "two", b = "th\xffree";
  const json asked =
      json::parse(request_line({{.completion = a, .example = first, .prompt = "Q: 1+1", .completion_ids = ids},
                                {.completion = b, .example = second, .prompt = "Q: x"}}));
  EXPECT_EQ(asked, json::parse(R"({"prompts": ["1+1", "x"], "completions": ["two", "th\ufffdree"],
                                   "completion_ids": [[5, 6], []], "answer": [2, "3"],
                                   "tests": [[{"in": "1"}], null], "source": [null, "s"]})"));
}

TEST(CommandLines, AskOfConversationsInMessages) {
  const data::Example chat = row(R"({"prompt": [{"role": "user", "content": "hi"}]})");
  const std::string text = "hello";
  const json asked = json::parse(request_line({{.completion = text, .example = chat, .prompt = "<user>hi"}}));
  EXPECT_EQ(asked["prompts"][0], chat.columns["prompt"]);
  EXPECT_EQ(asked["completions"][0], json::parse(R"([{"role": "assistant", "content": "hello"}])"));
}

TEST(CommandLines, AskByTheModelsPromptWhereTheRowHasNone) {
  const data::Example bare;
  const std::string text = "a";
  EXPECT_EQ(json::parse(request_line({{.completion = text, .example = bare, .prompt = "p"}}))["prompts"], json({"p"}));
}

TEST(CommandLines, RefuseColumnsThatRequestsNameThemselves) {
  EXPECT_NO_THROW(check_columns(row(R"({"prompt": "a", "completion": "b"})"), "here"));
  EXPECT_THROW(check_columns(row(R"({"prompt": "a", "completions": ["b"]})"), "here"), InputError);
}

TEST(CommandLines, TakeNumbersAndNull) {
  const std::vector<Score> scores = read_answer(R"( {"rewards": [1, -0.5, null, 1e3]} )", 4);
  ASSERT_EQ(scores.size(), 4);
  EXPECT_EQ(scores[0].value, 1.0);
  EXPECT_EQ(scores[1].value, -0.5);
  EXPECT_EQ(scores[2].value, std::nullopt);
  EXPECT_EQ(scores[3].value, 1000.0);
  for (const Score& score : scores) EXPECT_EQ(score.fault, "");
}

TEST(CommandLines, TakeNothingElse) {
  EXPECT_EQ(failure_of(R"({"rewards": [1]})", 2), "gave 1 rewards for 2 completions");
  EXPECT_EQ(failure_of(R"({"rewards": [1, 2, 3]})", 2), "gave 3 rewards for 2 completions");
  const std::string wanted = " in place of {\"rewards\": [number or null, …]}: `";
  const auto refused = [&](const std::string& line, const std::string& what) {
    EXPECT_EQ(failure_of(line, 1), "answered with " + what + wanted + line + "`");
  };
  refused(R"({"rewards": [NaN]})", "what is no JSON");
  refused(R"({"rewards": [Infinity]})", "what is no JSON");
  refused(R"({"rewards": [1e999]})", "what is no JSON");
  refused(R"({"rewards": ["1"]})", "a reward that is a string");
  refused(R"({"rewards": [true]})", "a reward that is a boolean");
  refused(R"({"rewards": [[1]]})", "something deeper");
  refused(R"({"rewards": [{"value": 1}]})", "something deeper");
  refused(R"({"rewards": 1})", "no list `rewards`");
  refused(R"({"reward": [1]})", "no list `rewards`");
  refused(R"({"rewards": [1], "rewards": [0]})", "several members");
  refused("[1]", "a JSON array");
  refused("1", "a JSON number");
  refused("{}", "a JSON object");
  refused("", "what is no JSON");
  refused(R"({"rewards": [1]} x)", "what is no JSON");
  EXPECT_EQ(failure_of("\x1b[2J\xff", 1), "answered with what is no JSON" + wanted + R"(\x1b[2J\xff`)");
}

TEST(CommandLines, TakeNothingDeepOrEndless) {
  const std::string failure = failure_of(R"({"rewards": )" + std::string(1'000'000, '['), 1);
  EXPECT_TRUE(failure.starts_with("answered with something deeper")) << failure.substr(0, 200);
  EXPECT_LT(failure.size(), 300);
}

TEST(CommandLines, TakeTheProgramsOwnSentence) {
  EXPECT_EQ(failure_of(R"({"error": "no column\n`tests`"})", 3), "says: no column\n`tests`");
  EXPECT_EQ(failure_of(R"({"error": "a\u0007"})", 3), R"(says: a\x07)");
}

}  // namespace
}  // namespace aha::reward::command_lines_test
