// Qwen3, dense: each head's query and key are normed before RoPE.
#include "model/families/block_names.h"
#include "model/families/grouped_attention.h"

namespace aha::model {
namespace {

constexpr auto kNames = join_names(kBlockNames, kGroupedAttentionNames);

void read(const FieldReader& field, ModelConfig& config) {
  refuse_sliding_windows(field);
  read_grouped_attention(field, {}, config);
  read_attention_bias(field, config);
  config.has_qk_norm = true;
  make_dense(config);
}

void write(const ModelConfig& config, nlohmann::ordered_json& out) {
  write_grouped_attention(config, out);
  out["attention_bias"] = config.has_qkv_bias;
  write_no_sliding_windows(config, out);
}

}  // namespace

extern const Family kQwen3;
constinit const Family kQwen3 = {"qwen3", "Qwen3", read, write, kNames};

}  // namespace aha::model
