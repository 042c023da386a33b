// Qwen2, Qwen2.5 and what was distilled into them: biases on query, key and value.
#include "model/families/block_names.h"
#include "model/families/grouped_attention.h"

namespace aha::model {
namespace {

constexpr auto kNames = join_names(kBlockNames, kGroupedAttentionNames);

void read(const FieldReader& field, ModelConfig& config) {
  refuse_sliding_windows(field);
  read_grouped_attention(field, {.head_dim = config.hidden_size / config.num_attention_heads}, config);
  config.has_qkv_bias = true;
  make_dense(config);
}

void write(const ModelConfig& config, nlohmann::ordered_json& out) {
  write_grouped_attention(config, out);
  write_no_sliding_windows(config, out);
}

}  // namespace

extern const Family kQwen2;
constinit const Family kQwen2 = {"qwen2", "Qwen2", read, write, kNames};

}  // namespace aha::model
