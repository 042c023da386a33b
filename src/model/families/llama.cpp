// Llama 2 and 3: plain grouped-query attention; its RoPE scaling is read with the fields that all families share.
#include "model/families/block_names.h"
#include "model/families/grouped_attention.h"

namespace aha::model {
namespace {

constexpr auto kNames = join_names(kBlockNames, kGroupedAttentionNames);

void read(const FieldReader& field, ModelConfig& config) {
  field.expect_false("mlp_bias", "projections with biases are not read");
  if (config.hidden_size % config.num_attention_heads != 0) {
    field.fail("hidden_size", "must be a multiple of num_attention_heads in this family");
  }
  read_grouped_attention(
      field,
      {.num_key_value_heads = config.num_attention_heads, .head_dim = config.hidden_size / config.num_attention_heads},
      config);
  read_attention_bias(field, config);
  make_dense(config);
}

void write(const ModelConfig& config, nlohmann::ordered_json& out) {
  write_grouped_attention(config, out);
  out["attention_bias"] = config.has_qkv_bias;
  out["mlp_bias"] = false;
}

}  // namespace

extern const Family kLlama;
constinit const Family kLlama = {"llama", "Llama", read, write, kNames};

}  // namespace aha::model
