// DeepSeek-V3, R1 and Moonlight: latent attention, sigmoid gates with a bias that balances, an MTP module.
#include "model/families/block_names.h"
#include "model/families/deepseek_experts.h"
#include "model/families/latent_attention.h"

namespace aha::model {
namespace {

constexpr std::array kOwnNames = {
    TensorName{"mlp.expert_bias", "mlp.gate.e_score_correction_bias"},
    TensorName{"enorm", "enorm.weight"},
    TensorName{"hnorm", "hnorm.weight"},
    TensorName{"eh_proj", "eh_proj.weight"},
    TensorName{"shared_head_norm", "shared_head.norm.weight"},
};
constexpr auto kNames = join_names(kBlockNames, kLatentAttentionNames, kExpertNames, kSharedExpertNames, kOwnNames);

void read(const FieldReader& field, ModelConfig& config) {
  field.expect("scoring_func", "sigmoid");
  field.expect("topk_method", "noaux_tc");
  config.num_nextn_predict_layers =
      field.size_or("num_nextn_predict_layers", 0, 1, field.size_or("num_mtp_layers", 0, 1, 0));
  read_latent_attention(field, config);
  if (!read_deepseek_experts(field, config)) return;
  read_expert_groups(field, /*min_group_size=*/2, config);
  config.norm_topk_prob = field.boolean("norm_topk_prob");
}

void write(const ModelConfig& config, nlohmann::ordered_json& out) {
  out["num_nextn_predict_layers"] = config.num_nextn_predict_layers;
  write_latent_attention(config, out);
  write_deepseek_experts(config, out);
}

}  // namespace

extern const Family kDeepseekV3;
constinit const Family kDeepseekV3 = {"deepseek_v3", "DeepseekV3", read, write, kNames};

}  // namespace aha::model
