// DeepSeek-V2 and V2-Lite: latent attention, softmax gates without a bias.
#include "aha/model/safetensors_header.h"
#include "model/families/block_names.h"
#include "model/families/deepseek_experts.h"
#include "model/families/latent_attention.h"

namespace aha::model {
namespace {

constexpr auto kNames = join_names(kBlockNames, kLatentAttentionNames, kExpertNames, kSharedExpertNames);

void read_gate(const FieldReader& field, ModelConfig& config) {
  if (!field.find("topk_method")) field.fail("topk_method", "is missing; the router needs it");
  config.topk_method = field.string_or("topk_method", "");
  if (config.topk_method == "group_limited_greedy") {
    read_expert_groups(field, /*min_group_size=*/1, config);
  } else if (config.topk_method != "greedy") {
    field.fail("topk_method", "is " + quote_untrusted(config.topk_method) +
                                  "; \"greedy\" and \"group_limited_greedy\" are what is read");
  }
}

void read(const FieldReader& field, ModelConfig& config) {
  field.expect("scoring_func", "softmax");
  config.scoring_func = "softmax";
  config.topk_method = "greedy";
  field.expect_false("mlp_bias", "projections with biases are not read");
  field.expect_false("norm_topk_prob",
                     "programs disagree on what it means in this family (DeepSeek's own normalises instead of scaling, "
                     "transformers scales all the same); only false is read");
  config.norm_topk_prob = false;
  if (config.hidden_size % config.num_attention_heads != 0) {
    field.fail("hidden_size", "must be a multiple of num_attention_heads in this family");
  }
  read_latent_attention(field, config);
  if (read_deepseek_experts(field, config)) read_gate(field, config);
}

void write(const ModelConfig& config, nlohmann::ordered_json& out) {
  write_latent_attention(config, out);
  out["mlp_bias"] = false;
  write_deepseek_experts(config, out);
}

}  // namespace

extern const Family kDeepseekV2;
constinit const Family kDeepseekV2 = {"deepseek_v2", "DeepseekV2", read, write, kNames};

}  // namespace aha::model
