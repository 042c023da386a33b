// Reward models: what they keep of a language model, which token they judge at, their folders, who refuses them.
#include <ATen/core/grad_mode.h>
#include <ATen/ops/allclose.h>
#include <ATen/ops/dot.h>
#include <ATen/ops/equal.h>
#include <torch/csrc/autograd/autograd.h>

#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "aha/core/error.h"
#include "aha/core/file.h"
#include "aha/model/decoder.h"
#include "unit/model/model_folder.h"
#include "unit/model/tiny_models.h"

namespace aha::model::reward_model_test {
namespace {

using nlohmann::json;

Model judge_of(const ModelConfig& config, at::ScalarType dtype = at::kFloat) {
  const Model model = Model::make(config, 3, dtype);
  stir(model);
  return model.as_reward_model(4);
}

PackedTokens packed(const std::vector<std::vector<int32_t>>& rows) {
  std::vector<const std::vector<int32_t>*> pointers;
  for (const auto& row : rows) pointers.push_back(&row);
  return pack_tokens(pointers);
}

TEST(RewardModel, IsTheBodyUnderAFreshScore) {
  const Model model = Model::make(tiny_config(), 3);
  const Model judge = model.as_reward_model(4);
  EXPECT_TRUE(judge.config().is_reward_model);
  EXPECT_EQ(judge.config().num_nextn_predict_layers, 0);
  EXPECT_EQ(judge.weights().back().name, "score");
  EXPECT_EQ(judge.parameter("score").sizes(), (std::vector<int64_t>{1, 12}));
  for (const NamedTensor& item : judge.weights()) {
    EXPECT_FALSE(item.name == "lm_head" || item.name.starts_with("layers.2.")) << item.name;
    const bool is_kept = item.name != "score";
    EXPECT_EQ(is_kept && at::equal(item.tensor, model.parameter(item.name)), is_kept) << item.name;
  }
  EXPECT_EQ(judge.buffers().size(), 1);  // the MTP layer's bias has gone
  EXPECT_TRUE(at::equal(judge.parameter("score"), model.as_reward_model(4).parameter("score")));
  EXPECT_FALSE(at::equal(judge.parameter("score"), model.as_reward_model(5).parameter("score")));
  EXPECT_GT(judge.parameter("score").abs().max().item<double>(), 0);
}

TEST(RewardModel, JudgesAtTheLastTokenThatIsNoPadding) {
  ModelConfig config = tiny_llama();
  config.pad_token_id = 7;
  const Model judge = judge_of(config, at::kDouble);
  const PackedTokens tokens = packed({{1, 2, 3}, {4, 7, 5, 7, 7}, {7, 7}, {6}});
  const at::Tensor hidden_TD = judge.forward(tokens).hidden_TD;
  const at::Tensor reward_S = judge.rewards(hidden_TD, tokens);
  const std::vector<int64_t> judged_at = {2, 5, 8, 10};  // the all-padding sequence: its first
  ASSERT_EQ(reward_S.sizes(), (std::vector<int64_t>{4}));
  for (size_t i = 0; i < judged_at.size(); ++i) {
    const double expected = at::dot(hidden_TD[judged_at[i]], judge.parameter("score")[0]).item<double>();
    EXPECT_NEAR(reward_S[static_cast<int64_t>(i)].item<double>(), expected, 1e-14);
  }
  EXPECT_THROW(judge.rewards(hidden_TD, {tokens.token_T, {0, 3, 3, 11}}), ShapeError);
}

TEST(RewardModel, OfASequenceDoesNotDependOnThoseBesideIt) {
  for (const ModelConfig& config : {tiny_config(), tiny_qwen3_moe(), tiny_deepseek_v2()}) {
    const at::NoGradGuard no_grad;
    const Model judge = judge_of(config, at::kDouble);
    const PackedTokens all = packed_rows({5, 9, 2}, config.vocab_size);
    const at::Tensor together_S = judge.rewards(judge.forward(all).hidden_TD, all);
    for (int64_t i = 0; i < 3; ++i) {
      const int64_t begin = all.offsets[i], length = all.offsets[i + 1] - begin;
      const PackedTokens one{all.token_T.narrow(0, begin, length), {0, length}};
      EXPECT_NEAR(judge.rewards(judge.forward(one).hidden_TD, one).item<double>(), together_S[i].item<double>(), 1e-12);
    }
  }
}

TEST(RewardModel, GradientReachesScoreAndBody) {
  const Model judge = judge_of(tiny_config(), at::kDouble);
  const PackedTokens tokens = packed_rows({4, 6}, 23);
  const at::Tensor hidden_TD = judge.forward(tokens).hidden_TD;
  const at::Tensor reward_S = judge.rewards(hidden_TD, tokens);
  const auto gradients = torch::autograd::grad({reward_S[0] - 2 * reward_S[1]},
                                               {judge.parameter("score"), judge.parameter("layers.0.mlp.down")});
  EXPECT_TRUE(at::allclose(gradients[0][0], hidden_TD[3] - 2 * hidden_TD[9], 0, 1e-14));
  EXPECT_GT(gradients[1].abs().max().item<double>(), 0);
}

TEST(RewardModel, FoldersAreThoseOfSequenceClassifiers) {
  for (const ModelConfig& config :
       {tiny_config(), tiny_deepseek_v2(), tiny_qwen2(), tiny_qwen3(), tiny_qwen3_moe(), tiny_llama()}) {
    SCOPED_TRACE(config.model_type);
    const test::TemporaryFolder folder;
    const Model judge = judge_of(config);
    judge.save(folder.path());
    const auto tensors = tensors_of(folder.path() / "model.safetensors");
    EXPECT_TRUE(at::equal(tensors.at("score.weight"), judge.parameter("score")));
    EXPECT_FALSE(tensors.contains("lm_head.weight"));
    const json saved = json::parse(read_file(folder.path() / "config.json"));
    EXPECT_TRUE(saved["architectures"][0].get<std::string>().ends_with("ForSequenceClassification"));
    EXPECT_EQ(saved["id2label"], json::parse(R"({"0": "LABEL_0"})"));
    EXPECT_FALSE(std::filesystem::exists(folder.path() / "generation_config.json"));

    const Model loaded = load(folder.path(), {.device = "cpu"});
    EXPECT_TRUE(loaded.config().is_reward_model);
    expect_same_model(judge, loaded);
  }
}

TEST(RewardModel, ConfigsWithOneLabelAreRead) {
  json object = json::parse(model_config_json(tiny_qwen2()).dump());
  object["architectures"] = {"Qwen2ForSequenceClassification"};
  const auto refusal = [&] { return test::sentence_of<InputError>([&] { read_model_config(object, "config.json"); }); };
  EXPECT_EQ(refusal(),
            "config.json: num_labels: says 2 labels; of sequence classifiers those with one are read");  // by default
  object["num_labels"] = 1;
  EXPECT_TRUE(read_model_config(object, "config.json").is_reward_model);
  object["id2label"] = {{"0", "bad"}, {"1", "good"}};
  EXPECT_EQ(refusal(), "config.json: id2label: says 2 labels; of sequence classifiers those with one are read");
  object["architectures"] = {"Qwen2ForCausalLM"};
  EXPECT_FALSE(read_model_config(object, "config.json").is_reward_model);
}

TEST(RewardModel, NeitherWritesNorScoresTokens) {
  Model judge = judge_of(tiny_qwen2());  // tied: its embedding must not serve as a head
  const PackedTokens tokens = packed_rows({4}, 23);
  const at::Tensor hidden_TD = judge.forward(tokens).hidden_TD;
  const std::string expected =
      "model: is a reward model: it judges whole sequences and has no output head to write or score tokens with; name "
      "a language model";
  EXPECT_EQ(test::sentence_of<InputError>([&] { judge.logits(tokens); }), expected);
  EXPECT_EQ(test::sentence_of<InputError>([&] { judge.score(hidden_TD, tokens.token_T); }), expected);
  EXPECT_EQ(test::sentence_of<InputError>([&] { DecodeWeights weights(judge); }), expected);
  EXPECT_THROW(judge.add_lora({}, 1), ConfigError);

  const Model writer = Model::make(tiny_qwen2(), 3);
  EXPECT_EQ(test::sentence_of<InputError>([&] { writer.rewards(hidden_TD, tokens); }),
            "model: is a language model: it has no score head to judge sequences with; name a reward model");
}

}  // namespace
}  // namespace aha::model::reward_model_test
