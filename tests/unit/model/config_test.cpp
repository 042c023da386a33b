// config.json: what is read, what is written, what is refused; sizes and constants against published numbers.
#include "aha/model/config.h"

#include <gtest/gtest.h>

#include <functional>
#include <nlohmann/json.hpp>

#include "aha/core/error.h"
#include "aha/core/file.h"
#include "model/rope_table.h"

namespace aha::model::config_test {
namespace {

using nlohmann::json;

const std::filesystem::path kModels = std::filesystem::path(AHA_SOURCE_DIR) / "configs/models";

json deepseek_v3() {
  return json::parse(R"({
    "model_type": "deepseek_v3", "vocab_size": 129280, "hidden_size": 7168, "intermediate_size": 18432,
    "moe_intermediate_size": 2048, "num_hidden_layers": 61, "num_attention_heads": 128, "num_key_value_heads": 128,
    "q_lora_rank": 1536, "kv_lora_rank": 512, "qk_nope_head_dim": 128, "qk_rope_head_dim": 64, "v_head_dim": 128,
    "n_routed_experts": 256, "num_experts_per_tok": 8, "n_shared_experts": 1, "first_k_dense_replace": 3,
    "n_group": 8, "topk_group": 4, "topk_method": "noaux_tc", "scoring_func": "sigmoid", "norm_topk_prob": true,
    "routed_scaling_factor": 2.5, "rms_norm_eps": 1e-6, "rope_theta": 10000, "max_position_embeddings": 163840,
    "rope_scaling": {"type": "yarn", "factor": 40, "original_max_position_embeddings": 4096, "beta_fast": 32,
                     "beta_slow": 1, "mscale": 1.0, "mscale_all_dim": 1.0},
    "hidden_act": "silu", "attention_bias": false, "tie_word_embeddings": false, "initializer_range": 0.02,
    "bos_token_id": 0, "eos_token_id": 1, "torch_dtype": "bfloat16", "aux_loss_alpha": 0.001, "ep_size": 1})");
}

TEST(ModelConfig, CountsTheParametersOfTheModelsWeShip) {
  // nano by hand: embedding and head 2·320·128; attention 67 904 a layer; dense MLP 3·384·128; experts 332 800 a layer.
  const ModelConfig nano = load_model_config(kModels / "nano.json");
  EXPECT_EQ(nano.num_parameters(), 81920 + 128 + 4 * 67904 + 147456 + 3 * 332800);
  EXPECT_EQ(nano.num_active_parameters(), 81920 + 128 + 4 * 67904 + 147456 + 3 * (1024 + 36864 + 2 * 36864));
  EXPECT_EQ(nano.eos_token_ids, std::vector<int64_t>{258});

  const ModelConfig micro = load_model_config(kModels / "micro.json");
  EXPECT_NEAR(static_cast<double>(micro.num_parameters()), 12.8e6, 0.05e6);
  EXPECT_NEAR(static_cast<double>(micro.num_active_parameters()), 5.4e6, 0.05e6);
}

TEST(ModelConfig, CountsTheParametersOfDeepSeekV3) {
  // 671 billion in all; 36.7 billion a token by the release notes, which leave the embedding's lookup out.
  const ModelConfig config = read_model_config(deepseek_v3(), "config.json");
  EXPECT_NEAR(static_cast<double>(config.num_parameters()), 671.0e9, 0.05e9);
  EXPECT_NEAR(static_cast<double>(config.num_active_parameters()), 37.5e9, 0.1e9);
}

TEST(ModelConfig, YarnFrequenciesAndScaleArePublishedOnes) {
  ModelConfig config = read_model_config(deepseek_v3(), "config.json");
  const std::vector<double> frequency = rope_frequencies(config);
  ASSERT_EQ(frequency.size(), 32);
  const std::vector<std::pair<int, double>> expected{{0, 1},           {10, 5.623413e-2}, {11, 3.900693e-2},
                                                     {16, 5.5e-3},     {22, 1.778279e-4}, {23, 3.333804e-5},
                                                     {31, 3.333804e-6}};
  for (const auto& [i, value] : expected) EXPECT_NEAR(frequency[i] / value, 1, 1e-6) << i;
  EXPECT_NEAR(config.softmax_scale(), 0.1352338, 1e-7);
  config.yarn->mscale_all_dim = 0.707;
  EXPECT_NEAR(config.softmax_scale(), 0.1147214, 1e-7);
  config.yarn.reset();
  EXPECT_NEAR(config.softmax_scale(), 0.0721688, 1e-7);
}

TEST(ModelConfig, ReadsBothSpellingsOfTheRotaryFields) {
  json object = deepseek_v3();
  const ModelConfig old_form = read_model_config(object, "config.json");
  object["rope_parameters"] = object["rope_scaling"];
  object["rope_parameters"]["rope_type"] = "yarn";
  object["rope_parameters"]["rope_theta"] = 50000.0;
  object.erase("rope_scaling");
  object.erase("rope_theta");
  const ModelConfig new_form = read_model_config(object, "config.json");
  EXPECT_EQ(old_form.yarn->factor, new_form.yarn->factor);
  EXPECT_EQ(old_form.rope_theta, 10000);
  EXPECT_EQ(new_form.rope_theta, 50000);
}

TEST(ModelConfig, SurvivesWritingAndReading) {
  json object = deepseek_v3();
  object["eos_token_id"] = {1, 7};
  object["num_nextn_predict_layers"] = 1;
  object["tie_word_embeddings"] = true;
  object["latent_norm_eps"] = 1e-5;
  const ModelConfig config = read_model_config(object, "config.json");
  const json written = model_config_json(config);
  EXPECT_EQ(json(model_config_json(read_model_config(written, "again"))), written);
  for (const auto& [name, value] : object.items()) {
    if (name == "torch_dtype" || name == "aux_loss_alpha" || name == "ep_size" || name == "rope_scaling") continue;
    EXPECT_EQ(written.at(name), value) << name;
  }
  EXPECT_EQ(written.at("rope_scaling").at("type"), "yarn");
  EXPECT_EQ(written.at("rope_parameters").at("rope_type"), "yarn");
  EXPECT_EQ(written.at("head_dim"), 64);
  EXPECT_EQ(written.at("qk_head_dim"), 192);
}

TEST(ModelConfig, ShippedFilesAreWhatWeWouldWrite) {
  for (const char* name : {"nano.json", "micro.json"}) {
    const std::string text = read_file(kModels / name);
    EXPECT_EQ(json(model_config_json(load_model_config(kModels / name))), json::parse(text)) << name;
  }
}

struct Refusal {
  const char* description;
  std::function<void(json&)> change;
  const char* sentence;
};

const Refusal kRefusals[] = {
    {"missing", [](json& o) { o.erase("kv_lora_rank"); },
     "config.json: kv_lora_rank: is missing; the model's shape needs it"},
    {"null", [](json& o) { o["v_head_dim"] = nullptr; },
     "config.json: v_head_dim: is missing; the model's shape needs it"},
    {"rank not mentioned", [](json& o) { o.erase("q_lora_rank"); },
     "config.json: q_lora_rank: is missing; write null for a single q_proj"},
    {"wrong type", [](json& o) { o["hidden_size"] = "7168"; },
     "config.json: hidden_size: must be an integer between 1 and 1048576, but is \"7168\""},
    {"too large", [](json& o) { o["vocab_size"] = 18446744073709551615u; },
     "config.json: vocab_size: must be an integer between 1 and 1048576, but is 18446744073709551615"},
    {"negative", [](json& o) { o["num_hidden_layers"] = -1; },
     "config.json: num_hidden_layers: must be an integer between 1 and 4096, but is -1"},
    {"another model", [](json& o) { o["model_type"] = "mamba"; },
     "config.json: model_type: is \"mamba\"; deepseek_v3, deepseek_v2, qwen2, qwen3, qwen3_moe, llama are what is "
     "read"},
    {"groups", [](json& o) { o["n_group"] = 7; },
     "config.json: n_group: is 7, which does not divide n_routed_experts = 256"},
    {"lonely groups", [](json& o) { o["n_group"] = 256; },
     "config.json: n_group: leaves one expert a group; groups are ranked by their two best, so n_group must be at most "
     "128"},
    {"few experts", [](json& o) { o["topk_group"] = 1, o["num_experts_per_tok"] = 40; },
     "config.json: num_experts_per_tok: is 40, but topk_group = 1 groups hold 32 experts"},
    {"odd rope", [](json& o) { o["qk_rope_head_dim"] = 63; },
     "config.json: qk_rope_head_dim: must be even: rotary embedding turns pairs"},
    {"gate", [](json& o) { o["scoring_func"] = "softmax"; },
     "config.json: scoring_func: is \"softmax\"; \"sigmoid\" is what is read"},
    {"rope type", [](json& o) { o["rope_scaling"]["type"] = "linear"; },
     "config.json: rope_scaling: rope_type: is \"linear\"; yarn and default are read"},
    {"yarn factor", [](json& o) { o["rope_scaling"].erase("factor"); },
     "config.json: rope_scaling: factor: is missing; the model's arithmetic needs it"},
    {"token id",
     [](json& o) {
       o["eos_token_id"] = {1, 129280};
     },
     "config.json: eos_token_id: must be an integer between 0 and 129279, but is 129280"},
};

TEST(ModelConfig, RefusesInOneSentence) {
  for (const Refusal& refusal : kRefusals) {
    SCOPED_TRACE(refusal.description);
    json object = deepseek_v3();
    refusal.change(object);
    try {
      read_model_config(object, "config.json");
      ADD_FAILURE() << "was accepted";
    } catch (const InputError& error) {
      EXPECT_STREQ(error.what(), refusal.sentence);
    }
  }
}

TEST(ModelConfig, SaysHowToFoldHalfSplitWeights) {
  json object = deepseek_v3();
  object["rope_interleave"] = false;
  EXPECT_THROW(read_model_config(object, "config.json"), InputError);
  object["rope_interleave"] = true;
  object["quantization_config"] = json::object();
  EXPECT_THROW(read_model_config(object, "config.json"), InputError);
  EXPECT_THROW(read_model_config(json::array(), "config.json"), InputError);
}

TEST(ModelConfig, RefusesFilesThatAreNotJson) {
  const std::filesystem::path file = std::filesystem::path(testing::TempDir()) / "aha_config_test.json";
  for (const char* text : {"", "{\"hidden_size\": 12", "{\"rms_norm_eps\": 1e999}", "[1, 2]"}) {
    write_file_atomic(file, text);
    EXPECT_THROW(load_model_config(file), InputError) << text;
  }
  std::filesystem::remove(file);
  EXPECT_THROW(load_model_config(file), InputError);
}

}  // namespace
}  // namespace aha::model::config_test
