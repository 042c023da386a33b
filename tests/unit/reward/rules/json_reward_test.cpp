// What counts as the answer, and what as JSON.
#include "reward/rules/json_reward.h"

#include <gtest/gtest.h>

#include <fstream>

#include "aha/core/error.h"
#include "unit/core/temporary_folder.h"

namespace aha::reward::json_reward_test {
namespace {

const char* kSchema = R"({"type":"object","properties":{"n":{"type":"integer"}},"required":["n"]})";

data::Example with_schema(const nlohmann::json& schema) {
  data::Example example;
  if (!schema.is_null()) example.columns["schema"] = schema;
  return example;
}

Score score(const std::string& completion, const nlohmann::json& schema = kSchema) {
  return JsonReward(JsonOptions()).score(completion, with_schema(schema));
}

TEST(JsonReward, FindsTheAnswer) {
  for (const char* good : {
           R"({"n": 1})",
           "\n {\"n\": 1}\n",
           "<think>first {\"n\": \"x\"}</think>{\"n\": 1}",
           "<think>a</think><answer>{\"n\": 1}</answer>",
           "<think>a</think><answer>```json\n{\"n\": 1}\n```</answer>",
           "Here it is:\n```json\n{\"n\": 1}\n```\nDone.",
           "```json\n{\"n\": \"x\"}\n```\nNo:\n```\n{\"n\": 1}\n```",
           "```python\nprint(1)\n```\n```json\n{\"n\": 1}\n```\n```text\nend\n```",
       }) {
    EXPECT_EQ(score(good).value, 1.0) << good;
    EXPECT_EQ(score(good).detail.dump(), R"({"verdict":"matches"})") << good;
  }
}

TEST(JsonReward, RefusesWhatIsNoJson) {
  for (const char* bad : {
           "",
           "none",
           "{'n': 1}",
           R"({"n": 1,})",
           R"({"n": 1} and more)",
           R"(so {"n": 1})",
           R"({"n": 1, "n": 1})",
           R"({"n": NaN})",
           "// c\n{\"n\": 1}",
           R"({"n": 01})",
           "{\"n\": 1",
           "<think>{\"n\": 1}",
           "<answer>{\"n\": 1}",
           "\xff",
           "<answer>{\"n\":1}</answer><answer>{\"n\":1}</answer>",
       }) {
    const Score found = score(bad);
    EXPECT_EQ(found.value, 0.0) << bad;
    EXPECT_EQ(found.detail["verdict"], "unparsable") << bad;
    EXPECT_NE(found.detail["reason"], "") << bad;
  }
  EXPECT_EQ(score(std::string(100'000, '[')).detail["verdict"], "unparsable");
  EXPECT_EQ(score(std::string(2 << 20, ' ') + "1").detail["reason"], "the completion is longer than 1 MB");
}

TEST(JsonReward, SaysWhatDiffers) {
  const Score found = score(R"({"n": "1"})");
  EXPECT_EQ(found.value, 0.0);
  EXPECT_EQ(found.detail.dump(), R"({"verdict":"different","place":"/n","reason":"is no integer"})");
}

TEST(JsonReward, NeedsNoSchema) {
  EXPECT_EQ(score("[1, 2]", nullptr).value, 1.0);
  EXPECT_EQ(score("[1, 2", nullptr).value, 0.0);
}

TEST(JsonReward, TakesTheSchemaFromTheRowOrTheFile) {
  const test::TemporaryFolder folder;
  std::ofstream(folder / "s.json") << R"({"type":"array"})";
  JsonOptions options;
  options.schema = (folder / "s.json").string();
  const JsonReward reward(options);
  EXPECT_EQ(reward.score("[]", data::Example()).value, 1.0);
  EXPECT_EQ(reward.score("{}", data::Example()).value, 0.0);
  EXPECT_EQ(reward.score("{}", with_schema(nlohmann::json{{"type", "object"}})).value, 1.0);
  std::ofstream(folder / "s.json") << R"({"typ":"array"})";
  EXPECT_THROW(JsonReward{options}, InputError);
  options.schema += "x";
  EXPECT_THROW(JsonReward{options}, InputError);
}

TEST(JsonReward, ABrokenSchemaIsAFaultOfTheRow) {
  const JsonReward reward{JsonOptions()};
  for (const nlohmann::json& broken : {nlohmann::json("{"), nlohmann::json(3), nlohmann::json{{"typ", "array"}}}) {
    EXPECT_THROW(reward.check_example(with_schema(broken), "f:1"), InputError);
    const Score found = reward.score("[]", with_schema(broken));
    EXPECT_EQ(found.value, std::nullopt);
    EXPECT_EQ(found.detail["verdict"], "unparsable_gold");
  }
  EXPECT_NO_THROW(reward.check_example(with_schema(kSchema), "f:1"));
  EXPECT_NO_THROW(reward.check_example(data::Example(), "f:1"));
}

TEST(JsonReward, EqualValuesAreEqualVotes) {
  const JsonReward reward{JsonOptions()};
  EXPECT_EQ(reward.extract("```json\n{\"b\": 2, \"a\": 1}\n```"), R"({"a":1,"b":2})");
  EXPECT_EQ(reward.extract("none"), "");
}

}  // namespace
}  // namespace aha::reward::json_reward_test
