// Rewards that ask a model, in a recipe: what they may name, and that they read what their model was trained on.
#include "pipeline/reward_services.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "aha/core/error.h"
#include "aha/core/file.h"
#include "aha/core/log.h"
#include "aha/model/sequence_rewards.h"
#include "aha/pipeline/run.h"
#include "aha/report/progress.h"
#include "pipeline/model_source.h"
#include "pipeline/preference_rows.h"
#include "pipeline/run_folder.h"
#include "unit/core/temporary_folder.h"
#include "unit/pipeline/recipe_text.h"

namespace aha::pipeline::reward_services_test {
namespace {

using aha::test::TemporaryFolder;
using nlohmann::json;
using recipe_text::findings;
using recipe_text::kBase;
using recipe_text::kHead;
using recipe_text::recipe_of;
using testing::ElementsAre;
using testing::HasSubstr;

// Any file that is there: nothing of it is read before the run.
std::string reward_model(const std::string& more = "") {
  return "  - {name: helpful, kind: reward_model, init_from: base, data: [{path: " + recipe_text::kTinyModel + "}]" +
         more + "}\n";
}
std::string asking(const std::string& reward, const std::string& more = "") {
  return "  - {name: rl, kind: grpo, init_from: base, rewards: [{name: asked, " + reward + "}]" + more + "}\n";
}
const std::string kAsked = "verifier: reward_model, model: helpful";

TEST(RewardServices, NamesAreCheckedWhereTheRecipeIsRead) {
  const auto found = [](const std::string& reward) {
    return findings(kHead + kBase + reward_model() + asking(reward));
  };
  EXPECT_EQ(found("verifier: reward_model, model: helpfull"),
            "stages.2.rewards.0.model: no stage is called `helpfull`; did you mean `helpful`?");
  EXPECT_EQ(found("verifier: reward_model, model: base"),
            "stages.2.rewards.0.model: `base` is a stage of kind pretrain, which leaves no reward model; a stage of "
            "kind reward_model does");
  EXPECT_THAT(found("verifier: judge, model: helpful"),
              HasSubstr("stages.2.rewards.0.model: `helpful` is a stage of kind reward_model, which leaves a reward "
                        "model"));
  EXPECT_THAT(found("verifier: judge, model: rl"), HasSubstr("`rl` does not stand above this stage"));
  EXPECT_THAT(found("verifier: reward_model, model: no/such"), HasSubstr("there is no `no/such`"));
  EXPECT_THAT(found("verifier: reward_model"), HasSubstr("stages.2.rewards.0.model: is missing"));
  EXPECT_THAT(found("verifier: judge, model: base, instructions: grade it"),
              HasSubstr("stages.2.rewards.0.instructions: have no {response}"));
  EXPECT_EQ(found(kAsked), "nothing was found");
  EXPECT_EQ(found("verifier: judge, model: base, comparison: pairwise"), "nothing was found");
}

TEST(RewardServices, EvalBlocksAreCheckedToo) {
  const std::string sft = "  - {name: s, kind: sft, init_from: base, data: [{path: " + recipe_text::kTinyModel +
                          "}], eval: {rewards: [accuracy, {name: asked, verifier: reward_model, model: helpfull}]}}\n";
  EXPECT_THAT(findings(kHead + kBase + reward_model() + sft),
              HasSubstr("stages.2.eval.rewards.1.model: no stage is called `helpfull`"));
}

TEST(RewardServices, ARewardModelReadsTheTemplateItWasTrainedOn) {
  const auto template_of = [](const LoadedRecipe& loaded, const std::string& where) {
    return loaded.recipe.stages.at(2).to_json().at(json::json_pointer(where + "/template"));
  };
  const LoadedRecipe trained = recipe_of(kHead + kBase + reward_model(", template: r1_zero") +
                                         asking(kAsked, ", template: chat, eval: {rewards: [accuracy, asked]}"));
  EXPECT_EQ(template_of(trained, "/rewards/0"), "r1_zero");
  EXPECT_EQ(template_of(trained, "/eval/rewards/1"), "r1_zero");
  EXPECT_TRUE(template_of(trained, "/eval/rewards/0").is_null());

  const std::string folder = "verifier: reward_model, model: " + std::string(AHA_SOURCE_DIR) + "/tests";
  EXPECT_EQ(template_of(recipe_of(kHead + kBase + reward_model() + asking(folder, ", template: chat")), "/rewards/0"),
            "chat");
  EXPECT_EQ(template_of(recipe_of(kHead + kBase + reward_model() + asking(kAsked + ", template: chat")), "/rewards/0"),
            "chat");
}

TEST(RewardServices, LineageAndHashesFollowTheModelAsked) {
  const auto recipe = [](const std::string& more) {
    return recipe_of(kHead + kBase + reward_model(more) + asking(kAsked, ", eval: {rewards: [asked]}"));
  };
  const LoadedRecipe loaded = recipe("");
  std::vector<std::string> roles;
  for (const StageReference& input : loaded.stages[2]->inputs(stage_path(2)).stages) {
    roles.push_back(input.stage + " " + input.role);
  }
  EXPECT_THAT(roles, ElementsAre("base init_from", "helpful reward"));  // once, though the eval block asks it too
  const auto plain = stage_hashes(loaded), changed = stage_hashes(recipe(", learning_rate: 0.5"));
  EXPECT_EQ(plain[0], changed[0]);
  EXPECT_NE(plain[1], changed[1]);
  EXPECT_NE(plain[2], changed[2]);
}

class RewardServicesRun : public testing::Test {
 protected:
  void SetUp() override {
    log::set_level(log::Level::kError);
    report::Progress::set_enabled(false);
    std::ofstream rows(pairs_);
    for (int i = 0; i < 24; ++i) {
      rows << json{{"prompt", "say " + std::to_string(i)}, {"chosen", "yes, of course"}, {"rejected", "no"}}.dump()
           << "\n";
    }
  }

  RunOptions options(const std::string& stages, std::vector<std::string> assignments = {}) const {
    const std::string trained =
        "  - {name: helpful, kind: reward_model, init_from: base, data: [{path: " + pairs_.string() +
        "}], holdout: 4, batch_size: 4, template: r1_zero, learning_rate: 1.0e-2}\n";
    std::ofstream(folder_ / "recipe.yaml") << kHead << kBase << trained << stages;
    assignments.push_back("output_dir=" + (folder_ / "runs").string());
    RunOptions options;
    options.recipes = {folder_ / "recipe.yaml"};
    options.assignments = std::move(assignments);
    return options;
  }

  TemporaryFolder folder_;
  fs::path pairs_ = folder_ / "pairs.jsonl";
};

std::vector<json> rows_of(const fs::path& file) {
  std::vector<json> rows;
  std::istringstream lines(read_file(file));
  for (std::string line; std::getline(lines, line);) rows.push_back(json::parse(line));
  return rows;
}

const std::string kSmall = ", max_steps: 2, prompts_per_step: 4, num_generations: 6, max_completion_length: 2";

// The policy is asked in one template, the reward model was trained in another: each reads its own.
TEST_F(RewardServicesRun, RewardsAreThoseOfTheTrainingsTokens) {
  const fs::path run = run_recipe(
      options(asking(kAsked, kSmall + ", eval: {rewards: [accuracy, asked], num_prompts: 2, num_samples: 2}") +
              "  - {name: best, kind: rejection_sampling, model: rl, rewards: [asked], num_prompts: 48, "
              "num_generations: 4, max_completion_length: 24, keep: {reward: -1000}}\n"
              "  - {name: report, kind: evaluate, models: [rl], rewards: [accuracy, asked], num_prompts: 2, "
              "num_samples: 2, max_completion_length: 8}\n"));
  const auto tokenizer = data::make_byte_tokenizer();
  const model::Model judge = model::load(run / "02-helpful/model", {.device = "cpu"});
  PreferenceConfig preferences;
  preferences.data = {{.path = (folder_ / "asked.jsonl").string()}};
  preferences.template_name = "r1_zero";
  int64_t compared = 0;
  for (const char* stage : {"03-rl", "04-best"}) {
    for (const json& row : rows_of(run / stage / "completions.jsonl")) {
      const std::string prompt = row.at("prompt"), completion = row.at("completion");
      ASSERT_TRUE(prompt.ends_with("\n"));  // the policy's template is plain
      // An untrained policy writes bytes that are no UTF-8, which the file shows as another character.
      if (completion.empty() || completion.find("\uFFFD") != std::string::npos) continue;
      const json asked = {{"prompt", prompt.substr(0, prompt.size() - 1)}, {"completion", completion}, {"label", 1}};
      std::ofstream(folder_ / "asked.jsonl") << asked.dump() << "\n";
      const auto trained_on = load_labelled(preferences, *tokenizer, judge.config().max_position_embeddings);
      EXPECT_EQ(row.at("rewards").at("asked"),
                model::sequence_rewards(judge, {trained_on.at(0).sequence.token_ids}).front());
      ++compared;
    }
  }
  EXPECT_GT(compared, 8);
  EXPECT_THAT(read_file(run / "03-rl/metrics.jsonl"), HasSubstr("rewards/asked/mean"));
  EXPECT_TRUE(json::parse(read_file(run / "03-rl/result.json")).at("eval_asked").is_number());
  EXPECT_TRUE(json::parse(read_file(run / "05-report/result.json"))["evaluations"][0]["rewards"]["asked"].is_number());
  const json lineage = json::parse(read_file(run / "lineage.json"));
  EXPECT_EQ(lineage["stages"][2]["inputs"], json({"base", "helpful"}));

  // A model's folder does as well as its stage; a language model's folder does not.
  const auto folder = [&](const char* stage, const std::string& verifier) {
    return options(asking(
        "verifier: " + verifier + ", model: " + (run / stage / "model").string() + ", template: r1_zero", kSmall));
  };
  EXPECT_THAT(plan_text(folder("02-helpful", "reward_model")), HasSubstr("02-helpful/model (reward)"));
  const auto refusal = [&](const RunOptions& wrong) {
    return aha::test::sentence_of<ConfigError>([&] { plan_text(wrong); });
  };
  EXPECT_THAT(refusal(folder("01-base", "reward_model")), HasSubstr("the folder holds a language model"));
  EXPECT_THAT(refusal(folder("02-helpful", "judge")), HasSubstr("the folder holds a reward model"));
  EXPECT_EQ(refusal(folder("01-base", "judge")), "nothing was thrown");
}

TEST_F(RewardServicesRun, AJudgeIsAskedAndItsSilenceStopsTheRun) {
  const std::string judged = "verifier: judge, model: base, max_judge_length: 4";
  // A model of a few hundred tokens' training answers no question; that is counted, and said.
  EXPECT_THAT(aha::test::sentence_of<reward::RewardError>([&] { run_recipe(options(asking(judged, kSmall))); }),
              HasSubstr("reward asked failed on "));
  const fs::path run = run_recipe(
      options("  - {name: rl, kind: grpo, init_from: base, rewards: [accuracy, {name: asked, max_error_rate: 1, " +
              judged + "}]" + kSmall + "}\n"));
  for (const json& row : rows_of(run / "03-rl/completions.jsonl")) {
    if (row.at("completion") == "") continue;
    EXPECT_TRUE(row.at("rewards").at("asked").is_null());
  }
}

TEST_F(RewardServicesRun, ThePlanCountsTheModelsAsked) {
  const std::string plan = plan_text(options(asking(kAsked, kSmall)));
  EXPECT_THAT(plan, HasSubstr("rl [grpo] <- base (init_from), helpful (reward)"));
  EXPECT_THAT(plan, HasSubstr("models that rewards ask"));
  EXPECT_THAT(plan_text(options(asking("verifier: judge, model: base", kSmall))),
              HasSubstr("models that rewards ask 256."));
}

}  // namespace
}  // namespace aha::pipeline::reward_services_test
