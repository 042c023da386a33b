// Writes config.json so that transformers 4 and 5 build the same model from it.
#include "aha/model/config.h"
#include "model/family.h"
#include "model/reward_model.h"
#include "model/rope_fields.h"

namespace aha::model {
namespace {

using nlohmann::ordered_json;

void put_tokens(const ModelConfig& config, ordered_json& out) {
  const auto id_or_null = [](int64_t id) { return id < 0 ? ordered_json() : ordered_json(id); };
  out["bos_token_id"] = id_or_null(config.bos_token_id);
  out["pad_token_id"] = id_or_null(config.pad_token_id);
  const std::vector<int64_t>& eos = config.eos_token_ids;
  out["eos_token_id"] = eos.empty() ? ordered_json() : eos.size() == 1 ? ordered_json(eos[0]) : ordered_json(eos);
}

/// transformers counts its outputs by their names.
void put_label(ordered_json& out) {
  out["id2label"] = {{"0", "LABEL_0"}};
  out["label2id"] = {{"LABEL_0", 0}};
}

}  // namespace

ordered_json model_config_json(const ModelConfig& config, const std::string& dtype) {
  const Family& family = family_of(config);
  const bool is_latent = config.attention == AttentionKind::kLatent;
  ordered_json out;
  out["architectures"] = {std::string(family.class_name) + (config.is_reward_model ? kRewardEnding : "ForCausalLM")};
  out["model_type"] = config.model_type;
  out["vocab_size"] = config.vocab_size;
  out["hidden_size"] = config.hidden_size;
  out["intermediate_size"] = config.intermediate_size;
  out["num_hidden_layers"] = config.num_hidden_layers;
  family.write(config, out);
  out["hidden_act"] = "silu";
  out["rms_norm_eps"] = config.rms_norm_eps;
  if (is_latent) out["latent_norm_eps"] = config.latent_norm_eps;
  out["max_position_embeddings"] = config.max_position_embeddings;
  write_rope(config, out);
  if (is_latent) out["rope_interleave"] = config.rope_interleave;
  out["tie_word_embeddings"] = config.tie_word_embeddings;
  out["initializer_range"] = config.initializer_range;
  if (config.is_reward_model) put_label(out);
  put_tokens(config, out);
  out["use_cache"] = true;
  out["torch_dtype"] = dtype;
  out["dtype"] = dtype;
  return out;
}

}  // namespace aha::model
