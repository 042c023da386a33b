// Families: the fields of each one's config.json in both spellings, what a missing one means, what is refused.
#include <gtest/gtest.h>

#include <functional>
#include <nlohmann/json.hpp>

#include "aha/core/error.h"
#include "aha/model/config.h"
#include "model/family.h"
#include "unit/model/tiny_models.h"

namespace aha::model::families_test {
namespace {

using nlohmann::json;

ModelConfig read(const json& object) { return read_model_config(object, "config.json"); }

// As their makers wrote them for transformers 4; the sums of parameters below are those of the published weights.
json qwen2_5_1_5b() {
  return json::parse(R"({
    "architectures": ["Qwen2ForCausalLM"], "model_type": "qwen2", "vocab_size": 151936, "hidden_size": 1536,
    "intermediate_size": 8960, "num_hidden_layers": 28, "num_attention_heads": 12, "num_key_value_heads": 2,
    "hidden_act": "silu", "rms_norm_eps": 1e-6, "rope_theta": 1000000.0, "max_position_embeddings": 131072,
    "max_window_layers": 28, "sliding_window": 131072, "use_sliding_window": false, "use_mrope": false,
    "tie_word_embeddings": true, "initializer_range": 0.02, "bos_token_id": 151643, "eos_token_id": 151643,
    "torch_dtype": "bfloat16", "use_cache": true, "attention_dropout": 0.0, "transformers_version": "4.40.1"})");
}

json qwen3_0_6b() {
  return json::parse(R"({
    "architectures": ["Qwen3ForCausalLM"], "model_type": "qwen3", "vocab_size": 151936, "hidden_size": 1024,
    "intermediate_size": 3072, "num_hidden_layers": 28, "num_attention_heads": 16, "num_key_value_heads": 8,
    "head_dim": 128, "attention_bias": false, "hidden_act": "silu", "rms_norm_eps": 1e-6, "rope_theta": 1000000,
    "rope_scaling": null, "max_position_embeddings": 40960, "max_window_layers": 28, "sliding_window": null,
    "use_sliding_window": false, "tie_word_embeddings": true, "bos_token_id": 151643, "eos_token_id": 151645})");
}

json qwen3_30b_a3b() {
  return json::parse(R"({
    "architectures": ["Qwen3MoeForCausalLM"], "model_type": "qwen3_moe", "vocab_size": 151936, "hidden_size": 2048,
    "intermediate_size": 6144, "moe_intermediate_size": 768, "num_hidden_layers": 48, "num_attention_heads": 32,
    "num_key_value_heads": 4, "head_dim": 128, "attention_bias": false, "decoder_sparse_step": 1,
    "mlp_only_layers": [], "num_experts": 128, "num_experts_per_tok": 8, "norm_topk_prob": true, "hidden_act": "silu",
    "rms_norm_eps": 1e-6, "rope_theta": 1000000.0, "rope_scaling": null, "max_position_embeddings": 40960,
    "use_sliding_window": false, "tie_word_embeddings": false, "router_aux_loss_coef": 0.001})");
}

json llama_3_1_8b() {
  return json::parse(R"({
    "architectures": ["LlamaForCausalLM"], "model_type": "llama", "vocab_size": 128256, "hidden_size": 4096,
    "intermediate_size": 14336, "num_hidden_layers": 32, "num_attention_heads": 32, "num_key_value_heads": 8,
    "attention_bias": false, "mlp_bias": false, "hidden_act": "silu", "rms_norm_eps": 1e-5, "rope_theta": 500000.0,
    "rope_scaling": {"factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
                     "original_max_position_embeddings": 8192, "rope_type": "llama3"},
    "max_position_embeddings": 131072, "pretraining_tp": 1, "bos_token_id": 128000,
    "eos_token_id": [128001, 128008, 128009]})");
}

json deepseek_v2_lite() {
  return json::parse(R"({
    "architectures": ["DeepseekV2ForCausalLM"], "model_type": "deepseek_v2", "vocab_size": 102400, "hidden_size": 2048,
    "intermediate_size": 10944, "moe_intermediate_size": 1408, "num_hidden_layers": 27, "num_attention_heads": 16,
    "num_key_value_heads": 16, "q_lora_rank": null, "kv_lora_rank": 512, "qk_nope_head_dim": 128,
    "qk_rope_head_dim": 64, "v_head_dim": 128, "n_routed_experts": 64, "num_experts_per_tok": 6,
    "n_shared_experts": 2, "first_k_dense_replace": 1, "moe_layer_freq": 1, "n_group": 1, "topk_group": 1,
    "topk_method": "greedy", "scoring_func": "softmax", "norm_topk_prob": false, "routed_scaling_factor": 1.0,
    "rms_norm_eps": 1e-6, "rope_theta": 10000, "max_position_embeddings": 163840, "hidden_act": "silu",
    "rope_scaling": {"type": "yarn", "factor": 40, "original_max_position_embeddings": 4096, "beta_fast": 32,
                     "beta_slow": 1, "mscale": 0.707, "mscale_all_dim": 0.707},
    "attention_bias": false, "bos_token_id": 100000, "eos_token_id": 100001})");
}

TEST(Families, AreListedInTheOrderOfTheTable) {
  EXPECT_EQ(model_families(),
            (std::vector<std::string>{"deepseek_v3", "deepseek_v2", "qwen2", "qwen3", "qwen3_moe", "llama"}));
  EXPECT_EQ(find_family("gpt2"), nullptr);
  ModelConfig nobody;
  nobody.model_type = "gpt2";
  EXPECT_THROW(model_config_json(nobody), ConfigError);
}

TEST(Families, CountTheParametersOfPublishedModels) {
  EXPECT_EQ(read(qwen2_5_1_5b()).num_parameters(), 1'543'714'304);
  EXPECT_EQ(read(qwen3_0_6b()).num_parameters(), 596'049'920);
  EXPECT_EQ(read(llama_3_1_8b()).num_parameters(), 8'030'261'248);
  EXPECT_EQ(read(qwen3_30b_a3b()).num_parameters(), 30'532'122'624);
  EXPECT_NEAR(static_cast<double>(read(qwen3_30b_a3b()).num_active_parameters()), 3.35e9, 0.01e9);
  EXPECT_NEAR(static_cast<double>(read(deepseek_v2_lite()).num_parameters()), 15.7e9, 0.05e9);
}

TEST(Families, Qwen2HasBiasesAndDerivesItsHeads) {
  const ModelConfig config = read(qwen2_5_1_5b());
  EXPECT_EQ(config.attention, AttentionKind::kGrouped);
  EXPECT_EQ(config.head_dim, 128);
  EXPECT_EQ(config.num_key_value_heads, 2);
  EXPECT_TRUE(config.has_qkv_bias && !config.has_o_bias && !config.has_qk_norm && config.tie_word_embeddings);
  EXPECT_FALSE(config.rope_interleave);
  EXPECT_EQ(config.rope_theta, 1e6);
  EXPECT_EQ(config.cache_width(), 512);
  EXPECT_FALSE(config.is_moe_layer(27) || config.has_expert_bias());
  EXPECT_DOUBLE_EQ(config.softmax_scale(), 1 / std::sqrt(128.0));
}

TEST(Families, Qwen3NormsQueriesAndKeysAndMayHaveBiases) {
  json object = qwen3_0_6b();
  EXPECT_TRUE(read(object).has_qk_norm && !read(object).has_qkv_bias);
  object["attention_bias"] = true;
  EXPECT_TRUE(read(object).has_qkv_bias && read(object).has_o_bias);
  object.erase("head_dim");  // 128 in transformers' class, whatever the hidden size
  EXPECT_THROW(read(object), InputError);
}

TEST(Families, Qwen3MoeKnowsWhichLayersAreDense) {
  json object = qwen3_30b_a3b();
  EXPECT_TRUE(read(object).is_moe_layer(0));
  object["num_local_experts"] = object["num_experts"];  // transformers 5
  object.erase("num_experts");
  object["decoder_sparse_step"] = 3;
  object["mlp_only_layers"] = {5, 9, 47, 1000};
  const ModelConfig config = read(object);
  EXPECT_EQ(config.n_routed_experts, 128);
  EXPECT_EQ(config.first_k_dense_replace, 2);
  for (int64_t layer = 0; layer < 48; ++layer) {
    EXPECT_EQ(config.is_moe_layer(layer), layer % 3 == 2 && layer != 5 && layer != 47) << layer;
  }
  const json written = model_config_json(config);
  EXPECT_EQ(written.at("decoder_sparse_step"), 1);
  EXPECT_EQ(written.at("mlp_only_layers").size(), 34);
  EXPECT_EQ(json(model_config_json(read(written))), written);
  EXPECT_EQ(config.scoring_func + config.topk_method, "softmaxgreedy");
  EXPECT_EQ(config.routed_scaling_factor, 1);
}

TEST(Families, LlamaReadsItsRopeScaling) {
  json object = llama_3_1_8b();
  const ModelConfig config = read(object);
  ASSERT_TRUE(config.llama3_rope);
  EXPECT_EQ(config.llama3_rope->high_freq_factor, 4);
  EXPECT_EQ(config.llama3_rope->original_max_position_embeddings, 8192);
  EXPECT_EQ(config.head_dim, 128);
  EXPECT_EQ(config.eos_token_ids, (std::vector<int64_t>{128001, 128008, 128009}));
  object.erase("num_key_value_heads");  // Llama 1 had none to speak of
  object["head_dim"] = 64;
  EXPECT_EQ(read(object).num_key_value_heads, 32);
  EXPECT_EQ(read(object).head_dim, 64);
}

TEST(Families, DeepSeekV2HasGatesOfItsOwn) {
  json object = deepseek_v2_lite();
  const ModelConfig lite = read(object);
  EXPECT_EQ(lite.topk_method, "greedy");
  EXPECT_EQ(lite.scoring_func, "softmax");
  EXPECT_FALSE(lite.has_expert_bias() || lite.norm_topk_prob);
  EXPECT_NEAR(lite.softmax_scale(), 0.1147214, 1e-7);
  object["n_group"] = object["topk_group"] = nullptr;  // greedy gates have none
  EXPECT_EQ(read(object).n_group, 1);
  object["topk_method"] = "group_limited_greedy";
  EXPECT_THROW(read(object), InputError);
  object["n_group"] = 8;
  object["topk_group"] = 3;
  EXPECT_EQ(read(object).topk_group, 3);
}

TEST(Families, YarnTurnsGroupedHeadsByAnAttentionFactor) {
  json object = qwen2_5_1_5b();
  object["rope_scaling"] = {{"type", "yarn"}, {"factor", 4.0}, {"original_max_position_embeddings", 32768}};
  ModelConfig config = read(object);
  EXPECT_DOUBLE_EQ(config.yarn->attention_factor, 0.1 * std::log(4.0) + 1);
  EXPECT_DOUBLE_EQ(config.softmax_scale(), 1 / std::sqrt(128.0));  // no temperature of its own
  EXPECT_EQ(model_config_json(config)["rope_parameters"]["attention_factor"], config.yarn->attention_factor);

  object["rope_scaling"]["mscale"] = 1.0;
  object["rope_scaling"]["mscale_all_dim"] = 0.5;
  const double ratio = (0.1 * std::log(4.0) + 1) / (0.05 * std::log(4.0) + 1);
  EXPECT_DOUBLE_EQ(read(object).yarn->attention_factor, ratio);
  object["rope_scaling"]["mscale_all_dim"] = 0;  // counts as none
  EXPECT_DOUBLE_EQ(read(object).yarn->attention_factor, 0.1 * std::log(4.0) + 1);
  object["rope_scaling"]["attention_factor"] = 1.25;
  object["rope_scaling"]["truncate"] = false;
  config = read(object);
  EXPECT_EQ(config.yarn->attention_factor, 1.25);
  EXPECT_FALSE(config.yarn->truncate);
  EXPECT_EQ(model_config_json(config)["rope_scaling"]["truncate"], false);
}

TEST(Families, ReadTheSpellingOfTransformers5) {
  for (json object : {qwen2_5_1_5b(), qwen3_0_6b(), qwen3_30b_a3b(), llama_3_1_8b(), deepseek_v2_lite()}) {
    const json written = model_config_json(read(object));
    object["rope_parameters"] = object.value("rope_scaling", json());
    if (object["rope_parameters"].is_null()) object["rope_parameters"] = {{"rope_type", "default"}};
    object["rope_parameters"]["rope_theta"] = object["rope_theta"];
    object["dtype"] = "bfloat16";
    object["layer_types"] = json::array({"full_attention", "full_attention"});
    for (const char* old : {"rope_scaling", "rope_theta", "torch_dtype"}) object.erase(old);
    EXPECT_EQ(json(model_config_json(read(object))), written) << object["model_type"];
  }
}

TEST(Families, WhatIsWrittenReadsBackAsTheSame) {
  for (const ModelConfig& config : {tiny_config(), plain_config(), tiny_deepseek_v2(), tiny_qwen2(), tiny_qwen3(),
                                    tiny_qwen3_moe(), tiny_llama()}) {
    const json written = model_config_json(config, "bfloat16");
    EXPECT_EQ(written.at("dtype"), "bfloat16");
    EXPECT_EQ(json(model_config_json(read(written), "bfloat16")), written) << config.model_type;
    EXPECT_EQ(read(written).num_parameters(), config.num_parameters()) << config.model_type;
  }
}

TEST(Families, WriteTheClassTransformersBuilds) {
  EXPECT_EQ(model_config_json(tiny_qwen3_moe())["architectures"], json::array({"Qwen3MoeForCausalLM"}));
  EXPECT_EQ(model_config_json(tiny_qwen2())["use_sliding_window"], false);
  EXPECT_EQ(model_config_json(tiny_llama())["rope_scaling"]["rope_type"], "llama3");
  EXPECT_TRUE(model_config_json(tiny_qwen2())["rope_scaling"].is_null());
}

struct Refusal {
  json object;
  std::function<void(json&)> change;
  const char* sentence;
};

TEST(Families, RefuseWhatWouldBeAnotherModel) {
  const Refusal refusals[] = {
      {qwen2_5_1_5b(), [](json& o) { o["use_sliding_window"] = true; },
       "use_sliding_window: is true; attention through a sliding window is not computed; set it to false if no "
       "sequence is longer than sliding_window, which is then the same model"},
      {qwen3_0_6b(),
       [](json& o) {
         o["layer_types"] = {"full_attention", "sliding_attention"};
       },
       "layer_types: has \"sliding_attention\"; \"full_attention\" is what is read"},
      {qwen2_5_1_5b(), [](json& o) { o["num_key_value_heads"] = 5; },
       "num_key_value_heads: is 5, which does not divide num_attention_heads = 12"},
      {qwen2_5_1_5b(), [](json& o) { o.erase("num_key_value_heads"); },
       "num_key_value_heads: is missing; the model's shape needs it"},
      {qwen2_5_1_5b(), [](json& o) { o["hidden_act"] = "gelu"; }, "hidden_act: is \"gelu\"; \"silu\" is what is read"},
      {qwen3_0_6b(), [](json& o) { o["head_dim"] = 127; },
       "head_dim: is 127, but must be even: rotary embedding turns pairs"},
      {qwen3_30b_a3b(), [](json& o) { o.erase("num_experts"); }, "num_experts: is missing; the model's shape needs it"},
      {qwen3_30b_a3b(), [](json& o) { o.erase("norm_topk_prob"); }, "norm_topk_prob: is missing; the router needs it"},
      {qwen3_30b_a3b(), [](json& o) { o["num_experts_per_tok"] = 129; },
       "num_experts_per_tok: must be an integer between 1 and 128, but is 129"},
      {llama_3_1_8b(), [](json& o) { o["mlp_bias"] = true; },
       "mlp_bias: is true; projections with biases are not read"},
      {llama_3_1_8b(), [](json& o) { o["hidden_size"] = 4097; },
       "hidden_size: must be a multiple of num_attention_heads in this family"},
      {llama_3_1_8b(), [](json& o) { o["rope_scaling"]["rope_type"] = "dynamic"; },
       "rope_scaling: rope_type: is \"dynamic\"; yarn, llama3 and default are read"},
      {llama_3_1_8b(), [](json& o) { o["rope_scaling"]["high_freq_factor"] = 1.0; },
       "rope_scaling: high_freq_factor: must be above low_freq_factor, and both above 0"},
      {llama_3_1_8b(), [](json& o) { o["partial_rotary_factor"] = 0.5; },
       "partial_rotary_factor: is not 1; RoPE that turns a part of a head is not read"},
      {llama_3_1_8b(),
       [](json& o) {
         o["rope_parameters"] = {{"full_attention", {{"rope_type", "default"}}}};
         o.erase("rope_scaling");
       },
       "rope_parameters: \"full_attention\": is no plain value; one RoPE for all layers is read"},
      {deepseek_v2_lite(), [](json& o) { o["rope_scaling"]["type"] = "llama3"; },
       "rope_scaling: rope_type: is \"llama3\"; yarn and default are read"},
      {deepseek_v2_lite(), [](json& o) { o["rope_scaling"].erase("mscale_all_dim"); },
       "rope_scaling: mscale: and mscale_all_dim must both be written: programs disagree on what one of them alone "
       "means"},
      {deepseek_v2_lite(), [](json& o) { o["topk_method"] = "noaux_tc"; },
       "topk_method: is \"noaux_tc\"; \"greedy\" and \"group_limited_greedy\" are what is read"},
      {deepseek_v2_lite(), [](json& o) { o["norm_topk_prob"] = true; },
       "norm_topk_prob: is true; programs disagree on what it means in this family (DeepSeek's own normalises instead "
       "of scaling, transformers scales all the same); only false is read"},
      {deepseek_v2_lite(), [](json& o) { o["num_hidden_layers"] = 4000; },
       "num_hidden_layers: and the number of experts describe more than 200000 experts"},
      {llama_3_1_8b(),
       [](json& o) {
         o["quantization_config"] = {{"quant_method", "gptq"}};
       },
       "quantization_config: quant_method: is \"gptq\"; only fp8 in blocks of [128, 128] is read: convert the weights "
       "to bfloat16 first"},
      {llama_3_1_8b(),
       [](json& o) {
         o["quantization_config"] = {{"quant_method", "fp8"}};
       },
       "quantization_config: weight_block_size: is not [128, 128]; only fp8 in blocks of [128, 128] is read: convert "
       "the weights to bfloat16 first"},
  };
  for (const Refusal& refusal : refusals) {
    json object = refusal.object;
    refusal.change(object);
    try {
      read(object);
      ADD_FAILURE() << "was accepted, not: " << refusal.sentence;
    } catch (const InputError& error) {
      EXPECT_EQ(std::string(error.what()), std::string("config.json: ") + refusal.sentence);
    }
  }
}

TEST(Families, ReadTheBlocksOfFp8Files) {
  json object = deepseek_v2_lite();
  object["quantization_config"] = {
      {"activation_scheme", "dynamic"}, {"fmt", "e4m3"}, {"quant_method", "fp8"}, {"weight_block_size", {128, 128}}};
  EXPECT_FALSE(json(model_config_json(read(object))).contains("quantization_config"));
}

}  // namespace
}  // namespace aha::model::families_test
