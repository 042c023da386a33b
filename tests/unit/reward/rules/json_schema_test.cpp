// Keyword by keyword: values that fit, and values that do not.
#include "reward/rules/json_schema.h"

#include <gtest/gtest.h>

#include "aha/core/error.h"
#include "aha/data/jsonl.h"

namespace aha::reward::json_schema_test {
namespace {

using nlohmann::json;
using Verdict = JsonSchema::Verdict;

json parsed(const std::string& text) { return data::parse_json(text, "test"); }

JsonSchema::Finding check(const std::string& schema, const std::string& value) {
  return JsonSchema(parsed(schema), "s").check(parsed(value));
}

struct KeywordCase {
  const char* schema;
  std::vector<const char*> fitting, other;
};

const KeywordCase kCases[] = {
    {"true", {"1", "null"}, {}},
    {"false", {}, {"1", "{}"}},
    {"{}", {"1", "[]"}, {}},
    {R"({"type":"integer"})", {"1", "-3", "1.0", "1e3"}, {"1.5", "\"1\"", "true", "null"}},
    {R"({"type":"number"})", {"1", "1.5"}, {"\"1\"", "false"}},
    {R"({"type":["string","null"]})", {"\"a\"", "null"}, {"1", "[]"}},
    {R"({"type":"boolean"})", {"true"}, {"1", "0"}},
    {R"({"enum":[1,"a",null,{"b":[2]}]})", {"1", "1.0", "\"a\"", "null", R"({"b":[2]})"}, {"2", "\"A\"", "true", "{}"}},
    {R"({"const":{"a":1,"b":2}})", {R"({"b":2,"a":1.0})"}, {R"({"a":1})"}},
    {R"({"const":1})", {"1"}, {"true"}},
    {R"({"minimum":2,"maximum":3})", {"2", "3", "2.5", "\"x\""}, {"1", "3.1"}},
    {R"({"exclusiveMinimum":2,"exclusiveMaximum":3})", {"2.5"}, {"2", "3"}},
    {R"({"multipleOf":0.01})", {"19.99", "0", "-0.03", "4"}, {"19.995", "0.001"}},
    {R"({"multipleOf":3})", {"9", "-9", "0", "9.0"}, {"10", "9.5"}},
    {R"({"minLength":2,"maxLength":3})", {"\"ab\"", "\"äöü\"", "\"😀😀\""}, {"\"a\"", "\"😀\"", "\"abcd\""}},
    {R"({"pattern":"^[a-z]+\\d$"})", {"\"abc1\"", "7"}, {"\"abc\"", "\"abc1\\n\"", "\"abc\\u0663\""}},
    {R"({"minItems":1,"maxItems":2})", {"[1]", "[1,2]", "{}"}, {"[]", "[1,2,3]"}},
    {R"({"uniqueItems":true})",
     {"[]", "[1,2,\"1\",true]", "[[1],[2]]"},
     {"[1,1.0]", R"([{"a":1},{"a":1}])", "[null,null]"}},
    {R"({"items":{"type":"integer"}})", {"[]", "[1,2]"}, {"[1,\"2\"]"}},
    {R"({"prefixItems":[{"type":"string"},{"type":"integer"}],"items":false})",
     {"[]", "[\"a\"]", "[\"a\",1]"},
     {"[1]", "[\"a\",1,2]"}},
    {R"({"contains":{"const":1}})", {"[1]", "[2,1]"}, {"[]", "[2]"}},
    {R"({"contains":{"const":1},"minContains":2,"maxContains":3})", {"[1,1]", "[1,1,1]"}, {"[1]", "[1,1,1,1]"}},
    {R"({"contains":{"const":1},"minContains":0})", {"[]", "[2]"}, {}},
    {R"({"properties":{"a":{"type":"integer"}},"required":["a"]})", {R"({"a":1,"b":2})", "[]"}, {R"({"a":"1"})", "{}"}},
    {R"({"properties":{"a":true},"additionalProperties":false})", {"{}", R"({"a":1})"}, {R"({"a":1,"b":2})"}},
    {R"({"patternProperties":{"^x":{"type":"integer"}},"additionalProperties":{"type":"string"}})",
     {R"({"x1":1,"b":"s"})"},
     {R"({"x1":"1"})", R"({"b":1})"}},
    {R"({"propertyNames":{"maxLength":2}})", {R"({"ab":1})"}, {R"({"abc":1})"}},
    {R"({"minProperties":1,"maxProperties":2})", {R"({"a":1})"}, {"{}", R"({"a":1,"b":2,"c":3})"}},
    {R"({"dependentRequired":{"a":["b"]}})", {"{}", R"({"b":1})", R"({"a":1,"b":1})"}, {R"({"a":1})"}},
    {R"({"allOf":[{"minimum":1},{"maximum":3}]})", {"2"}, {"0", "4"}},
    {R"({"anyOf":[{"type":"string"},{"minimum":3}]})", {"\"a\"", "3"}, {"2"}},
    {R"({"oneOf":[{"multipleOf":2},{"multipleOf":3}]})", {"2", "3"}, {"1", "6"}},
    {R"({"not":{"type":"string"}})", {"1"}, {"\"a\""}},
    {R"({"if":{"type":"integer"},"then":{"minimum":1},"else":{"type":"string"}})", {"1", "\"a\""}, {"0", "null"}},
    {R"({"then":false})", {"1"}, {}},
    {R"({"$ref":"#/$defs/a","maximum":3,"$defs":{"a":{"minimum":1}}})", {"2"}, {"0", "4"}},
    {R"({"properties":{"child":{"$ref":"#"}},"required":["n"]})",
     {R"({"n":1,"child":{"n":2}})"},
     {R"({"n":1,"child":{"child":{}}})"}},
    {R"({"$ref":"#/definitions/a~1b","definitions":{"a/b":{"type":"null"}}})", {"null"}, {"1"}},
    {R"({"format":"email","title":"t","description":"d","default":1,"examples":[1],"$comment":"c"})", {"1"}, {}},
};

TEST(JsonSchema, FitsKeywordByKeyword) {
  for (const KeywordCase& c : kCases) {
    for (const char* value : c.fitting)
      EXPECT_EQ(check(c.schema, value).verdict, Verdict::kMatches) << c.schema << value;
    for (const char* value : c.other) EXPECT_EQ(check(c.schema, value).verdict, Verdict::kDiffers) << c.schema << value;
  }
}

TEST(JsonSchema, KnowsTheEdgesOfIntegers) {
  // -2^63 / -1 has no result in 64 bits; 2^64 - 1 has no sign to spare.
  EXPECT_EQ(check(R"({"multipleOf":1})", "-9223372036854775808").verdict, Verdict::kMatches);
  EXPECT_EQ(check(R"({"multipleOf":2})", "-9223372036854775807").verdict, Verdict::kDiffers);
  EXPECT_EQ(check(R"({"multipleOf":5,"minimum":0})", "18446744073709551615").verdict, Verdict::kMatches);
  EXPECT_EQ(check(R"({"multipleOf":0.5})", "1e308").verdict, Verdict::kDiffers) << "the quotient is infinite";
}

TEST(JsonSchema, SaysWhereAndWhy) {
  const auto finding = check(R"({"properties":{"a/b":{"items":{"type":"integer"}}}})", R"({"a/b":[1,"x"]})");
  EXPECT_EQ(finding.place, "/a~1b/1");
  EXPECT_EQ(finding.reason, "is no integer");
  EXPECT_EQ(check(R"({"required":["name"]})", "{}").reason, "lacks the member `name`");
  EXPECT_EQ(check(R"({"anyOf":[{"type":"string"},{"type":"null"}]})", "1").reason, "is not what `anyOf` asks");
  EXPECT_EQ(check(R"({"oneOf":[true,true]})", "1").reason, "fits 2 schemas of `oneOf`, not one");
}

std::string refusal(const std::string& schema) {
  try {
    JsonSchema(parsed(schema), "rows.jsonl, row 3");
  } catch (const InputError& error) {
    return error.what();
  }
  return "";
}

TEST(JsonSchema, NamesWhatIsWrongInASchema) {
  EXPECT_EQ(refusal(R"({"properties":{"a":{"minumum":1}}})"),
            "rows.jsonl, row 3, #/properties/a/minumum: is a keyword that is not supported; leave it out");
  EXPECT_EQ(refusal(R"({"type":"text"})"),
            "rows.jsonl, row 3, #/type: `text` is no type; types are null boolean object array string number integer");
  EXPECT_EQ(refusal(R"({"items":[{}]})"),
            "rows.jsonl, row 3, #/items: must be one schema; a list of schemas is called prefixItems");
  for (const char* wrong : {"1",
                            "[]",
                            R"({"type":[]})",
                            R"({"enum":1})",
                            R"({"minLength":-1})",
                            R"({"minLength":1.5})",
                            R"({"minLength":"1"})",
                            R"({"multipleOf":0})",
                            R"({"exclusiveMinimum":true})",
                            R"({"required":"a"})",
                            R"({"required":[1]})",
                            R"({"properties":[]})",
                            R"({"properties":{"a":1}})",
                            R"({"anyOf":[]})",
                            R"({"anyOf":{}})",
                            R"({"pattern":"("})",
                            R"({"$ref":"#/$defs/b"})",
                            R"({"$ref":"http://example.com/s"})",
                            R"({"$ref":"#"})",
                            R"({"allOf":[{"$ref":"#/$defs/a"}],"$defs":{"a":{"anyOf":[{"$ref":"#"}]}}})",
                            R"({"uniqueItems":1})",
                            R"({"$defs":{"unused":{"nullable":true}}})",
                            R"({"unevaluatedProperties":false})",
                            R"({"properties":{"a":{"$id":"x"}}})"}) {
    EXPECT_NE(refusal(wrong), "") << wrong;
  }
  EXPECT_EQ(refusal(R"({"$schema":"https://json-schema.org/draft/2020-12/schema","$id":"https://example.com/a"})"), "");
}

TEST(JsonSchema, GivesUpOnWhatTakesForEver) {
  // Two alternatives at each of 30 levels: 2^30 ways to fail.
  const std::string branch = R"({"properties":{"a":{"anyOf":[{"$ref":"#"},{"$ref":"#"}]}},"required":["a"]})";
  std::string value = "{}";
  for (int i = 0; i < 30; ++i) value = R"({"a":)" + value + "}";
  EXPECT_EQ(check(branch, value).verdict, Verdict::kUndecided);
  // A pattern that backtracks in more ways than there are atoms.
  EXPECT_EQ(check(R"({"pattern":"^(a+)+$"})", '"' + std::string(40, 'a') + "b\"").verdict, Verdict::kUndecided);
  EXPECT_EQ(check(R"({"not":{"pattern":"^(a+)+$"}})", '"' + std::string(40, 'a') + "b\"").verdict, Verdict::kUndecided);
}

TEST(JsonSchema, TellsTwinsAmongManyItems) {
  json items = json::array();
  for (int i = 0; i < 100'000; ++i) items.push_back(i);
  const JsonSchema schema(parsed(R"({"uniqueItems":true})"), "s");
  EXPECT_EQ(schema.check(items).verdict, Verdict::kMatches);
  items.push_back(5);
  EXPECT_EQ(schema.check(items).verdict, Verdict::kDiffers);
}

}  // namespace
}  // namespace aha::reward::json_schema_test
