// A whole recipe on a tiny model: artifacts, skipping, and resuming to the same bytes.
#include "aha/pipeline/run.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>
#include <thread>

#include "aha/core/error.h"
#include "aha/core/file.h"
#include "aha/core/log.h"
#include "aha/report/progress.h"
#include "pipeline/run_folder.h"
#include "unit/core/temporary_folder.h"
#include "unit/pipeline/recipe_text.h"

namespace aha::pipeline::run_test {
namespace {

using aha::test::TemporaryFolder;
using testing::HasSubstr;

// Short steps, frequent saves: stops fall everywhere.
const std::string kChain = recipe_text::kHead + recipe_text::kBase + R"(
  - {name: zero, kind: grpo, init_from: base, ema_decay: 0.5, max_steps: 4, prompts_per_step: 2, num_generations: 4, beta: 0.01, sync_ref_model: true, ref_model_sync_steps: 2,
     max_completion_length: 16, learning_rate: 1.0e-3, save_steps: 1, rewards: [accuracy, {name: chance, verifier: random}],
     eval: {num_prompts: 4, num_samples: 2}, eval_steps: 2}
  - {name: samples, kind: rejection_sampling, model: zero, num_prompts: 48, prompts_per_step: 8, num_generations: 4,
     max_completion_length: 24, keep: {reward: 0.0}}
  - {name: sft, kind: sft, init_from: base, data: [samples, {generator: corpus, max_examples: 20, weight: 0.5}],
     epochs: 2, tokens_per_step: 256, save_steps: 2, optim: muon, ema_decay: 0.8}
  - {name: report, kind: evaluate, models: [base, zero, sft], num_prompts: 4, num_samples: 2, max_completion_length: 16}
)";

// Reward models and DPO on rows of the test's folder, and a policy that one of them rewards.
std::string preference_stages(const fs::path& folder) {
  std::ofstream pairs(folder / "pairs.jsonl"), labels(folder / "labels.jsonl");
  for (int i = 0; i < 40; ++i) {
    const std::string prompt = "{\"prompt\": \"say " + std::to_string(i) + "\", ";
    pairs << prompt << "\"chosen\": \"yes, of course\", \"rejected\": \"no\"}\n";
    labels << prompt << "\"completion\": \"" << (i % 2 ? "yes" : "no") << "\", \"label\": " << (i % 2) << "}\n";
  }
  const auto stage = [&](const std::string& head, const std::string& file) {
    return "  - {" + head + ", init_from: base, data: [{path: " + (folder / file).string() +
           "}], holdout: 8, batch_size: 4, learning_rate: 1.0e-2, save_steps: 2, eval_steps: 4}\n";
  };
  return stage("name: helpful, kind: reward_model", "pairs.jsonl") +
         stage("name: safe, kind: reward_model, loss: pointwise, ema_decay: 0.5", "labels.jsonl") +
         stage("name: preferred, kind: dpo, epochs: 2", "pairs.jsonl") +
         "  - {name: pleasing, kind: grpo, init_from: base, max_steps: 3, prompts_per_step: 2, num_generations: 4,\n"
         "     max_completion_length: 12, learning_rate: 1.0e-3, save_steps: 1, eval: {num_prompts: 4, num_samples: "
         "2},\n"
         "     rewards: [{name: pleases, verifier: reward_model, model: helpful}]}\n";
}

class RunTest : public testing::Test {
 protected:
  void SetUp() override {
    log::set_level(log::Level::kError);
    report::Progress::set_enabled(false);
    std::ofstream(folder_ / "recipe.yaml") << kChain << preference_stages(folder_.path());
  }

  RunOptions options(const std::string& parent, std::vector<std::string> assignments = {}) const {
    assignments.push_back("output_dir=" + (folder_ / parent).string());
    RunOptions options;
    options.recipes = {folder_ / "recipe.yaml"};
    options.assignments = std::move(assignments);
    return options;
  }

  TemporaryFolder folder_;
};

nlohmann::json read_json(const fs::path& file) { return nlohmann::json::parse(read_file(file)); }

// metrics.jsonl without what a clock or the machine tells.
std::string timeless(const fs::path& file) {
  std::istringstream lines(read_file(file));
  std::string out;
  for (std::string line; std::getline(lines, line);) {
    nlohmann::json row = nlohmann::json::parse(line);
    for (auto entry = row.begin(); entry != row.end();) {
      const bool is_time = entry.key().find("time") != std::string::npos || entry.key() == "tokens_per_second" ||
                           entry.key() == "peak_rss_bytes";
      entry = is_time ? row.erase(entry) : std::next(entry);
    }
    out += row.dump() + "\n";
  }
  return out;
}

void expect_same_run(const fs::path& a, const fs::path& b) {
  for (const char* stage : {"01-base", "02-zero", "04-sft", "06-helpful", "07-safe", "08-preferred", "09-pleasing"}) {
    EXPECT_EQ(hash_folder(a / stage / "model"), hash_folder(b / stage / "model")) << stage;
    EXPECT_EQ(timeless(a / stage / "metrics.jsonl"), timeless(b / stage / "metrics.jsonl")) << stage;
  }
  for (const char* stage : {"02-zero", "09-pleasing"}) {
    EXPECT_EQ(read_file(a / stage / "completions.jsonl"), read_file(b / stage / "completions.jsonl"));
  }
  for (const char* name : {"dataset.jsonl", "completions.jsonl"}) {
    EXPECT_EQ(read_file(a / "03-samples" / name), read_file(b / "03-samples" / name));
  }
  EXPECT_EQ(read_json(a / "05-report/result.json"), read_json(b / "05-report/result.json"));
}

// @return how often the run was stopped before it came to its end
int64_t run_with_stops(RunOptions options) {
  int64_t stops = 0;
  for (auto delay = std::chrono::milliseconds(60);; delay = delay * 5 / 4) {
    std::stop_source source;
    std::jthread timer([&] {
      std::this_thread::sleep_for(delay);
      source.request_stop();
    });
    options.stop = source.get_token();
    try {
      run_recipe(options);
      return stops;
    } catch (const StoppedError& error) {
      EXPECT_EQ(error.code(), ExitCode::kStopped);
      ++stops;
    }
  }
}

TEST_F(RunTest, StoppedAgainAndAgainItEndsWithTheSameBytes) {
  const fs::path whole = run_recipe(options("whole"));
  EXPECT_GE(run_with_stops(options("stopped")), 2);
  expect_same_run(whole, folder_ / "stopped/t");
}

// Sums of the metrics of stage `zero`, which ends with the same bytes however often it is stopped.
std::map<std::string, double> sums_of_stopped_stage(RunOptions whole_options, RunOptions stopped_options) {
  whole_options.stop_after = stopped_options.stop_after = "zero";
  const fs::path whole = run_recipe(whole_options) / "02-zero";
  EXPECT_GE(run_with_stops(stopped_options), 2);
  const fs::path stopped = run_recipe(stopped_options) / "02-zero";
  EXPECT_EQ(hash_folder(whole / "model"), hash_folder(stopped / "model"));
  EXPECT_EQ(timeless(whole / "metrics.jsonl"), timeless(stopped / "metrics.jsonl"));
  EXPECT_EQ(read_file(whole / "completions.jsonl"), read_file(stopped / "completions.jsonl"));
  std::map<std::string, double> sums;
  std::istringstream lines(timeless(whole / "metrics.jsonl"));
  for (std::string line; std::getline(lines, line);) {
    const nlohmann::json row = nlohmann::json::parse(line);
    for (const auto& [name, value] : row.items()) sums[name] += value.get<double>();
  }
  return sums;
}

// What a step leaves unfinished lies in its checkpoint, and the place in the order of prompts too.
TEST_F(RunTest, PartialRolloutsStoppedAgainAndAgainEndWithTheSameBytes) {
  const std::vector<std::string> partial = {"stages.zero.oversampling=2", "stages.zero.partial_rollouts=true",
                                            "stages.zero.max_steps=10", "stages.zero.max_completion_length=40",
                                            "stages.zero.router_replay=R3"};
  const auto sums = sums_of_stopped_stage(options("whole", partial), options("stopped", partial));
  EXPECT_GT(sums.at("rollout/carried_groups"), 0);
  EXPECT_GT(sums.at("rollout/old_token_ratio"), 0);
}

// How many prompts a step takes is not known before it.
TEST_F(RunTest, DynamicSamplingStoppedAgainAndAgainEndsWithTheSameBytes) {
  const std::vector<std::string> dynamic = {
      "stages.zero.dynamic_sample=true", "stages.zero.rewards=[accuracy]",      "stages.zero.soft_punish_cache=1",
      "stages.zero.max_steps=8",         "stages.zero.kl_in_reward=true",       "stages.zero.old_logprobs=forward",
      "stages.zero.num_minibatches=2",   "stages.zero.router_replay=R2",        "stages.zero.ema_decay=0.5",
      "stages.zero.entropy_coef=0.01",   "stages.zero.top_entropy_quantile=0.5"};
  const auto sums = sums_of_stopped_stage(options("whole", dynamic), options("stopped", dynamic));
  EXPECT_GT(sums.at("dynamic_sampling/dropped_groups"), 0);
  EXPECT_LT(sums.at("dynamic_sampling/missing_groups"), 2 * 8);  // some taught
  EXPECT_LT(sums.at("rewards/soft_overlong_punishment/mean"), 0);
  EXPECT_GT(sums.at("grad_norm"), 0);
}

TEST_F(RunTest, LeavesWhatTheContractsPromise) {
  const fs::path run = run_recipe(options("runs"));
  for (const char* name :
       {"recipe.json", "environment.json", "lineage.json", "report.html", "01-base/model/config.json",
        "01-base/model/tokenizer.json", "02-zero/result.json", "03-samples/dataset.jsonl"}) {
    EXPECT_TRUE(fs::is_regular_file(run / name)) << name;
  }
  std::istringstream lines(read_file(run / "02-zero/completions.jsonl"));
  std::string first;
  std::getline(lines, first);
  const nlohmann::json row = nlohmann::json::parse(first);
  for (const char* key :
       {"step", "prompt", "sample", "completion", "rewards", "reward", "advantage", "length", "finish_reason"}) {
    EXPECT_TRUE(row.contains(key)) << key;
  }
  const nlohmann::json result = read_json(run / "05-report/result.json");
  ASSERT_EQ(result["evaluations"].size(), 3u);
  EXPECT_EQ(result["evaluations"][1]["model"], "zero");
  EXPECT_THAT(timeless(run / "02-zero/metrics.jsonl"), HasSubstr("eval_pass@1"));
  const nlohmann::json card = read_json(run / "03-samples/result.json");
  int64_t dropped = 0;
  for (const auto& [reason, count] : card["dropped"].items()) dropped += count.get<int64_t>();
  EXPECT_EQ(card["kept"].get<int64_t>() + dropped, card["sampled"].get<int64_t>());
  EXPECT_THAT(stage_table(run), HasSubstr("sft"));

  // Nothing changed: nothing is done again. A changed stage takes those after it along, not those before.
  const auto written = [&](const char* stage) { return fs::last_write_time(run / stage / "stage.json"); };
  const auto base = written("01-base"), zero = written("02-zero"), report = written("05-report");
  run_recipe(options("runs"));
  EXPECT_EQ(written("02-zero"), zero);
  run_recipe(options("runs", {"stages.zero.learning_rate=2.0e-3"}));
  EXPECT_EQ(written("01-base"), base);
  EXPECT_NE(written("02-zero"), zero);
  EXPECT_NE(written("05-report"), report);
}

TEST_F(RunTest, PreferencesAreLearnedAndMeasuredOnRowsHeldOut) {
  std::ofstream(folder_ / "recipe.yaml") << recipe_text::kHead << recipe_text::kBase
                                         << preference_stages(folder_.path());
  const fs::path run = run_recipe(options("runs"));
  for (const char* stage : {"02-helpful", "03-safe"}) {
    const nlohmann::json result = read_json(run / stage / "result.json");
    EXPECT_EQ(result["steps"], 8);  // 40 rows, 8 of them held out, 4 a step
    EXPECT_EQ(result["eval_accuracy"], 1.0) << stage;
    EXPECT_FALSE(result.contains("eval_pass@1"));
    EXPECT_EQ(read_json(run / stage / "model/config.json")["architectures"][0], "DeepseekV3ForSequenceClassification");
    EXPECT_TRUE(fs::is_regular_file(run / stage / "model/tokenizer.json"));
  }
  const nlohmann::json preferred = read_json(run / "04-preferred/result.json");
  EXPECT_EQ(preferred["steps"], 16);
  EXPECT_EQ(preferred["eval_rewards/accuracies"], 1.0);
  EXPECT_EQ(read_json(run / "04-preferred/model/config.json")["architectures"][0], "DeepseekV3ForCausalLM");
  const std::string metrics = timeless(run / "04-preferred/metrics.jsonl");
  for (const char* name : {"rewards/chosen", "rewards/margins", "logps/rejected", "eval_loss", "learning_rate"}) {
    EXPECT_THAT(metrics, HasSubstr(name));
  }
  EXPECT_THAT(stage_table(run), HasSubstr("\npreferred "));
}

TEST_F(RunTest, BadPreferencesAreNamed) {
  std::ofstream(folder_ / "recipe.yaml") << recipe_text::kHead << recipe_text::kBase
                                         << preference_stages(folder_.path());
  const std::string rows = (folder_ / "rows.jsonl").string(),
                    good = R"({"prompt": "p", "chosen": "c", "rejected": "r"})";
  const auto sentence = [&](const std::string& text, std::vector<std::string> assignments = {}) {
    std::ofstream(rows) << text;
    assignments.push_back("stages.helpful.data=[{path: " + rows + "}]");
    RunOptions broken = options("runs", assignments);
    broken.stop_after = "helpful";
    return aha::test::sentence_of<Error>([&] { run_recipe(broken); });
  };
  EXPECT_THAT(sentence(good + "\n{\"prompt\": \"p\"}"), HasSubstr("rows.jsonl:2: has no `chosen`"));
  EXPECT_THAT(sentence(""), HasSubstr("rows.jsonl: has no rows to learn from"));
  EXPECT_THAT(sentence(good), HasSubstr("stages.helpful.holdout: takes all 1 rows"));
  EXPECT_THAT(sentence(good + "\n" + good, {"stages.helpful.max_length=3"}),
              HasSubstr("rows.jsonl: 2 of 2 rows are longer than 3 tokens; none is left"));
}

// A threshold of 0 is met at the first measurement, 2 steps in; the decay is 60% of all steps.
TEST_F(RunTest, PretrainingEndsByItsCriterion) {
  const std::string rows = (folder_ / "rows.jsonl").string();
  std::ofstream(rows) << R"({"text": "one"})"
                      << "\n"
                      << R"({"prompt": "a", "completion": "b"})"
                      << "\n";
  std::ofstream(folder_ / "criterion.yaml")
      << "stages: [{name: base, decay_ratio: 0.6, data: [{generator: corpus, weight: 0.5}, {path: " << rows
      << "}], stop_at: {pass@1: 0.0, every_tokens: 512, num_prompts: 2, num_samples: 1, max_completion_length: 4}}]\n";
  RunOptions criterion = options("runs");
  criterion.recipes.push_back(folder_ / "criterion.yaml");
  criterion.stop_after = "base";
  const fs::path run = run_recipe(criterion);
  EXPECT_EQ(read_json(run / "01-base/result.json")["steps"], 5);
  EXPECT_EQ(read_json(run / "01-base/result.json")["task"], "sums");
}

TEST_F(RunTest, AnAverageIsSavedAndChangesNoStep) {
  const auto base = [&](const std::string& parent, const std::string& decay) {
    RunOptions run = options(parent, {"stages.base.ema_decay=" + decay});
    run.stop_after = "base";
    return run_recipe(run) / "01-base";
  };
  const fs::path last = base("last", "0"), average = base("average", "0.8");
  EXPECT_EQ(timeless(last / "metrics.jsonl"), timeless(average / "metrics.jsonl"));
  EXPECT_NE(hash_folder(last / "model"), hash_folder(average / "model"));
}

TEST_F(RunTest, ADamagedRowIsNamed) {
  const std::string rows = (folder_ / "rows.jsonl").string();
  std::ofstream(rows) << R"({"text": "one"})"
                      << "\n{\n";
  RunOptions broken = options("runs", {"stages.0.data=[{path: " + rows + "}]"});
  broken.stop_after = "base";
  EXPECT_THAT(aha::test::sentence_of<InputError>([&] { run_recipe(broken); }), HasSubstr("rows.jsonl:2"));
}

TEST_F(RunTest, StopsAfterAStageAndGoesOn) {
  RunOptions first = options("runs");
  first.stop_after = "base";
  const fs::path run = run_recipe(first);
  EXPECT_TRUE(fs::exists(run / "01-base/model"));
  EXPECT_FALSE(fs::exists(run / "02-zero"));
  first.stop_after = "bass";
  EXPECT_THROW(run_recipe(first), ConfigError);
}

TEST_F(RunTest, APlanTouchesNothing) {
  const std::string plan = plan_text(options("nowhere"));
  EXPECT_THAT(plan, HasSubstr("2 prompts x 4 generations = 8 completions"));
  EXPECT_THAT(plan, HasSubstr("zero [grpo] <- base (init_from)"));
  EXPECT_THAT(plan, HasSubstr("will run"));
  EXPECT_FALSE(fs::exists(folder_ / "nowhere"));
}

TEST_F(RunTest, ThePlanKnowsWhatAnOptimizerKeeps) {
  const auto moments = [&](const std::string& optim) {
    RunOptions planned = options("nowhere");
    planned.assignments.push_back("stages.zero.optim=" + optim);
    const std::string plan = plan_text(planned), zero = plan.substr(plan.find("02-zero"));
    return std::stod(zero.substr(zero.find("moments ") + 8));
  };
  EXPECT_LT(moments("muon"), 0.9 * moments("adamw"));
}

TEST_F(RunTest, TwoProcessesCannotHoldOneFolder) {
  const LoadedRecipe loaded = load_recipe({folder_ / "recipe.yaml"}, {"output_dir=" + (folder_ / "runs").string()});
  const RunFolder holder(loaded);
  EXPECT_THROW(run_recipe(options("runs")), InputError);
}

TEST_F(RunTest, HashesFollowWhatAStageReads) {
  const auto hashes = [&](std::vector<std::string> assignments) {
    return stage_hashes(load_recipe({folder_ / "recipe.yaml"}, assignments));
  };
  const auto plain = hashes({});
  EXPECT_EQ(hashes({"threads=1", "output_dir=elsewhere"}), plain);
  const auto changed = hashes({"stages.zero.beta=0.02"});
  EXPECT_EQ(changed[0], plain[0]);
  EXPECT_NE(changed[1], plain[1]);
  EXPECT_NE(changed[2], plain[2]);  // reads zero
  EXPECT_NE(changed[3], plain[3]);  // reads samples
  const auto task = hashes({"tasks.sums.count=63"});
  EXPECT_EQ(task[0], plain[0]);  // the corpus does not read tasks
  EXPECT_NE(task[1], plain[1]);
  const auto seed = hashes({"seed=1"});
  for (size_t i = 0; i < plain.size(); ++i) EXPECT_NE(seed[i], plain[i]);
}

TEST(ProgramVersion, IsTheProjects) {
  EXPECT_THAT(read_file(std::string(AHA_SOURCE_DIR) + "/CMakeLists.txt"), HasSubstr("VERSION " + program_version()));
}

TEST(StageTable, SaysSoWhereNothingWasMeasured) {
  const TemporaryFolder folder;
  write_file_atomic(folder / "lineage.json", R"({"stages": [{"name": "tuned", "folder": "01-tuned"}]})");
  write_file_atomic(folder / "01-tuned/result.json", "{}");
  EXPECT_THAT(stage_table(folder.path()), HasSubstr("no stage has measured a model"));
}

TEST(StageTable, AMeanRewardIsNoPreference) {
  const TemporaryFolder folder;
  write_file_atomic(folder / "lineage.json", R"({"stages": [{"name": "zero", "folder": "01-zero"}]})");
  write_file_atomic(folder / "01-zero/result.json", R"({"eval_pass@1": 0.5, "eval_accuracy": 0.5})");
  const std::string table = stage_table(folder.path());
  EXPECT_THAT(table, HasSubstr("zero"));
  EXPECT_THAT(table, testing::Not(HasSubstr("held-out loss")));
}

}  // namespace
}  // namespace aha::pipeline::run_test
