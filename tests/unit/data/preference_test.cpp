// Rows of preferences in TRL's shapes, and what is said of those that have none.
#include "aha/data/preference.h"

#include <gtest/gtest.h>

#include <fstream>

#include "aha/core/error.h"
#include "unit/core/temporary_folder.h"

namespace aha::data::preference_test {
namespace {

class PreferenceRows : public testing::Test {
 protected:
  std::filesystem::path file(const std::string& text) {
    std::ofstream(folder_ / "rows.jsonl") << text;
    return folder_ / "rows.jsonl";
  }
  /// What is said of the one row, behind the file's name.
  std::string of_pair(const std::string& row) {
    return fault([&] { load_preference_rows(file(row)); });
  }
  std::string of_label(const std::string& row) {
    return fault([&] { load_labelled_rows(file(row)); });
  }

 private:
  template <class Action>
  std::string fault(Action action) {
    const std::string sentence = test::sentence_of<InputError>(action);
    const size_t place = sentence.find("rows.jsonl");
    return place == std::string::npos ? sentence : sentence.substr(place);
  }
  test::TemporaryFolder folder_;
};

TEST_F(PreferenceRows, OfStrings) {
  const auto rows =
      load_preference_rows(file("{\"prompt\": \"1+1\", \"chosen\": \"2\", \"rejected\": \"3\", \"margin\": 0.5}\n\n"
                                "{\"prompt\": \"\", \"chosen\": \"a\", \"rejected\": \"b\"}\n"));
  ASSERT_EQ(rows.size(), 2);
  EXPECT_EQ(rows[0].chosen.prompt, "1+1");
  EXPECT_EQ(rows[0].chosen.completion, "2");
  EXPECT_EQ(rows[0].rejected.completion, "3");
  EXPECT_EQ(rows[0].margin, 0.5);
  EXPECT_EQ(rows[1].margin, 0);
  EXPECT_TRUE(rows[1].place.ends_with("rows.jsonl:3"));
}

constexpr const char* kUser = R"({"role": "user", "content": "q"})";
std::string assistant(const std::string& text) { return R"({"role": "assistant", "content": ")" + text + "\"}"; }
std::string list(const std::string& messages) { return "[" + messages + "]"; }

TEST_F(PreferenceRows, OfMessagesWithAPromptOrWithout) {
  const std::string user = kUser;
  const std::string with = R"({"prompt": )" + list(user) + R"(, "chosen": )" + list(assistant("a")) +
                           R"(, "rejected": )" + list(assistant("b")) + "}\n";
  const std::string without = R"({"chosen": )" + list(user + "," + assistant("a")) + R"(, "rejected": )" +
                              list(user + "," + assistant("b")) + "}\n";
  for (const PreferenceRow& row : load_preference_rows(file(with + without))) {
    ASSERT_EQ(row.chosen.messages.size(), 2);
    EXPECT_EQ(row.chosen.messages[0].content, "q");
    EXPECT_EQ(row.chosen.messages[1].content, "a");
    EXPECT_EQ(row.rejected.messages[1].content, "b");
  }
}

TEST_F(PreferenceRows, WithLabels) {
  const auto rows = load_labelled_rows(file(R"({"prompt": "p", "completion": "c", "label": true})"
                                            "\n"
                                            R"({"prompt": "p", "completion": "c", "label": 0.25})"));
  ASSERT_EQ(rows.size(), 2);
  EXPECT_EQ(rows[0].label, 1);
  EXPECT_EQ(rows[0].answered.completion, "c");
  EXPECT_EQ(rows[1].label, 0.25);
}

TEST_F(PreferenceRows, ThatAreWrongAreNamed) {
  EXPECT_EQ(of_pair(R"({"prompt": "p", "chosen": "c"})"),
            "rows.jsonl:1: has no `rejected`; a row needs `prompt`, `chosen` and `rejected`");
  EXPECT_EQ(of_pair(R"({"chosen": "c", "rejected": "r"})"),
            "rows.jsonl:1: has no `prompt`; only rows of messages can do without one");
  EXPECT_EQ(of_pair("\n[1]"), "rows.jsonl:2: is a JSON array; each line must be an object");
  EXPECT_EQ(of_pair(R"({"prompt": "p", "chosen": 7, "rejected": "r"})"),
            "rows.jsonl:1: `chosen` is a JSON number, but `prompt` is a string; both must be strings, or both lists of "
            "messages");
  EXPECT_EQ(of_pair(R"({"prompt": "p", "chosen": "c", "rejected": ""})"),
            "rows.jsonl:1: `rejected` is empty; it must hold a completion");
  EXPECT_EQ(of_pair(R"({"prompt": "p", "chosen": "c", "rejected": "r", "margin": "big"})"),
            "rows.jsonl:1: `margin` is a JSON string; it must be a number");
  const std::string user = kUser;
  EXPECT_EQ(of_pair(R"({"chosen": )" + list(user) + R"(, "rejected": )" + list(assistant("b")) + "}"),
            "rows.jsonl:1: has no `prompt`, and `chosen` and `rejected` begin with different messages");
  EXPECT_EQ(of_pair(R"({"chosen": )" + list(user) + R"(, "rejected": )" + list(user + "," + assistant("b")) + "}"),
            "rows.jsonl:1: has no completion of its own in `chosen`: all of its messages stand in the other too");
  EXPECT_EQ(of_pair(R"({"prompt": )" + list(user) + R"(, "chosen": [{"role": "poet", "content": "x"}], "rejected": )" +
                    list(assistant("b")) + "}"),
            "rows.jsonl:1: `chosen.0.role` is `poet`; use system, user, assistant or tool");
  EXPECT_EQ(of_label(R"({"prompt": "p", "completion": "c"})"),
            "rows.jsonl:1: has no `label`; a row needs `prompt`, `completion` and `label`");
  EXPECT_EQ(of_label(R"({"prompt": "p", "completion": "c", "label": 2})"),
            "rows.jsonl:1: `label` must be true, false or a number between 0 and 1");
}

}  // namespace
}  // namespace aha::data::preference_test
