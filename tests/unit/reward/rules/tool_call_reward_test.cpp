// Calls in the forms that models write them, against the calls that were expected.
#include "reward/rules/tool_call_reward.h"

#include <gtest/gtest.h>

#include "aha/core/error.h"

namespace aha::reward::tool_call_reward_test {
namespace {

using nlohmann::json;

const json kRain = {{"name", "weather"}, {"arguments", {{"city", "Oslo"}, {"days", 3}}}};
const json kTime = {{"name", "time"}, {"arguments", json::object()}};

data::Example expecting(const json& calls, bool in_order = false) {
  data::Example example;
  example.columns["tool_calls"] = calls;
  if (in_order) example.columns["tool_calls_in_order"] = true;
  return example;
}

std::string tagged(const json& call) { return "<tool_call>\n" + call.dump() + "\n</tool_call>"; }

Score score(const std::string& completion, const data::Example& example) {
  return ToolCallReward().score(completion, example);
}

TEST(ToolCallReward, ReadsTheFormsOfACall) {
  for (const std::string& good : {
           tagged(kRain),
           "<think>I look it up. <tool_call>{}</tool_call></think>Let me see.\n" + tagged(kRain),
           "<answer>" + tagged(kRain) + "</answer>",
           kRain.dump(),
           "[" + kRain.dump() + "]",
           "```json\n" + kRain.dump(2) + "\n```",
           std::string(R"({"arguments": {"days": 3.0, "city": "Oslo"}, "name": "weather"})"),
           std::string(R"({"name": "weather", "parameters": {"city": "Oslo", "days": 3}})"),
           std::string(R"({"name": "weather", "arguments": "{\"city\": \"Oslo\", \"days\": 3}"})"),
           R"({"type": "function", "id": "c1", "function": )" + kRain.dump() + "}",
       }) {
    EXPECT_EQ(score(good, expecting(kRain)).value, 1.0) << good;
    EXPECT_EQ(score(good, expecting(json::array({kRain}))).value, 1.0) << good;
  }
}

TEST(ToolCallReward, RefusesWhatIsNoCall) {
  for (const std::string& bad : {
           std::string("<tool_call>" + kRain.dump()),
           std::string(kRain.dump() + "</tool_call>"),
           std::string("<tool_call><tool_call>" + kRain.dump() + "</tool_call></tool_call>"),
           std::string("<tool_call>weather(Oslo)</tool_call>"),
           std::string("<tool_call></tool_call>"),
           tagged(kRain) + tagged(json{{"name", "weather"}, {"arguments", 3}}),
           std::string(R"({"name": "weather", "arguments": {"city": "Oslo", "city": "Rome"}})"),
           std::string(R"({"name": "weather", "arguments": {}, "parameters": {}})"),
           std::string(R"({"name": "weather", "arguments": {}, "note": 1})"),
           std::string(R"({"function": {"function": {"name": "weather"}}})"),
           std::string(R"({"name": 3})"),
           std::string("<think>" + kRain.dump()),
       }) {
    const Score found = score(bad, expecting(kRain));
    EXPECT_EQ(found.value, 0.0) << bad;
    EXPECT_EQ(found.detail["verdict"], "unparsable") << bad;
  }
}

TEST(ToolCallReward, SaysWhatIsMissingAndUnexpected) {
  const json other = {{"name", "weather"}, {"arguments", {{"city", "Oslo"}, {"days", "3"}}}};
  const Score found = score(tagged(other) + tagged(kTime), expecting({kRain, kTime}));
  EXPECT_EQ(found.value, 0.0);
  EXPECT_EQ(found.detail["verdict"], "different");
  EXPECT_EQ(found.detail["missing"].dump(),
            R"(["{\"arguments\":{\"city\":\"Oslo\",\"days\":3},\"name\":\"weather\"}"])");
  EXPECT_EQ(found.detail["unexpected"].size(), 1);
  for (const std::string& wrong :
       {tagged(kRain) + tagged(kRain), tagged(kTime), std::string("It rains."), std::string()}) {
    EXPECT_EQ(score(wrong, expecting(kRain)).detail["verdict"], "different") << wrong;
    EXPECT_EQ(score(wrong, expecting(kRain)).value, 0.0) << wrong;
  }
}

TEST(ToolCallReward, OrderCountsWhereTheRowSaysSo) {
  const std::string turned = tagged(kTime) + tagged(kRain);
  EXPECT_EQ(score(turned, expecting({kRain, kTime})).value, 1.0);
  EXPECT_EQ(score(turned, expecting({kTime, kRain}, true)).value, 1.0);
  const Score found = score(turned, expecting({kRain, kTime}, true));
  EXPECT_EQ(found.value, 0.0);
  EXPECT_EQ(found.detail["reason"], "the calls are in another order");
}

TEST(ToolCallReward, ExpectsNothingFromAnEmptyList) {
  EXPECT_EQ(score("No tool helps here.", expecting(json::array())).value, 1.0);
  EXPECT_EQ(score(tagged(kRain), expecting(json::array())).value, 0.0);
  EXPECT_EQ(score("<tool_call>broken", expecting(json::array())).value, 0.0);
}

TEST(ToolCallReward, ReadsTheExpectedCallsAsTheyStandInDatasets) {
  data::Example example;
  example.answer = kRain.dump();
  EXPECT_EQ(score(tagged(kRain), example).value, 1.0);
  EXPECT_EQ(score(tagged(kRain), expecting(json::array({kRain}).dump())).value, 1.0);
  const json openai = json::array({{{"type", "function"}, {"function", {{"name", "time"}, {"arguments", "{}"}}}}});
  EXPECT_EQ(score(tagged(kTime), expecting(openai)).value, 1.0);
  EXPECT_EQ(score(R"({"name": "time"})", expecting(openai)).value, 1.0);
}

TEST(ToolCallReward, ABrokenExpectationIsAFaultOfTheRow) {
  const ToolCallReward reward;
  data::Example prose;
  prose.answer = "call the weather";
  data::Example unordered = expecting(kRain);
  unordered.columns["tool_calls_in_order"] = "yes";
  for (const data::Example& broken : {data::Example(), prose, expecting(json{{"nam", "x"}}), unordered})
    EXPECT_THROW(reward.check_example(broken, "f:1"), InputError);
  EXPECT_EQ(score("", prose).value, std::nullopt);
  EXPECT_EQ(score("", prose).detail["verdict"], "unparsable_gold");
  EXPECT_NO_THROW(reward.check_example(expecting(kRain, true), "f:1"));
}

}  // namespace
}  // namespace aha::reward::tool_call_reward_test
