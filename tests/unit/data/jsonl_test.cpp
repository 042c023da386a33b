// JSON lines: what is read, and the sentence each bad line gets.
#include "aha/data/jsonl.h"

#include <gtest/gtest.h>

#include "aha/core/error.h"
#include "aha/core/file.h"

namespace aha::data::jsonl_test {
namespace {

using nlohmann::json;

std::filesystem::path file_of(const std::string& bytes) {
  const auto path = std::filesystem::path(testing::TempDir()) / "aha_rows.jsonl";
  write_file_atomic(path, bytes);
  return path;
}

std::vector<std::pair<int64_t, json>> rows_of(const std::string& bytes) {
  std::vector<std::pair<int64_t, json>> rows;
  read_jsonl(file_of(bytes), [&](int64_t line, json row) { rows.emplace_back(line, std::move(row)); });
  return rows;
}

// What is said about a file, its folder removed.
std::string complaint(const std::function<void()>& act) {
  try {
    act();
  } catch (const InputError& error) {
    const std::string text = error.what();
    const size_t name = text.find("aha_rows");
    return name == std::string::npos ? text : text.substr(name);
  }
  return "nothing was thrown";
}
std::string complaint_about(const std::string& bytes) {
  return complaint([&] { load_examples(file_of(bytes)); });
}

TEST(ReadJsonl, TakesMarksCarriageReturnsAndBlankLines) {
  const auto rows = rows_of("\xEF\xBB\xBF{\"a\":1}\r\n\r\n  \n{\"b\":[1,{\"c\":null}]}");
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[0], (std::pair<int64_t, json>{1, {{"a", 1}}}));
  EXPECT_EQ(rows[1].first, 4);
  EXPECT_EQ(rows[1].second, json::parse(R"({"b":[1,{"c":null}]})"));
  EXPECT_TRUE(rows_of("").empty());
}

TEST(ReadJsonl, KeepsValuesExactly) {
  const std::string text =
      R"({"i":-9007199254740993,"u":18446744073709551615,"f":0.1,"s":"\u0000é\n","t":true,"e":{}})";
  EXPECT_EQ(rows_of(text + "\n")[0].second, json::parse(text));
}

TEST(ReadJsonl, GoesOnAfterABadLineThatSomeoneTakes) {
  const std::string long_line = "\"" + std::string(64'000'001, 'x');
  const auto path = file_of("{\"a\":1}\n{\"b\":\n" + long_line + "\n\n[1]\n{\"c\":2}");
  std::vector<int64_t> good, bad;
  std::vector<std::string> sentences;
  const auto take = [&](int64_t line, const auto&) { good.push_back(line); };
  read_jsonl(path, take, [&](int64_t line, const InputError& error) {
    bad.push_back(line);
    sentences.push_back(error.what());
  });
  EXPECT_EQ(good, (std::vector<int64_t>{1, 6}));
  EXPECT_EQ(bad, (std::vector<int64_t>{2, 3, 5}));
  EXPECT_NE(sentences[0].find("aha_rows.jsonl:2: broken JSON"), std::string::npos) << sentences[0];
  EXPECT_NE(sentences[1].find("aha_rows.jsonl:3: is longer than 64 MB"), std::string::npos) << sentences[1];
  EXPECT_NE(sentences[2].find("aha_rows.jsonl:5: is a JSON array"), std::string::npos) << sentences[2];
}

TEST(ReadJsonl, PassesOnWhatItsReaderThrows) {
  const auto refuse = [](int64_t, const InputError&) { FAIL() << "no line is bad"; };
  const auto take = [](int64_t, const auto&) { throw InputError("here", "no more"); };
  EXPECT_EQ(complaint([&] { read_jsonl(file_of("{}"), take, refuse); }), "here: no more");
  const auto absent = std::filesystem::path(testing::TempDir()) / "absent.jsonl";
  EXPECT_THROW(read_jsonl(absent, take, refuse), InputError);
}

TEST(ReadJsonl, ReadsLinesAcrossChunks) {
  std::string bytes;
  for (int i = 0; i < 3000; ++i)
    bytes += R"({"n":)" + std::to_string(i) + R"(,"pad":")" + std::string(i % 97, 'x') + "\"}\n";
  const auto rows = rows_of(bytes);
  ASSERT_EQ(rows.size(), 3000u);
  for (int i = 0; i < 3000; ++i) EXPECT_EQ(rows[i].second["n"], i);
}

TEST(ReadJsonl, NamesTheBadLine) {
  EXPECT_EQ(complaint_about("{\"text\":\"x\"}\n{\"text\":\"x\",\"text\":\"y\"}\n"),
            "aha_rows.jsonl:2: has the key `text` twice; keep one");
  EXPECT_EQ(complaint_about("{\"text\":\"\xC3\x28\"}"), "aha_rows.jsonl:1: is not UTF-8 at byte 10; save it as UTF-8");
  EXPECT_EQ(complaint_about("\n[1]\n"), "aha_rows.jsonl:2: is a JSON array; each line must be an object");
  EXPECT_EQ(complaint_about("{\"text\":" + std::string(64, '[') + std::string(64, ']') + "}"),
            "aha_rows.jsonl:1: is nested deeper than 64 levels");
  EXPECT_TRUE(complaint_about("{\"text\":\"x\"}\n\n{\"text\": \"cut")
                  .starts_with("aha_rows.jsonl:3: broken JSON, line 1, column"));
  EXPECT_TRUE(complaint_about("{\"text\":\"x\"} {}").starts_with("aha_rows.jsonl:1: broken JSON"));
  EXPECT_TRUE(complaint_about("{\"text\":nan}").starts_with("aha_rows.jsonl:1: broken JSON"));
  EXPECT_TRUE(complaint_about("{\"text\":\"x\",\"n\":1e999}").starts_with("aha_rows.jsonl:1: broken JSON"));
}

TEST(ReadJsonl, AcceptsSixtyFourLevels) {
  EXPECT_EQ(rows_of("{\"a\":" + std::string(63, '[') + std::string(63, ']') + "}").size(), 1u);
}

TEST(ReadJsonl, SurvivesDeepNesting) {
  EXPECT_EQ(complaint_about(std::string(5'000'000, '[')), "aha_rows.jsonl:1: is nested deeper than 64 levels");
}

TEST(ReadJsonl, NamesAMissingFile) {
  EXPECT_EQ(complaint([] { load_examples("no/such.jsonl"); }), "no/such.jsonl: is not there; check the path");
  EXPECT_TRUE(complaint([] { load_examples(testing::TempDir()); }).ends_with("is a folder; name a file of JSON lines"));
}

TEST(ReadJsonl, RefusesAnEndlessLine) {
  EXPECT_EQ(complaint_about("{\"text\":\"" + std::string(64'000'001, 'x') + "\"}"),
            "aha_rows.jsonl:1: is longer than 64 MB; split the row");
}

TEST(LoadExamples, TakesTrlShapes) {
  const auto examples = load_examples(file_of(
      R"({"text":"once"}
{"messages":[{"role":"user","content":"hi"},{"role":"assistant","content":"yo"}]}
{"prompt":"1+1","solution":"2","difficulty":3,"task":"sums","extra":[1]}
{"prompt":"1+1","completion":" 2","answer":2}
{"prompt":[{"role":"user","content":"q"}],"completion":[{"role":"assistant","content":"a"}]}
{"prompt":"p","chosen":"c","rejected":"r"}
)"));
  ASSERT_EQ(examples.size(), 6u);
  EXPECT_EQ(examples[0].text, "once");
  EXPECT_EQ(examples[0].task, "aha_rows");
  ASSERT_EQ(examples[1].messages.size(), 2u);
  EXPECT_EQ(examples[1].messages[1].role, "assistant");
  EXPECT_EQ(examples[1].messages[1].content, "yo");
  EXPECT_EQ(examples[2].prompt, "1+1");
  EXPECT_EQ(examples[2].answer, "2");
  EXPECT_EQ(examples[2].task, "sums");
  EXPECT_EQ(examples[2].difficulty, 3);
  EXPECT_EQ(examples[2].columns["extra"], json::array({1}));
  EXPECT_EQ(examples[3].completion, " 2");
  EXPECT_EQ(examples[3].answer, "2");
  ASSERT_EQ(examples[4].messages.size(), 2u);
  EXPECT_EQ(examples[4].messages[1].content, "a");
  EXPECT_EQ(examples[5].columns["rejected"], "r");
}

TEST(LoadExamples, KeepsTheOrderOfFunctionsAndTheirArguments) {
  const auto examples = load_examples(file_of(
      R"({"messages":[{"role":"user","content":"q"},{"role":"assistant","content":null,"reasoning_content":"r",)"
      R"("tool_calls":[{"type":"function","function":{"name":"f","arguments":{"y":1,"x":2}}}]},)"
      R"({"role":"tool","name":"f","content":"3"}],"tools":[{"type":"function","function":{"name":"f"}}]})"));
  ASSERT_EQ(examples.size(), 1u);
  const std::vector<Message>& messages = examples[0].messages;
  EXPECT_EQ(messages[1].content, "");
  EXPECT_EQ(messages[1].reasoning_content, "r");
  EXPECT_EQ(messages[1].tool_calls.dump(),
            R"([{"type":"function","function":{"name":"f","arguments":{"y":1,"x":2}}}])");
  EXPECT_EQ(messages[2].role, "tool");
  EXPECT_EQ(examples[0].tools.dump(), R"([{"type":"function","function":{"name":"f"}}])");
  EXPECT_TRUE(examples[0].columns.contains("tools"));
}

TEST(ReadJsonl, ReadsAWideRowInOneGo) {
  std::string row = "{\"text\":\"x\"";
  for (int i = 0; i < 100'000; ++i) row += ",\"" + std::to_string(i) + "\":0";
  EXPECT_EQ(load_examples(file_of(row + "}")).front().columns.size(), 100'001u);
  EXPECT_EQ(complaint_about(row + ",\"99\":1}"), "aha_rows.jsonl:1: has the key `99` twice; keep one");
}

TEST(LoadExamples, NamesTheWrongField) {
  EXPECT_EQ(complaint_about(R"({"question":"x"})"),
            "aha_rows.jsonl:1: has none of `prompt`, `messages` and `text`; a row needs one of them");
  EXPECT_EQ(complaint_about(R"({"prompt":5})"),
            "aha_rows.jsonl:1: `prompt` is a JSON number; it must be a string or a list of messages");
  EXPECT_EQ(complaint_about(R"({"text":["x"]})"), "aha_rows.jsonl:1: `text` is a JSON array; it must be a string");
  EXPECT_EQ(complaint_about(R"({"prompt":"x","answer":["x"]})"),
            "aha_rows.jsonl:1: `answer` is a JSON array; it must be a string");
  EXPECT_EQ(complaint_about(R"({"messages":[]})"),
            "aha_rows.jsonl:1: `messages` is empty; it must hold at least one message");
  EXPECT_EQ(complaint_about(R"({"messages":[{"role":"user"}]})"), "aha_rows.jsonl:1: `messages.0` has no `content`");
  EXPECT_EQ(complaint_about(R"({"messages":[{"role":"bot","content":""}]})"),
            "aha_rows.jsonl:1: `messages.0.role` is `bot`; use system, user, assistant or tool");
  EXPECT_EQ(complaint_about(R"({"messages":[{"role":"user","content":"","tool_calls":[{"name":"f"}]}]})"),
            "aha_rows.jsonl:1: `messages.0.tool_calls` stands in a message of the user; only an assistant calls "
            "functions");
  EXPECT_EQ(complaint_about(R"({"text":"x","tools":{}})"),
            "aha_rows.jsonl:1: `tools` is a JSON object; it must be a list of function schemas");
  EXPECT_EQ(complaint_about(R"({"prompt":"x","difficulty":1.5})"),
            "aha_rows.jsonl:1: `difficulty` is a JSON number; it must be an integer (rename the column if it means "
            "something else)");
}

TEST(JsonLine, KeepsOrderAndReplacesBadBytes) {
  EXPECT_EQ(json_line({{"z", 1}, {"a", "x\xFF"}, {"m", "得\n"}}),
            "{\"z\":1,\"a\":\"x\xEF\xBF\xBD\",\"m\":\"得\\n\"}\n");
}

}  // namespace
}  // namespace aha::data::jsonl_test
