// JSON of untrusted folders: size, depth and keys are held to limits.
#include "model/json_file.h"

#include <gtest/gtest.h>

#include "aha/core/error.h"
#include "aha/core/file.h"
#include "unit/core/temporary_folder.h"

namespace aha::model::json_file_test {
namespace {

std::string refusal(const std::string& text, int64_t max_bytes = 1'000'000) {
  const test::TemporaryFolder folder;
  write_file_atomic(folder / "config.json", text);
  return test::sentence_of<InputError>([&] { read_json_file(folder / "config.json", max_bytes); });
}

TEST(JsonFile, ReadsWhatIsThere) {
  const test::TemporaryFolder folder;
  write_file_atomic(folder / "config.json", R"({"a": {"x": 1}, "b": {"x": [2, {"x": 3}]}})");
  EXPECT_EQ(read_json_file(folder / "config.json", 100)["b"]["x"][1]["x"], 3);
}

TEST(JsonFile, RefusesInOneSentence) {
  const std::vector<std::pair<std::string, const char*>> cases = {
      {"", "config.json: is not JSON (at byte 1); repair the file"},
      {R"({"a": 1} x)", "config.json: is not JSON (at byte 10)"},
      {R"({"a": 1e999})", "config.json: is not JSON that can be read (error 406)"},
      {"{\"a\": \"\xff\"}", "config.json: is not JSON (at byte"},
      {R"({"a": 1, "b": {"a": 2}, "a": 3})", "config.json: has the key \"a\" twice"},
      {std::string(65, '[') + std::string(65, ']'), "config.json: nests deeper than 64 levels"},
      {std::string(900'000, '['), "config.json: nests deeper than 64 levels"},
      {std::string(1'000'001, ' '), "config.json: is larger than 1000000 bytes"},
  };
  for (const auto& [text, sentence] : cases) {
    EXPECT_NE(refusal(text).find(sentence), std::string::npos) << refusal(text);
  }
  EXPECT_EQ(refusal(std::string(64, '[') + std::string(64, ']')), "nothing was thrown");
}

}  // namespace
}  // namespace aha::model::json_file_test
