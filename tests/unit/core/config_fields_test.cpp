// Structs read strictly: every problem of a recipe in one go, each with its key path.
#include "aha/core/config_fields.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "aha/core/error.h"
#include "unit/core/temporary_folder.h"

namespace aha::config_fields_test {
namespace {

using nlohmann::json;

struct RewardFields {
  std::string name;
  double weight = 1.0;
  template <class Fields>
  void visit(Fields& field) {
    field("name", name, "which rule", required());
    field("weight", weight, "factor", at_least(0));
  }
};

struct StageFields {
  std::string kind = "grpo";
  int64_t num_generations = 8;
  double epsilon = 0.2, learning_rate = 1e-3;
  bool shuffle = true;
  uint64_t seed = 0;
  std::optional<int64_t> max_steps;
  std::vector<RewardFields> rewards;
  std::map<std::string, double> mix;
  ConfigTree model;
  template <class Fields>
  void visit(Fields& field) {
    field("kind", kind, "", one_of({"grpo", "pretrain", "sft"}));
    field("num_generations", num_generations, "", at_least(2));
    field("epsilon", epsilon, "", between(0, 1));
    field("learning_rate", learning_rate, "", above(0));
    field("shuffle", shuffle, "");
    field("seed", seed, "");
    field("max_steps", max_steps, "", at_least(1));
    field("rewards", rewards, "");
    field("mix", mix, "", at_least(0));
    field("model", model, "");
  }
};

std::pair<StageFields, std::string> read_stage(const std::string& yaml) {
  StageFields stage;
  ConfigErrors errors;
  read_config(ConfigTree::parse_yaml(yaml, "r.yaml"), "stages.0", stage, errors);
  return {stage, test::sentence_of<ConfigError>([&] { errors.throw_if_any(); })};
}
std::string findings(const std::string& yaml) { return read_stage(yaml).second; }

TEST(ReadConfig, PresentValuesReplaceDefaults) {
  const auto [stage, problem] = read_stage(
      "{kind: sft, num_generations: 16.0, epsilon: 1, shuffle: false, seed: 9, max_steps: ~, "
      "rewards: [{name: a}, {name: b, weight: 2}], mix: {x: 1, y: 0.5}, model: {config: z}}");
  EXPECT_EQ(problem, "nothing was thrown");
  EXPECT_EQ(stage.kind, "sft");
  EXPECT_EQ(stage.num_generations, 16);
  EXPECT_EQ(stage.epsilon, 1.0);
  EXPECT_EQ(stage.learning_rate, 1e-3);
  EXPECT_FALSE(stage.shuffle);
  EXPECT_EQ(stage.seed, 9u);
  EXPECT_FALSE(stage.max_steps.has_value());
  ASSERT_EQ(stage.rewards.size(), 2u);
  EXPECT_EQ(stage.rewards[1].weight, 2.0);
  EXPECT_EQ(stage.mix.at("y"), 0.5);
  EXPECT_EQ(stage.model.to_json(), (json{{"config", "z"}}));
  EXPECT_EQ(*read_stage("{max_steps: 3}").first.max_steps, 3);
}

TEST(ReadConfig, SentencesSayWhatMustBeAndWhatIs) {
  const std::vector<std::array<std::string, 2>> cases = {
      {"{epsilon: -1}", "stages.0.epsilon: must be between 0 and 1, but is -1"},
      {"{epsilon: 1.5}", "stages.0.epsilon: must be between 0 and 1, but is 1.5"},
      {"{epsilon: '0.5'}", "stages.0.epsilon: must be a number, but is a string (\"0.5\")"},
      {"{learning_rate: 0}", "stages.0.learning_rate: must be above 0, but is 0"},
      {"{num_generations: 1}", "stages.0.num_generations: must be at least 2, but is 1"},
      {"{num_generations: 2.5}", "stages.0.num_generations: must be an integer, but is 2.5"},
      {"{num_generations: 1e300}", "stages.0.num_generations: must be an integer, but is 1e+300"},
      {"{num_generations: x}", "stages.0.num_generations: must be an integer, but is a string (\"x\")"},
      {"{num_generations: [8]}", "stages.0.num_generations: must be an integer, but is a list"},
      {"{num_generations: }", "stages.0.num_generations: must be an integer, but is nothing"},
      {"{seed: -1}", "stages.0.seed: must be at least 0, but is -1"},
      {"{shuffle: no}", "stages.0.shuffle: must be true or false, but is a string (\"no\")"},
      {"{max_steps: 0}", "stages.0.max_steps: must be at least 1, but is 0"},
      {"{kind: gpro}", "stages.0.kind: must be one of grpo, pretrain, sft, but is \"gpro\"; did you mean `grpo`?"},
      {"{kind: 3}", "stages.0.kind: must be one of grpo, pretrain, sft, but is 3"},
      {"{rewards: [{weight: 1}]}", "stages.0.rewards.0.name: is missing"},
      {"{rewards: [{name: a}, {name: b, weight: -1}]}", "stages.0.rewards.1.weight: must be at least 0, but is -1"},
      {"{rewards: {name: a}}", "stages.0.rewards: must be a list, but is a map"},
      {"{rewards: [a]}", "stages.0.rewards.0: must be a map, but is a string (\"a\")"},
      {"{mix: {x: -2}}", "stages.0.mix.x: must be at least 0, but is -2"},
      {"[1]", "stages.0: must be a map, but is a list"},
  };
  for (const auto& [yaml, wanted] : cases) {
    SCOPED_TRACE(yaml);
    EXPECT_EQ(findings(yaml), wanted);
  }
}

TEST(ReadConfig, UnknownKeysGetASuggestion) {
  EXPECT_EQ(findings("{num_generation: 4}"), "stages.0.num_generation: unknown key; did you mean `num_generations`?");
  EXPECT_EQ(findings("{rewards: [{name: a, colour: red}]}"),
            "stages.0.rewards.0.colour: unknown key; the keys here are name, weight");
}

TEST(ReadConfig, AllFindingsAreToldAtOnce) {
  EXPECT_EQ(
      findings("{epsilon: 2, kind: x, rewards: [{weight: z}], typo: 1, shuffle: 3}"),
      "stages.0.kind: must be one of grpo, pretrain, sft, but is \"x\"\n"
      "stages.0.epsilon: must be between 0 and 1, but is 2\n"
      "stages.0.shuffle: must be true or false, but is 3\n"
      "stages.0.rewards.0.name: is missing\n"
      "stages.0.rewards.0.weight: must be a number, but is a string (\"z\")\n"
      "stages.0.typo: unknown key; the keys here are kind, num_generations, epsilon, learning_rate, shuffle, seed, "
      "max_steps, rewards, mix, model");
}

TEST(ReadConfig, AFieldThatDoesNotFitKeepsItsDefault) {
  EXPECT_EQ(read_stage("{epsilon: 2}").first.epsilon, 0.2);
  EXPECT_EQ(read_stage("{kind: x}").first.kind, "grpo");
}

TEST(ReadConfig, LongAndOddTextIsShownShortAndHarmless) {
  std::string yaml = "{epsilon: \"";
  yaml.append(500, 'x').append("\"}");
  EXPECT_LT(findings(yaml).size(), 150u);
  EXPECT_EQ(findings("{epsilon: \"\\e[2J\"}"), "stages.0.epsilon: must be a number, but is a string (\"\\u001b[2J\")");
  EXPECT_EQ(findings("{\"\\e[2J\": 1}").find('\x1b'), std::string::npos);
}

TEST(ReadConfig, TheTopLevelHasAName) {
  StageFields stage;
  ConfigErrors errors;
  read_config(ConfigTree(), "", stage, errors);
  EXPECT_EQ(test::sentence_of<ConfigError>([&] { errors.throw_if_any(); }),
            "(top level): must be a map, but is nothing");
}

TEST(ConfigToTree, GivesBackWhatWasRead) {
  const json wanted = json::parse(R"({"kind":"sft","num_generations":16,"epsilon":0.5,"learning_rate":0.1,
      "shuffle":false,"seed":9,"max_steps":3,"rewards":[{"name":"a","weight":2.0}],"mix":{"x":1.0},
      "model":{"config":"z"}})");
  StageFields stage;
  ConfigErrors errors;
  read_config(ConfigTree::from_json(wanted), "", stage, errors);
  EXPECT_TRUE(errors.empty());
  EXPECT_EQ(config_to_tree(stage).to_json(), wanted);
  EXPECT_EQ(config_to_tree(StageFields()).to_json()["max_steps"], nullptr);
}

TEST(DidYouMean, OffersTheNearestNameOrNothing) {
  const std::vector<std::string> known = {"seed", "stages", "epsilon", "epsilon_high", "lr"};
  EXPECT_EQ(did_you_mean("sede", known), "did you mean `seed`?");
  EXPECT_EQ(did_you_mean("stage", known), "did you mean `stages`?");
  EXPECT_EQ(did_you_mean("epsilon_hi", known), "did you mean `epsilon_high`?");
  EXPECT_EQ(did_you_mean("kl", known), "");
  EXPECT_EQ(did_you_mean("temperature", known), "");
  EXPECT_EQ(did_you_mean(std::string(100'000, 'x'), known), "");
  EXPECT_EQ(did_you_mean("", known), "");
}

}  // namespace
}  // namespace aha::config_fields_test
