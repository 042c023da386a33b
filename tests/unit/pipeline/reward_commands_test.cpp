// Recipes whose rewards run programs are refused, with every place, until the user allows them.
#include <gtest/gtest.h>

#include "pipeline/reward_reference.h"
#include "unit/core/temporary_folder.h"
#include "unit/pipeline/recipe_text.h"

namespace aha::pipeline::reward_commands_test {
namespace {

const std::string kZero =
    "  - {name: zero, kind: grpo, init_from: base, max_steps: 1, rewards: [accuracy, {name: own, verifier: command, "
    "command: [judge, --fast]}],\n     eval: {rewards: [accuracy, own]}}\n"
    "  - {name: report, kind: evaluate, models: [zero], rewards: [accuracy, {name: command, command: [other]}]}\n";

TEST(RewardCommands, AreRefusedWithTheirPlaces) {
  const LoadedRecipe loaded = recipe_text::recipe_of(recipe_text::kHead + recipe_text::kBase + kZero);
  const std::string sentence = "is a program that would run with your rights; read it, and say --allow-commands";
  EXPECT_EQ(test::sentence_of<ConfigError>([&] { refuse_commands(loaded.recipe.stages); }),
            "stages.1.rewards.1.command: " + sentence + "\nstages.1.eval.rewards.1.command: " + sentence +
                "\nstages.2.rewards.1.command: " + sentence);
}

TEST(RewardCommands, OtherRewardsAreFree) {
  const LoadedRecipe loaded = recipe_text::recipe_of(
      recipe_text::kHead + recipe_text::kBase +
      "  - {name: zero, kind: grpo, init_from: base, max_steps: 1, rewards: [accuracy, format]}\n");
  EXPECT_NO_THROW(refuse_commands(loaded.recipe.stages));
}

TEST(RewardCommands, NeedTheirCommand) {
  EXPECT_EQ(recipe_text::findings(recipe_text::kHead + recipe_text::kBase +
                                  "  - {name: zero, kind: grpo, init_from: base, rewards: [{name: own, verifier: "
                                  "command}]}\n"),
            "stages.1.rewards.0.command: is missing; the verifier command needs it");
}

TEST(RewardCommands, AWatchIsARewardOfTheStage) {
  EXPECT_EQ(recipe_text::findings(recipe_text::kHead + recipe_text::kBase +
                                  "  - {name: zero, kind: grpo, init_from: base, rewards: [accuracy, {name: format, "
                                  "watch: acuracy}]}\n"),
            "stages.1.rewards.1.watch: no other reward of this list is called `acuracy`; did you mean `accuracy`?");
}

}  // namespace
}  // namespace aha::pipeline::reward_commands_test
