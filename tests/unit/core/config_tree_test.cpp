// YAML in, strictly; overlays; values set by key path.
#include "aha/core/config_tree.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "aha/core/error.h"
#include "aha/core/file.h"
#include "unit/core/temporary_folder.h"

namespace aha::config_tree_test {
namespace {

using nlohmann::json;
using test::sentence_of;
using testing::HasSubstr;
using testing::StartsWith;

ConfigTree parsed(const std::string& text) { return ConfigTree::parse_yaml(text, "r.yaml"); }
json value_of(const std::string& scalar) { return parsed("x: " + scalar).to_json()["x"]; }
std::string refusal(const std::string& text) {
  return sentence_of<ConfigError>([&] { parsed(text); });
}

TEST(ParseYaml, ReadsScalarsByTheCoreSchema) {
  const std::vector<std::pair<std::string, json>> cases = {{"010", 10},
                                                           {"0x1F", 31},
                                                           {"0o17", 15},
                                                           {"-7", -7},
                                                           {"+7", 7},
                                                           {"1_000", "1_000"},
                                                           {"no", "no"},
                                                           {"yes", "yes"},
                                                           {"on", "on"},
                                                           {"Off", "Off"},
                                                           {"true", true},
                                                           {"False", false},
                                                           {"~", nullptr},
                                                           {"null", nullptr},
                                                           {"", nullptr},
                                                           {"1.5", 1.5},
                                                           {"3.0e-4", 3.0e-4},
                                                           {"1e3", 1000.0},
                                                           {".5", 0.5},
                                                           {"5.", 5.0},
                                                           {"1:30", "1:30"},
                                                           {"'7'", "7"},
                                                           {"\"true\"", "true"},
                                                           {"''", ""},
                                                           {"nullx", "nullx"},
                                                           {"0b11", "0b11"},
                                                           {"-0x1F", "-0x1F"},
                                                           {".", "."},
                                                           {"1e", "1e"},
                                                           {"e5", "e5"},
                                                           {"2024-01-01", "2024-01-01"},
                                                           {"9223372036854775807", INT64_MAX},
                                                           {"-9223372036854775808", INT64_MIN}};
  for (const auto& [text, wanted] : cases) {
    SCOPED_TRACE(text);
    const json value = value_of(text);
    EXPECT_EQ(value, wanted);
    EXPECT_EQ(value.type_name(), wanted.type_name()) << value;
    EXPECT_EQ(value.is_number_float(), wanted.is_number_float());
  }
}

TEST(ParseYaml, RefusesNumbersThatDoNotFit) {
  EXPECT_EQ(refusal("a: 1\nx: 9223372036854775808"), "r.yaml:2: 9223372036854775808 does not fit into 64 bits");
  EXPECT_THAT(refusal("x: 1e999"), HasSubstr("too large"));
  EXPECT_THAT(refusal("x: .inf"), HasSubstr("no finite number"));
  EXPECT_THAT(refusal("x: -.Inf"), HasSubstr("no finite number"));
  EXPECT_THAT(refusal("x: .nan"), HasSubstr("no finite number"));
}

TEST(ParseYaml, ReadsListsAndMapsInOrder) {
  const ConfigTree tree = parsed("b: [1, {c: 2}]\na:\n  - name: x\n    deep: {list: [[]]}\n  - y\n");
  EXPECT_EQ(tree.map()[0].first, "b");
  EXPECT_EQ(tree.map()[1].first, "a");
  EXPECT_EQ(tree.to_json(), json::parse(R"({"b":[1,{"c":2}],"a":[{"name":"x","deep":{"list":[[]]}},"y"]})"));
  EXPECT_TRUE(parsed("").is_null());
  EXPECT_TRUE(parsed("# only a comment\n").is_null());
  EXPECT_EQ(parsed("\xEF\xBB\xBF"
                   "a: é\r\nb: 2\r\n")
                .to_json(),
            (json{{"a", "é"}, {"b", 2}}));
}

TEST(ParseYaml, RefusesWhatHidesMeaning) {
  const std::vector<std::array<std::string, 2>> cases = {
      {"a: 1\nb: &x 2\n", "r.yaml:2: anchors"},
      {"a: &x {b: 1}\n", "r.yaml:1: anchors"},
      {"a: &x [1]\n", "r.yaml:1: anchors"},
      {"a: &x\n", "r.yaml:1: anchors"},
      {"a: 1\nb: !!str 2\n", "r.yaml:2: tags"},
      {"a: !custom {b: 1}\n", "r.yaml:1: tags"},
      {"a: !!seq [1]\n", "r.yaml:1: tags"},
      {"a: ! 2\n", "r.yaml:1: tags"},
      {"a: ! 'x'\n", "r.yaml:1: tags"},
      {"a: 1\nb: 2\na: 3\n", "r.yaml:3: `a` is already set in line 1"},
      {"x: {a: 1, a: 2}\n", "r.yaml:1: `a` is already set"},
      {"a: 1\n---\nb: 2\n", "r.yaml:"},
      {"? [1]\n: 2\n", "r.yaml:1: a list or map stands where a key is due"},
      {"~: 2\n", "r.yaml:1: this key is empty or null"},
  };
  for (const auto& [text, wanted] : cases) {
    SCOPED_TRACE(text);
    EXPECT_THAT(refusal(text), StartsWith(wanted));
  }
  EXPECT_THAT(refusal("a: &x 1\nb: *x\n"), StartsWith("r.yaml:1: anchors"));
  EXPECT_THAT(refusal("b: *x\n"), StartsWith("r.yaml:1: "));
  EXPECT_THAT(refusal("a: 1\n---\nb: 2\n"), HasSubstr("a second document"));
}

TEST(ParseYaml, RefusesBrokenText) {
  EXPECT_THAT(refusal("a: 1\nb: [1, 2\nc: 3\n"), StartsWith("r.yaml:"));
  EXPECT_THAT(refusal("a: [1\n"), HasSubstr("is not valid YAML"));
  EXPECT_THAT(refusal("a: 1\n b: 2\n"), HasSubstr("r.yaml:2: is not valid YAML"));
  EXPECT_THAT(refusal("a: 1\nb: \xff\n"), StartsWith("r.yaml:2: is not UTF-8"));
  EXPECT_THAT(refusal("a: 1\n\nb: \x04\nc: 2\n"), StartsWith("r.yaml:3: has a control character (\\x04)"));
  EXPECT_THAT(refusal("a: \"\x1b[2J\"\n"), HasSubstr("control character (\\x1b)"));
}

TEST(ParseYaml, BoundsDepthAndSize) {
  const auto nested = [](int depth) { return std::string(depth, '[') + std::string(depth, ']'); };
  EXPECT_TRUE(parsed(nested(32)).is_list());
  EXPECT_THAT(refusal(nested(33)), HasSubstr("deeper than 32"));
  EXPECT_THAT(refusal(std::string(200'000, '[')), StartsWith("r.yaml:1: "));
  EXPECT_THAT(refusal(std::string(500, '{')), StartsWith("r.yaml:1: "));
  EXPECT_TRUE(parsed("a: 1\n#" + std::string(900'000, 'x')).is_map());
  EXPECT_THAT(refusal("a: 1\n#" + std::string(1'100'000, 'x')), HasSubstr("larger than 1 MB"));
}

TEST(ParseYamlFile, NamesTheFile) {
  test::TemporaryFolder folder;
  const auto path = folder / "x.yaml";
  write_file_atomic(path, "a: 1\na: 2\n");
  EXPECT_THAT(sentence_of<ConfigError>([&] { ConfigTree::parse_yaml_file(path); }), StartsWith(path.string() + ":2: "));
  EXPECT_THAT(sentence_of<InputError>([&] { ConfigTree::parse_yaml_file(folder / "none.yaml"); }),
              HasSubstr("there is no such file"));
}

TEST(Json, GoesInAndOutUnchanged) {
  const json value = json::parse(R"({"a":[1,-2,2.5,null,true,"x"],"b":{"c":{}}})");
  EXPECT_EQ(ConfigTree::from_json(value).to_json(), value);
  EXPECT_THROW(ConfigTree::from_json(json(UINT64_MAX)), ConfigError);
  json deep = 1;
  for (int i = 0; i < 40; ++i) deep = json::array({deep});
  EXPECT_THROW(ConfigTree::from_json(deep), ConfigError);
}

json merged(const std::string& base, const std::string& overlay) {
  ConfigTree tree = parsed(base);
  tree.merge(parsed(overlay));
  return tree.to_json();
}

TEST(Merge, MapsMergeKeyByKey) {
  EXPECT_EQ(merged("{a: 1, b: {c: 2, d: 3}}", "{b: {d: 4, e: 5}, f: 6}"),
            json::parse(R"({"a":1,"b":{"c":2,"d":4,"e":5},"f":6})"));
  EXPECT_EQ(merged("{a: {b: 1}}", "{a: ~}"), json::parse(R"({"a":null})"));
  EXPECT_EQ(merged("{a: 1}", "{a: [1]}"), json::parse(R"({"a":[1]})"));
}

TEST(Merge, ListsOfNamedItemsMergeByName) {
  EXPECT_EQ(merged("[{name: a, x: 1}, {name: b, x: 2}]", "[{name: b, y: 3}, {name: c}]"),
            json::parse(R"([{"name":"a","x":1},{"name":"b","x":2,"y":3},{"name":"c"}])"));
}

TEST(Merge, OtherListsAreReplaced) {
  EXPECT_EQ(merged("[1, 2, 3]", "[4]"), json::parse("[4]"));
  EXPECT_EQ(merged("[{name: a, x: 1}]", "[a]"), json::parse(R"(["a"])"));
  EXPECT_EQ(merged("[{name: a, x: 1}]", "[{x: 2}]"), json::parse(R"([{"x":2}])"));
  EXPECT_EQ(merged("[{name: a, x: 1}]", "[]"), json::parse("[]"));
  EXPECT_EQ(merged("[{name: a, x: 1}, {name: a}]", "[{name: a, x: 2}]"), json::parse(R"([{"name":"a","x":2}])"));
}

const char* const kRecipe =
    "seed: 7\nstages:\n  - {name: base}\n  - {name: zero, rewards: [{name: format, weight: 1}]}\n";

json after_set(const std::string& assignment) {
  ConfigTree tree = parsed(kRecipe);
  tree.set(assignment);
  return tree.to_json();
}
std::string set_refusal(const std::string& assignment) {
  return sentence_of<ConfigError>([&] { after_set(assignment); });
}

TEST(Set, WalksByIndexAndByName) {
  EXPECT_EQ(after_set("seed=8")["seed"], 8);
  EXPECT_EQ(after_set("stages.zero.rewards.0.weight=2")["stages"][1]["rewards"][0]["weight"], 2);
  EXPECT_EQ(after_set("stages.1.rewards.format.weight=0.5")["stages"][1]["rewards"][0]["weight"], 0.5);
  EXPECT_EQ(after_set("parallel.data=2")["parallel"]["data"], 2);
  EXPECT_EQ(after_set("stages.0={name: other, kind: sft}")["stages"][0]["kind"], "sft");
}

TEST(Set, ReadsTheValueAsYaml) {
  EXPECT_EQ(after_set("a=[1, x, {b: 2}]")["a"], json::parse(R"([1,"x",{"b":2}])"));
  EXPECT_EQ(after_set("a=true")["a"], true);
  EXPECT_EQ(after_set("a='true'")["a"], "true");
  EXPECT_EQ(after_set("a=x=y")["a"], "x=y");
  EXPECT_EQ(after_set("a=")["a"], nullptr);
}

TEST(Set, SaysWhatExists) {
  EXPECT_EQ(set_refusal("stages.7.seed=1"), "--set stages.7: no such item; there are 0 (base), 1 (zero)");
  EXPECT_EQ(set_refusal("stages.zeros.seed=1"),
            "--set stages.zeros: no such item; there are 0 (base), 1 (zero); did you mean `zero`?");
  EXPECT_EQ(set_refusal("seed.x=1"), "--set seed.x: `seed` is no list or map but the integer 7");
  EXPECT_THAT(set_refusal("seed"), HasSubstr("has no `=`"));
  EXPECT_THAT(set_refusal("a..b=1"), HasSubstr("is no key path"));
  EXPECT_THAT(set_refusal("=1"), HasSubstr("is no key path"));
  EXPECT_THAT(set_refusal("a=[1"), StartsWith("--set a:1: "));
  EXPECT_THAT(set_refusal("a=b: c"), HasSubstr("put quotes around a text"));
  EXPECT_THAT(set_refusal("a=&x 1"), HasSubstr("anchors"));
}

TEST(Set, AFailureChangesNothing) {
  ConfigTree tree = parsed(kRecipe);
  const json before = tree.to_json();
  EXPECT_THROW(tree.set("stages.9.a.b=1"), ConfigError);
  EXPECT_THROW(tree.set("new.key=[1"), ConfigError);
  EXPECT_EQ(tree.to_json(), before);
}

TEST(Put, AddsReplacesAndMakesAMap) {
  ConfigTree tree;
  tree.put("a", ConfigTree(int64_t{1}));
  tree.put("b", ConfigTree(std::string("x")));
  tree.put("a", ConfigTree(2.5));
  EXPECT_EQ(tree.to_json(), json::parse(R"({"a":2.5,"b":"x"})"));
  EXPECT_EQ(tree.find("c"), nullptr);
  EXPECT_EQ(ConfigTree(int64_t{1}).find("a"), nullptr);
}

}  // namespace
}  // namespace aha::config_tree_test
