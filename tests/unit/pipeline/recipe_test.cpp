// What a recipe may say, and the sentence for everything it may not.
#include "pipeline/recipe.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <set>

#include "aha/core/file.h"
#include "unit/core/temporary_folder.h"
#include "unit/pipeline/recipe_text.h"

namespace aha::pipeline::recipe_test {
namespace {

using aha::test::TemporaryFolder;
using recipe_text::findings;
using recipe_text::kBase;
using recipe_text::kHead;
using recipe_text::recipe_of;
using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;

const std::string kZero = "  - {name: zero, kind: grpo, init_from: base, rewards: [accuracy]}\n";
const std::string kJudge =
    "  - {name: judge, kind: reward_model, init_from: base, data: [{path: " + recipe_text::kTinyModel +
    "}]}\n";  // any file that is there

nlohmann::json stage_json(const LoadedRecipe& loaded, size_t index) { return loaded.recipe.stages[index].to_json(); }

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  return text.replace(text.find(from), from.size(), to);
}

TEST(Recipe, ReadsTheChainOfTheManual) {
  const LoadedRecipe loaded = recipe_of(kHead + kBase + kZero +
                                        "  - {name: d, kind: rejection_sampling, model: zero}\n"
                                        "  - {name: s, kind: sft, init_from: base, data: [d]}\n"
                                        "  - {name: r, kind: evaluate, models: [base, zero, s], tasks: [sums]}\n");
  ASSERT_EQ(loaded.stages.size(), 5u);
  EXPECT_EQ(stage_json(loaded, 1)["prompts"], nlohmann::json({"sums"}));  // all tasks where none is named
  EXPECT_EQ(stage_json(loaded, 3)["data"][0]["stage"], "d");
  EXPECT_EQ(stage_json(loaded, 4)["rewards"].size(), 3u);
  EXPECT_EQ(stage_json(loaded, 0)["lr_scheduler_type"], "wsd");
}

TEST(Recipe, AStageTakesTheRecipesSeedUnlessItHasItsOwn) {
  const LoadedRecipe loaded = recipe_of("seed: 5" + kHead + kBase + replaced(kZero, "kind:", "seed: 9, kind:"));
  EXPECT_EQ(loaded.stages[0]->seed(), 5u);
  EXPECT_EQ(loaded.stages[1]->seed(), 9u);
  EXPECT_EQ(loaded.recipe.tasks.at("sums").seed, 5);
}

TEST(Recipe, ResolvedRecipeReadsAsItself) {
  const LoadedRecipe once = recipe_of(kHead + kBase + kZero);
  const ConfigTree resolved = config_to_tree(once.recipe);
  EXPECT_EQ(config_to_tree(read_recipe(resolved).recipe).to_json(), resolved.to_json());
}

struct Refusal {
  const char* title;
  std::string text;
  std::vector<std::string> mentions;
};

class RefusedRecipe : public testing::TestWithParam<Refusal> {};

TEST_P(RefusedRecipe, NamesPlaceAndCure) {
  const std::string found = findings(GetParam().text);
  for (const std::string& mention : GetParam().mentions) EXPECT_THAT(found, HasSubstr(mention));
}

const Refusal kRefusals[] = {
    {"typo", kHead + replaced(kBase, "max_tokens", "max_token"), {"stages.0.max_token: unknown key", "max_tokens"}},
    {"type", kHead + replaced(kBase, "2048", "many"), {"stages.0.max_tokens: must be", "integer"}},
    {"range", kHead + replaced(kBase, "3.0e-3", "-1"), {"stages.0.learning_rate"}},
    {"file", kHead + replaced(kBase, "tiny_model", "absent"), {"stages.0.model.config: there is no `"}},
    {"kind", kHead + "  - {name: a, kind: gpro}\n", {"stages.0.kind: no kind of stage", "did you mean `grpo`?"}},
    {"no kind", kHead + "  - {name: a}\n", {"stages.0.kind: is missing", "pretrain"}},
    {"no name", kHead + replaced(kBase, "name: base, ", ""), {"stages.0.name: is missing"}},
    {"empty name", kHead + replaced(kBase, "name: base", "name: ''"), {"stages.0.name: `` names a folder"}},
    {"path as name", kHead + replaced(kBase, "name: base", "name: a/b"), {"stages.0.name: `a/b` names a folder"}},
    {"no stages", "name: t\n", {"stages: is missing"}},
    {"unknown stage",
     kHead + kBase + replaced(kZero, "init_from: base", "init_from: bass"),
     {"stages.1.init_from: no stage is called `bass`", "did you mean `base`?"}},
    {"stage below", kHead + replaced(kZero, "zero", "a") + kBase, {"stages.0.init_from: `base` does not stand above"}},
    {"itself", kHead + kBase + replaced(kZero, "init_from: base", "init_from: zero"), {"stages.1.init_from: `zero`"}},
    {"no init_from",
     kHead + kBase + replaced(kZero, "init_from: base, ", ""),
     {"stages.1.init_from: is missing", "model: {path: FOLDER}"}},
    {"two starts",
     kHead + kBase + replaced(kZero, "init_from: base", "init_from: base, model: {path: tests}"),
     {"stages.1.model: stands beside init_from"}},
    {"typo in model",
     kHead + kBase + replaced(kZero, "init_from: base", "model: {pathh: tests}"),
     {"stages.1.model.pathh: unknown key", "did you mean `path`?", "stages.1.model.path: is missing"}},
    {"model folder",
     kHead + kBase + replaced(kZero, "init_from: base", "model: {path: absent}"),
     {"stages.1.model.path: there is no `absent`"}},
    {"model file",
     kHead + kBase + replaced(kZero, "init_from: base", "model: {path: " + recipe_text::kTinyModel + "}"),
     {"stages.1.model.path: `", "is no folder"}},
    {"fresh or not",
     kHead + replaced(kBase, "model: {config:", "model: {path: tests, config:"),
     {"stages.0.model.path: stands beside config"}},
    {"no model",
     kHead + replaced(kBase, "config: " + recipe_text::kTinyModel, ""),
     {"stages.0.model.config: is missing"}},
    {"adapters of nothing",
     kHead + replaced(kBase, "tokens_per_step", "lora: {r: 2}, tokens_per_step"),
     {"stages.0.lora: needs model.path", "stages.0.bias_update_rate: must be 0 beside lora"}},
    {"muon of adapters",
     kHead + kBase + "  - {name: s, kind: sft, init_from: base, data: [base], lora: {r: 2}, optim: muon}\n",
     {"stages.1.optim: must be adamw beside lora"}},
    {"endless average",
     kHead + replaced(kBase, "tokens_per_step", "ema_decay: 1, adam_beta2: 1.0, tokens_per_step"),
     {"stages.0.ema_decay: must be at least 0 and below 1", "stages.0.adam_beta2: must be at least 0 and below 1"}},
    {"rank", kHead + kBase + replaced(kZero, "rewards", "lora: {r: 0}, rewards"), {"stages.1.lora.r: must be"}},
    {"no targets",
     kHead + kBase + replaced(kZero, "rewards", "lora: {target_modules: []}, rewards"),
     {"stages.1.lora.target_modules: is empty"}},
    {"model of a sampler",
     kHead + kBase + "  - {name: d, kind: rejection_sampling, model: [base]}\n",
     {"stages.1.model: must be a stage's name or {path: FOLDER}, not a list"}},
    {"no model of a sampler", kHead + "  - {name: d, kind: rejection_sampling}\n", {"stages.0.model: is missing"}},
    {"measured twice",
     kHead + kBase + "  - {name: r, kind: evaluate, models: [base, {path: tests, name: base}]}\n",
     {"stages.1.models.1: a model above is called `base` too"}},
    {"measured folder",
     kHead + kBase + "  - {name: r, kind: evaluate, models: [{path: absent}]}\n",
     {"stages.1.models.0: there is no `absent`"}},
    {"tokenizer without path", "tokenizer: {kind: huggingface}" + kHead + kBase, {"tokenizer.path: is missing"}},
    {"path of the byte tokenizer",
     "tokenizer: {path: tests}" + kHead + kBase,
     {"tokenizer.path: is given, but kind is byte"}},
    {"chats of the byte tokenizer",
     "tokenizer: {chat_template: qwen2}" + kHead + kBase,
     {"tokenizer.chat_template: must be"}},
    {"unknown chats", "tokenizer: {chat_template: qwen5}" + kHead + kBase, {"tokenizer.chat_template: must be"}},
    {"pieces beside a name",
     "tokenizer: {kind: huggingface, path: tests, chat_pieces: {user: x}}" + kHead + kBase,
     {"tokenizer.chat_pieces: is given, but chat_template is auto"}},
    {"dataset of a model",
     kHead + kBase + "  - {name: s, kind: sft, init_from: base, data: [base]}\n",
     {"stages.1.data.0: `base` is a stage of kind pretrain, which leaves no dataset"}},
    {"unknown task",
     kHead + kBase + replaced(kZero, "rewards", "prompts: [sum], rewards"),
     {"stages.1.prompts.0: no task is called `sum`", "did you mean `sums`?"}},
    {"twice", kHead + kBase + replaced(kZero, "name: zero", "name: base"), {"stages.1.name: a stage above is called"}},
    {"reward",
     kHead + kBase + replaced(kZero, "[accuracy]", "[{name: acuracy, weight: 2}]"),
     {"stages.1.rewards.0.name: no rule is called `acuracy`", "accuracy"}},
    {"verifier",
     kHead + kBase + replaced(kZero, "[accuracy]", "[{name: mine, verifier: maths}]"),
     {"stages.1.rewards.0.verifier: no rule is called `maths`", "math"}},
    {"weight",
     kHead + kBase + replaced(kZero, "[accuracy]", "[{name: accuracy, weight: heavy}]"),
     {"stages.1.rewards.0.weight: must be"}},
    {"no rewards", kHead + kBase + replaced(kZero, ", rewards: [accuracy]", ""), {"stages.1.rewards: is missing"}},
    {"group of one",
     kHead + kBase + replaced(kZero, "rewards", "num_generations: 1, rewards"),
     {"stages.1.num_generations: must be at least 2"}},
    {"greedy groups",
     kHead + kBase + replaced(kZero, "rewards", "temperature: 0, rewards"),
     {"stages.1.temperature: must be above 0"}},
    {"fewer than all",
     kHead + kBase + replaced(kZero, "rewards", "oversampling: 0.5, rewards"),
     {"stages.1.oversampling: must be between 1 and 16"}},
    {"exact and rounded",
     kHead + kBase + replaced(kZero, "rewards", "exact_logprobs: true, rollout_dtype: bfloat16, rewards"),
     {"stages.1.exact_logprobs: cannot stand beside rollout_dtype"}},
    {"nothing cut off",
     kHead + kBase + replaced(kZero, "rewards", "partial_rollouts: true, rewards"),
     {"stages.1.partial_rollouts: needs oversampling above 1"}},
    {"unknown old policies",
     kHead + kBase +
         replaced(kZero, "rewards", "oversampling: 1.5, partial_rollouts: true, temperature: 0.7, top_p: 0.9, rewards"),
     {"stages.1.partial_rollouts: cannot stand beside temperature = 0.7"}},
    {"values of GRPO",
     kHead + kBase + replaced(kZero, "rewards", "old_logprobs: reference, router_replay: R1, rewards"),
     {"stages.1.old_logprobs: must be", "stages.1.router_replay: must be"}},
    {"loss beside loss",
     kHead + kBase + replaced(kZero, "rewards", "epsilon_high: 0.3, delta: 1.2, rewards"),
     {"stages.1.delta: must exceed 1 + epsilon_high"}},
    {"correction of nothing",
     kHead + kBase + replaced(kZero, "rewards", "importance_sampling_mode: sequence_mask, rewards"),
     {"stages.1.importance_sampling_mode: ", "set old_logprobs: forward"}},
    {"two ends of a step",
     kHead + kBase + replaced(kZero, "rewards", "dynamic_sample: true, oversampling: 1.5, rewards"),
     {"stages.1.dynamic_sample: cannot stand beside oversampling"}},
    {"reference of nothing",
     kHead + kBase + replaced(kZero, "rewards", "sync_ref_model: true, kl_in_reward: true, rewards"),
     {"stages.1.sync_ref_model: ", "stages.1.kl_in_reward: "}},
    {"overlong cache",
     kHead + kBase + replaced(kZero, "rewards", "max_completion_length: 8, soft_punish_cache: 9, rewards"),
     {"stages.1.soft_punish_cache: must be between 0 and max_completion_length = 8"}},
    {"two guides",
     kHead + kBase + replaced(kZero, "rewards", "guided_json: true, guided_choice: [a, b], rewards"),
     {"stages.1.guided_json: stands beside guided_choice"}},
    {"rollout dtype",
     kHead + kBase + replaced(kZero, "rewards", "rollout_dtype: float16, rewards"),
     {"stages.1.rollout_dtype: must be"}},
    {"drafts",
     kHead + kBase + replaced(kZero, "rewards", "speculation: medusa, num_draft_tokens: 0, rewards"),
     {"stages.1.speculation: must be", "stages.1.num_draft_tokens: must be at least 1"}},
    {"template",
     kHead + kBase + replaced(kZero, "rewards", "template: plian, rewards"),
     {"stages.1.template: must be plain, r1_zero or chat", "did you mean `plain`?"}},
    {"generator",
     replaced(kHead, "last_digit_sum", "last_digit") + kBase,
     {"tasks.sums.generator: no generator is called `last_digit`"}},
    {"task of nothing", "name: t\ntasks: {a: {count: 3}}\nstages:\n" + kBase, {"tasks.a: needs either a `generator`"}},
    {"task file",
     "name: t\ntasks: {a: {path: absent.jsonl}}\nstages:\n" + kBase,
     {"tasks.a.path: there is no `absent.jsonl`"}},
    {"ranks", "parallel: {expert: 2}" + kHead + kBase, {"parallel.expert: must be 1"}},
    {"dtype", "dtype: float16" + kHead + kBase, {"dtype: must be"}},
    {"corpus key on a file",
     kHead + kBase + "  - {name: s, kind: sft, init_from: base, data: [{path: x, drill: 1}]}\n",
     {"stages.1.data.0.drill: unknown key", "stages.1.data.0.path: there is no `x`"}},
    {"endless epoch",
     kHead + kBase + "  - {name: s, kind: sft, init_from: base, data: [{generator: corpus}]}\n",
     {"stages.1.data.0.max_examples: is missing"}},
    {"no data",
     kHead + replaced(kBase, "data: [{generator: corpus, options: {min_terms: 2, max_terms: 3}}]", "data: []"),
     {"stages.0.data: is missing or empty"}},
    {"k",
     kHead + kBase + "  - {name: r, kind: evaluate, models: [base], num_samples: 2, k: 3}\n",
     {"stages.1.k: must be at most num_samples"}},
    {"training a reward model on",
     kHead + kBase + kJudge + replaced(kZero, "init_from: base", "init_from: judge"),
     {"stages.2.init_from: `judge` is a stage of kind reward_model, which leaves a reward model: that judges, and can "
      "neither go on writing nor be trained to"}},
    {"sampling from a reward model",
     kHead + kBase + kJudge + "  - {name: d, kind: rejection_sampling, model: judge}\n",
     {"stages.2.model: `judge` is a stage of kind reward_model, which leaves a reward model"}},
    {"preferences without rows",
     kHead + kBase + "  - {name: m, kind: dpo, init_from: base, holdout: 2.5, template: poem}\n",
     {"stages.1.data: is missing or empty", "stages.1.holdout: must be a share below 1 or a whole number of rows",
      "stages.1.template"}},
    {"centring single rewards",
     kHead + kBase + replaced(kJudge, "init_from", "loss: pointwise, center_rewards_coefficient: 0.1, init_from"),
     {"stages.1.center_rewards_coefficient: is for loss: pairwise"}},
    {"measuring a reward model by pass",
     kHead + kBase + replaced(kJudge, "init_from", "eval: {task: sums}, init_from"),
     {"stages.1.eval: unknown key"}},
    {"preferences that are not there",
     kHead + kBase + replaced(kJudge, "path: ", "path: absent"),
     {"stages.1.data.0.path: there is no `absent"}},
};
INSTANTIATE_TEST_SUITE_P(All, RefusedRecipe, testing::ValuesIn(kRefusals), [](const auto& info) {
  std::string name = info.param.title;
  std::replace(name.begin(), name.end(), ' ', '_');
  return name;
});

TEST(Recipe, TellsAllFindingsAtOnce) {
  const std::string found = findings(kHead + replaced(kBase, "2048", "many") +
                                     replaced(kZero, "init_from: base", "init_from: bass, max_step: 3"));
  EXPECT_THAT(found, AllOf(HasSubstr("stages.0.max_tokens"), HasSubstr("stages.1.init_from"),
                           HasSubstr("stages.1.max_step: unknown key")));
  EXPECT_EQ(std::count(found.begin(), found.end(), '\n'), 2);
}

TEST(Recipe, FilesLieOverEachOtherAndSetComesLast) {
  const TemporaryFolder folder;
  std::ofstream(folder / "a.yaml") << kHead << kBase << kZero;
  std::ofstream(folder / "b.yaml") << "seed: 3\nstages: [{name: zero, max_steps: 7, num_generations: 4}]\n";
  const LoadedRecipe loaded = load_recipe({folder / "a.yaml", folder / "b.yaml"},
                                          {"stages.zero.max_steps=9", "stages.0.max_tokens=512", "threads=2"});
  EXPECT_EQ(loaded.recipe.seed, 3);
  EXPECT_EQ(loaded.recipe.threads, 2);
  EXPECT_EQ(stage_json(loaded, 0)["max_tokens"], 512);
  EXPECT_EQ(stage_json(loaded, 1)["max_steps"], 9);
  EXPECT_EQ(stage_json(loaded, 1)["num_generations"], 4);
  EXPECT_EQ(stage_json(loaded, 1)["init_from"], "base");
}

// The keys people write are a promise: a changed one changes the list beside this test in the same commit.
void collect_keys(const nlohmann::json& value, const std::string& path, std::set<std::string>& keys) {
  if (value.is_object() && !value.empty()) {
    for (const auto& [key, member] : value.items()) collect_keys(member, path.empty() ? key : path + "." + key, keys);
  } else if (value.is_array() && !value.empty() && value.front().is_object()) {
    collect_keys(value.front(), path + "[]", keys);
  } else {
    keys.insert(path);
  }
}

TEST(Recipe, PublicKeysAreThoseOfTheList) {
  const std::string eval = "eval: {task: sums}";
  const LoadedRecipe loaded =
      recipe_of(kHead + replaced(kBase, "tokens_per_step", eval + ", stop_at: {pass@1: 0.1}, tokens_per_step") +
                replaced(kZero, "rewards", eval + ", lora: {r: 4}, rewards") +
                "  - {name: d, kind: rejection_sampling, model: zero}\n" +
                "  - {name: s, kind: sft, init_from: base, data: [d], lora: {r: 4}, " + eval + "}\n" + kJudge +
                replaced(kJudge, "name: judge, kind: reward_model", "name: p, kind: dpo, lora: {r: 4}") +
                "  - {name: r, kind: evaluate, models: [base]}\n");
  std::set<std::string> keys;
  nlohmann::json top = config_to_tree(loaded.recipe).to_json();
  top.erase("stages");
  collect_keys(top, "", keys);
  for (const auto& stage : loaded.stages) {
    collect_keys(stage->resolved().to_json(), "stages." + stage->head().kind, keys);
  }
  std::string found;
  for (const std::string& key : keys) found += key + "\n";
  EXPECT_EQ(found, read_file(std::string(AHA_SOURCE_DIR) + "/tests/unit/pipeline/recipe_keys.txt"));
}

TEST(Recipe, NeedsAFile) { EXPECT_THROW(load_recipe({}, {}), ConfigError); }

double weight(const LoadedRecipe& loaded, size_t stage) { return stage_json(loaded, stage)["rewards"][0]["weight"]; }

std::string rl(const std::string& name, const std::string& rewards) {
  return "  - {name: " + name + ", kind: grpo, init_from: base, rewards: [" + rewards + "]}\n";
}

TEST(RewardReference, ABareNameMeansItsLastDefinition) {
  const LoadedRecipe loaded =
      recipe_of(kHead + kBase + rl("a", "{name: accuracy, weight: 2}") + rl("b", "accuracy") +
                rl("c", "{name: accuracy, weight: 3}") + rl("d", "{name: accuracy}") + rl("e", "format"));
  EXPECT_EQ(weight(loaded, 2), 2);  // the last one above, not the one below
  EXPECT_EQ(weight(loaded, 4), 3);
  EXPECT_EQ(weight(loaded, 5), 1);  // never defined: defaults
}

TEST(RewardReference, ADefinitionBelowServesWhereNoneStandsAbove) {
  const LoadedRecipe loaded = recipe_of(kHead + kBase + rl("a", "accuracy") + rl("b", "{name: accuracy, weight: 4}"));
  EXPECT_EQ(weight(loaded, 1), 4);
}

TEST(RewardReference, EvaluationJudgesAsTrainingDoes) {
  const LoadedRecipe loaded = recipe_of(kHead + kBase + rl("a", "{name: accuracy, verifier: exact}") +
                                        "  - {name: r, kind: evaluate, models: [a]}\n");
  EXPECT_EQ(stage_json(loaded, 2)["rewards"][0]["verifier"], "exact");
}

TEST(RewardReference, ANameGivenTwiceIsRefused) {
  EXPECT_THAT(findings(kHead + kBase + rl("a", "accuracy, accuracy")),
              StartsWith("stages.1.rewards.1.name: `accuracy` is given twice"));
}

}  // namespace
}  // namespace aha::pipeline::recipe_test
