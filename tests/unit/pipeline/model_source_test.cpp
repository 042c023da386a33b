// Models from folders, and adapters: what a recipe starts from, and that stopping changes no byte.
#include <ATen/ops/equal.h>

#include "pipeline/model_source.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <thread>

#include "aha/core/error.h"
#include "aha/core/file.h"
#include "aha/core/log.h"
#include "aha/model/model_files.h"
#include "aha/pipeline/run.h"
#include "aha/report/progress.h"
#include "pipeline/run_folder.h"
#include "unit/core/temporary_folder.h"
#include "unit/pipeline/recipe_text.h"

namespace aha::pipeline::model_source_test {
namespace {

using aha::test::sentence_of;
using aha::test::TemporaryFolder;
using testing::AllOf;
using testing::HasSubstr;

// A folder as it comes from elsewhere: the tiny model with fresh weights, and the byte tokenizer.
class ModelSourceTest : public testing::Test {
 protected:
  void SetUp() override {
    log::set_level(log::Level::kError);
    report::Progress::set_enabled(false);
    make_folder(model_);
    model::Model::make(model::load_model_config(recipe_text::kTinyModel), 3).save(model_);
    data::make_byte_tokenizer()->save(model_);
    std::ofstream(folder_ / "rows.jsonl") << R"({"prompt": "1+1", "completion": "2"})"
                                          << "\n"
                                          << R"({"prompt": "1+2", "completion": "3"})"
                                          << "\n";
  }

  std::string from_model() const { return "model: {path: " + model_.string() + "}"; }

  std::string tuning(const std::string& name, const std::string& more) const {
    return "  - {name: " + name + ", kind: sft, " + from_model() +
           ", data: [{path: " + (folder_ / "rows.jsonl").string() +
           "}], epochs: 4, tokens_per_step: 4, learning_rate: 1.0e-2, save_steps: 1" + more + "}\n";
  }

  std::string playing(const std::string& name, const std::string& more) const {
    return "  - {name: " + name + ", kind: grpo, " + from_model() +
           ", max_steps: 4, prompts_per_step: 2, num_generations: 4, max_completion_length: 8, learning_rate: 1.0e-2, "
           "save_steps: 1, rewards: [{name: chance, verifier: random}]" +
           more + "}\n";
  }

  RunOptions options(const std::string& parent, const std::string& stages) const {
    std::ofstream(folder_ / "recipe.yaml") << recipe_text::kHead << stages;
    RunOptions options;
    options.recipes = {folder_ / "recipe.yaml"};
    options.assignments = {"output_dir=" + (folder_ / parent).string()};
    return options;
  }

  // Stopped as often as it takes, each time a little later.
  fs::path run_with_stops(const std::string& stages, int64_t& stops) const {
    for (auto delay = std::chrono::milliseconds(30);; delay = delay * 5 / 4) {
      std::stop_source source;
      std::jthread timer([&] {
        std::this_thread::sleep_for(delay);
        source.request_stop();
      });
      RunOptions again = options("stopped", stages);
      again.stop = source.get_token();
      try {
        return run_recipe(again);
      } catch (const StoppedError&) {
        ++stops;
      }
    }
  }

  TemporaryFolder folder_;
  fs::path model_ = folder_ / "given";
};

TEST_F(ModelSourceTest, StagesStartFromAFolder) {
  const std::string stages = tuning("tuned", "") + playing("played", "") + "  - {name: more, kind: pretrain, " +
                             from_model() + ", data: [{generator: corpus}], max_tokens: 512, tokens_per_step: 256}\n" +
                             "  - {name: picked, kind: rejection_sampling, " + from_model() +
                             ", num_prompts: 8, num_generations: 2, max_completion_length: 8, keep: {reward: 0.0}}\n" +
                             "  - {name: report, kind: evaluate, models: [tuned, {path: " + model_.string() +
                             ", name: given}], num_prompts: 2, num_samples: 1, max_completion_length: 4}\n";
  const fs::path run = run_recipe(options("runs", stages));
  for (const char* stage : {"01-tuned", "02-played", "03-more"}) {
    EXPECT_NE(hash_file(run / stage / "model/model.safetensors"), hash_file(model_ / "model.safetensors")) << stage;
    EXPECT_FALSE(fs::exists(run / stage / "adapter")) << stage;
  }
  const auto report = nlohmann::json::parse(read_file(run / "05-report/result.json"));
  EXPECT_EQ(report["evaluations"][1]["model"], "given");
  EXPECT_THAT(stage_table(run), HasSubstr("given"));
  const auto lineage = nlohmann::json::parse(read_file(run / "lineage.json"));
  EXPECT_EQ(lineage["stages"][0]["models"], nlohmann::json({model_.string()}));
  EXPECT_THAT(read_file(run / "04-picked/dataset.jsonl"), HasSubstr("\"model\":\"" + model_.string()));
}

TEST_F(ModelSourceTest, AdaptersLeaveAMergedModelAndTheirOwnFiles) {
  const fs::path run = run_recipe(options("runs", tuning("tuned", ", lora: {r: 4, alpha: 8}")));
  EXPECT_TRUE(fs::is_regular_file(run / "01-tuned/adapter/adapter_model.safetensors"));
  const auto adapter = nlohmann::json::parse(read_file(run / "01-tuned/adapter/adapter_config.json"));
  EXPECT_EQ(adapter["base_model_name_or_path"], model_.string());

  // The folder's model with the adapter merged in is the stage's model.
  model::Model merged = model::load(model_);
  merged.load_lora(run / "01-tuned/adapter");
  merged.merge_lora();
  const model::Model left = model::load(run / "01-tuned/model");
  double moved = 0;
  const model::Model given = model::load(model_);
  for (const model::NamedTensor& weight : left.weights()) {
    EXPECT_TRUE(at::equal(weight.tensor, merged.parameter(weight.name))) << weight.name;
    moved += (weight.tensor - given.parameter(weight.name)).abs().max().item<double>();
  }
  EXPECT_GT(moved, 0);
  EXPECT_TRUE(at::equal(left.parameter("embed_tokens"), given.parameter("embed_tokens")));
}

TEST_F(ModelSourceTest, StoppedAgainAndAgainAdaptersEndWithTheSameBytes) {
  const std::string stages =
      tuning("tuned", ", lora: {r: 2}") +
      playing("played", ", lora: {r: 2}, beta: 0.1, sync_ref_model: true, ref_model_sync_steps: 2");
  const fs::path whole = run_recipe(options("whole", stages));
  int64_t stops = 0;
  const fs::path stopped = run_with_stops(stages, stops);
  EXPECT_GE(stops, 2);
  for (const char* stage : {"01-tuned", "02-played"}) {
    EXPECT_EQ(hash_folder(whole / stage / "model"), hash_folder(stopped / stage / "model")) << stage;
    EXPECT_EQ(hash_folder(whole / stage / "adapter"), hash_folder(stopped / stage / "adapter")) << stage;
  }
  // A checkpoint holds adapters and moments, not the model.
  for (const auto& entry : fs::directory_iterator(whole / "01-tuned/checkpoints")) {
    EXPECT_TRUE(fs::exists(entry.path() / "adapters.safetensors"));
    EXPECT_FALSE(fs::exists(entry.path() / "model.safetensors"));
  }
}

TEST_F(ModelSourceTest, AChangedFolderIsANewStart) {
  const auto hash = [&] { return stage_hashes(load_recipe(options("runs", tuning("tuned", "")).recipes, {})).front(); };
  const std::string before = hash();
  EXPECT_EQ(hash(), before);
  model::Model::make(model::load_model_config(recipe_text::kTinyModel), 4).save(model_);
  EXPECT_NE(hash(), before);
}

TEST_F(ModelSourceTest, ThePlanCountsAdapters) {
  const std::string plan = plan_text(options("nowhere", tuning("tuned", ", lora: {r: 2, target_modules: [o_proj]}")));
  const model::ModelConfig config = model::load_model_config(recipe_text::kTinyModel);
  const int64_t width = config.num_attention_heads * config.v_head_dim;
  EXPECT_EQ(model::num_lora_parameters(config, {.r = 2, .target_modules = {"o_proj"}}),
            config.num_hidden_layers * 2 * (width + config.hidden_size));
  EXPECT_THAT(plan, AllOf(HasSubstr(" + adapters "), HasSubstr(" + gradients "), HasSubstr("given (folder)")));
}

TEST_F(ModelSourceTest, APlanFindsWhatDoesNotFit) {
  const auto complaint = [&](const std::string& stages) {
    return sentence_of<ConfigError>([&] { plan_text(options("nowhere", stages)); });
  };
  EXPECT_THAT(complaint(tuning("tuned", ", lora: {target_modules: [o_prj]}")),
              AllOf(HasSubstr("stages.0.lora.target_modules"), HasSubstr("o_prj")));
  model::ModelConfig small = model::load_model_config(recipe_text::kTinyModel);
  small.vocab_size = 300;
  write_file_atomic(model_ / "config.json", model::model_config_json(small).dump());
  EXPECT_THAT(complaint(tuning("tuned", "")),
              HasSubstr("stages.0.model.path: the model's vocab_size is 300, but the tokenizer has 320 ids"));
  fs::remove(model_ / "config.json");
  EXPECT_THAT(sentence_of<InputError>([&] { plan_text(options("nowhere", tuning("tuned", ""))); }),
              HasSubstr("config.json"));
}

TEST_F(ModelSourceTest, DescribesAFolderByItsHeaders) {
  const model::ModelFiles files = model::describe_model(model_);
  EXPECT_EQ(files.num_files, 1);
  EXPECT_EQ(files.num_bytes, static_cast<int64_t>(fs::file_size(model_ / "model.safetensors")));
  int64_t values = 0;
  for (const model::TensorInFile& tensor : files.tensors) {
    EXPECT_EQ(tensor.dtype, "F32");
    int64_t count = 1;
    for (const int64_t size : tensor.shape) count *= size;
    values += tensor.name.ends_with("e_score_correction_bias") ? 0 : count;
  }
  EXPECT_EQ(values, files.config.num_parameters());
}

}  // namespace
}  // namespace aha::pipeline::model_source_test
