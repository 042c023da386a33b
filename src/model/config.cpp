// Reads config.json of a DeepseekV3ForCausalLM, strictly: what shapes the model must be written there.
#include "aha/model/config.h"

#include <cmath>
#include <nlohmann/json.hpp>

#include "aha/core/error.h"
#include "aha/core/file.h"
#include "model/rope_table.h"

namespace aha::model {
namespace {

using nlohmann::json;

// Bounds that keep every product of sizes far from overflow; no known model comes near.
constexpr int64_t kMaxSize = 1 << 20;
constexpr int64_t kMaxLayers = 4096, kMaxExperts = 1 << 14;
constexpr int64_t kMaxPositions = 1 << 21;
constexpr double kMaxParameters = 1e15;

class FieldReader {
 public:
  FieldReader(const json& object, std::string place) : object_(object), place_(std::move(place)) {}

  [[noreturn]] void fail(const std::string& name, const std::string& sentence) const {
    throw InputError(place_ + ": " + name, sentence);
  }
  /// The member, or null where it is absent or written as null.
  const json* find(const char* name) const {
    const auto found = object_.find(name);
    return found == object_.end() || found->is_null() ? nullptr : &*found;
  }
  bool is_written(const char* name) const { return object_.contains(name); }

  int64_t size(const char* name, int64_t low, int64_t high = kMaxSize) const {
    const json* value = find(name);
    if (!value) fail(name, "is missing; the model's shape needs it");
    return checked_integer(name, *value, low, high);
  }
  int64_t size_or(const char* name, int64_t low, int64_t high, int64_t fallback) const {
    const json* value = find(name);
    return value ? checked_integer(name, *value, low, high) : fallback;
  }
  double number(const char* name) const {
    const json* value = find(name);
    if (!value) fail(name, "is missing; the model's arithmetic needs it");
    return checked_number(name, *value);
  }
  double number_or(const char* name, double fallback) const {
    const json* value = find(name);
    return value ? checked_number(name, *value) : fallback;
  }
  bool boolean_or(const char* name, bool fallback) const {
    const json* value = find(name);
    if (!value) return fallback;
    if (!value->is_boolean()) fail(name, "must be true or false, but is " + value->dump());
    return value->get<bool>();
  }
  std::string string_or(const char* name, const std::string& fallback) const {
    const json* value = find(name);
    if (!value) return fallback;
    if (!value->is_string()) fail(name, "must be a string, but is " + value->dump());
    return value->get<std::string>();
  }
  int64_t checked_integer(const std::string& name, const json& value, int64_t low, int64_t high) const {
    const bool fits =
        value.is_number_unsigned() ? value.get<uint64_t>() <= static_cast<uint64_t>(high) : value.is_number_integer();
    if (!fits || value.get<int64_t>() < low || value.get<int64_t>() > high) {
      fail(name, "must be an integer between " + std::to_string(low) + " and " + std::to_string(high) + ", but is " +
                     value.dump());
    }
    return value.get<int64_t>();
  }

 private:
  double checked_number(const char* name, const json& value) const {
    if (!value.is_number()) fail(name, "must be a number, but is " + value.dump());
    return value.get<double>();
  }

  const json& object_;
  std::string place_;
};

/// What this program computes in one way only: another value in the file would silently be another model.
void refuse_other_models(const FieldReader& field) {
  const std::string model_type = field.string_or("model_type", "");
  if (model_type != "deepseek_v3") {
    field.fail("model_type", "is \"" + model_type + "\"; \"deepseek_v3\" is what is read");
  }
  const auto expect = [&](const char* name, const std::string& only) {
    const std::string value = field.string_or(name, only);
    if (value != only) field.fail(name, "is \"" + value + "\"; \"" + only + "\" is what is read");
  };
  expect("hidden_act", "silu");
  expect("scoring_func", "sigmoid");
  expect("topk_method", "noaux_tc");
  if (field.boolean_or("attention_bias", false))
    field.fail("attention_bias", "is true; projections with biases are not read");
  if (field.size_or("moe_layer_freq", 1, kMaxLayers, 1) != 1) field.fail("moe_layer_freq", "must be 1");
  if (field.find("quantization_config")) {
    field.fail("quantization_config", "is there; convert the weights to bfloat16 or float32 first");
  }
  if (!field.boolean_or("rope_interleave", true)) {
    field.fail(
        "rope_interleave",
        "is false; only interleaved rotary weights are read: permute the last qk_rope_head_dim rows of each head "
        "of q_proj (or q_b_proj) and of kv_a_proj_with_mqa back to pairs and set it to true");
  }
}

void read_shape(const FieldReader& field, ModelConfig& config) {
  config.vocab_size = field.size("vocab_size", 1);
  config.hidden_size = field.size("hidden_size", 1);
  config.intermediate_size = field.size("intermediate_size", 1);
  config.num_hidden_layers = field.size("num_hidden_layers", 1, kMaxLayers);
  config.num_nextn_predict_layers =
      field.size_or("num_nextn_predict_layers", 0, 1, field.size_or("num_mtp_layers", 0, 1, 0));
  config.num_attention_heads = field.size("num_attention_heads", 1, 1 << 14);
  if (!field.is_written("q_lora_rank")) field.fail("q_lora_rank", "is missing; write null for a single q_proj");
  if (field.find("q_lora_rank")) config.q_lora_rank = field.size("q_lora_rank", 1);
  config.kv_lora_rank = field.size("kv_lora_rank", 1);
  config.qk_nope_head_dim = field.size("qk_nope_head_dim", 1, 1 << 14);
  config.qk_rope_head_dim = field.size("qk_rope_head_dim", 2, 1 << 14);
  config.v_head_dim = field.size("v_head_dim", 1, 1 << 14);
  if (config.qk_rope_head_dim % 2 != 0) field.fail("qk_rope_head_dim", "must be even: rotary embedding turns pairs");
}

void read_experts(const FieldReader& field, ModelConfig& config) {
  config.first_k_dense_replace = field.size("first_k_dense_replace", 0, config.num_hidden_layers);
  config.n_routed_experts = field.size("n_routed_experts", 0, kMaxExperts);
  if (config.n_routed_experts == 0) {
    if (config.first_k_dense_replace < config.num_hidden_layers) {
      field.fail("n_routed_experts", "is 0; then first_k_dense_replace must equal num_hidden_layers");
    }
    return;
  }
  config.moe_intermediate_size = field.size("moe_intermediate_size", 1);
  config.num_experts_per_tok = field.size("num_experts_per_tok", 1, config.n_routed_experts);
  config.n_shared_experts = field.size("n_shared_experts", 0, kMaxExperts);
  config.n_group = field.size("n_group", 1, config.n_routed_experts);
  config.topk_group = field.size("topk_group", 1, config.n_group);
  if (!field.find("norm_topk_prob")) field.fail("norm_topk_prob", "is missing; the router needs it");
  config.norm_topk_prob = field.boolean_or("norm_topk_prob", true);
  config.routed_scaling_factor = field.number("routed_scaling_factor");
}

void check_groups(const FieldReader& field, const ModelConfig& config) {
  if (config.n_routed_experts == 0) return;
  if (config.n_routed_experts % config.n_group != 0) {
    field.fail("n_group", "is " + std::to_string(config.n_group) +
                              ", which does not divide n_routed_experts = " + std::to_string(config.n_routed_experts));
  }
  const int64_t group_size = config.n_routed_experts / config.n_group;
  if (config.n_group > 1 && group_size < 2) {
    field.fail("n_group",
               "leaves one expert a group; groups are ranked by their two best, so n_group must be at most " +
                   std::to_string(config.n_routed_experts / 2));
  }
  if (config.num_experts_per_tok > config.topk_group * group_size) {
    field.fail("num_experts_per_tok", "is " + std::to_string(config.num_experts_per_tok) +
                                          ", but topk_group = " + std::to_string(config.topk_group) + " groups hold " +
                                          std::to_string(config.topk_group * group_size) + " experts");
  }
}

YarnConfig read_yarn(const FieldReader& field) {
  YarnConfig yarn;
  yarn.factor = field.number("factor");
  yarn.beta_fast = field.number_or("beta_fast", 32);
  yarn.beta_slow = field.number_or("beta_slow", 1);
  yarn.mscale = field.number_or("mscale", 1);
  yarn.mscale_all_dim = field.number_or("mscale_all_dim", 0);  // absent: the scores keep their scale
  yarn.original_max_position_embeddings = field.size("original_max_position_embeddings", 1, int64_t{1} << 40);
  if (!(yarn.factor >= 1)) field.fail("factor", "must be at least 1");
  if (!(yarn.beta_slow > 0 && yarn.beta_fast >= yarn.beta_slow)) {
    field.fail("beta_fast", "must be at least beta_slow, and both above 0");
  }
  if (field.find("attention_factor")) field.fail("attention_factor", "is not read; mscale and mscale_all_dim are");
  return yarn;
}

/// transformers 4 writes `rope_theta` and `rope_scaling`, transformers 5 all of it in `rope_parameters`.
void read_rope(const FieldReader& field, const std::string& place, ModelConfig& config) {
  config.rope_theta = field.number_or("rope_theta", config.rope_theta);
  const char* name = field.find("rope_parameters") ? "rope_parameters" : "rope_scaling";
  if (const json* rope = field.find(name)) {
    if (!rope->is_object()) field.fail(name, "must be an object, but is " + rope->dump());
    const FieldReader inner(*rope, place + ": " + name);
    config.rope_theta = inner.number_or("rope_theta", config.rope_theta);
    const std::string type = inner.string_or("rope_type", inner.string_or("type", "default"));
    if (type == "yarn") config.yarn = read_yarn(inner);
    if (type != "yarn" && type != "default") inner.fail("rope_type", "is \"" + type + "\"; yarn and default are read");
  }
  if (!(config.rope_theta > 1)) field.fail("rope_theta", "must be above 1");
}

int64_t read_token_id(const FieldReader& field, const char* name, int64_t vocab_size) {
  return field.size_or(name, -1, vocab_size - 1, -1);
}

void read_tokens(const FieldReader& field, ModelConfig& config) {
  config.bos_token_id = read_token_id(field, "bos_token_id", config.vocab_size);
  config.pad_token_id = read_token_id(field, "pad_token_id", config.vocab_size);
  const json* eos = field.find("eos_token_id");
  if (!eos) return;
  if (!eos->is_array()) {
    config.eos_token_ids = {field.checked_integer("eos_token_id", *eos, 0, config.vocab_size - 1)};
    return;
  }
  for (const json& id : *eos) {
    config.eos_token_ids.push_back(field.checked_integer("eos_token_id", id, 0, config.vocab_size - 1));
  }
}

void read_constants(const FieldReader& field, ModelConfig& config) {
  config.rms_norm_eps = field.number_or("rms_norm_eps", 1e-6);
  config.latent_norm_eps = field.number_or("latent_norm_eps", 1e-6);
  config.max_position_embeddings = field.size_or("max_position_embeddings", 1, kMaxPositions, 4096);
  config.tie_word_embeddings = field.boolean_or("tie_word_embeddings", false);
  config.initializer_range = field.number_or("initializer_range", 0.02);
  if (!(config.rms_norm_eps > 0)) field.fail("rms_norm_eps", "must be above 0");
  if (!(config.latent_norm_eps > 0)) field.fail("latent_norm_eps", "must be above 0");
  if (!(config.initializer_range >= 0)) field.fail("initializer_range", "must not be negative");
}

/// In floating point, before anything multiplies these numbers as integers.
void check_total(const FieldReader& field, const ModelConfig& config) {
  const auto real = [](int64_t value) { return static_cast<double>(value); };
  const double heads = real(config.num_attention_heads) * real(config.qk_head_dim() + config.v_head_dim);
  const double experts = real(config.n_routed_experts + config.n_shared_experts) * real(config.moe_intermediate_size);
  const double latents = real(config.kv_lora_rank + config.q_lora_rank.value_or(0));
  const double rows = 3 * (real(config.intermediate_size) + experts) + 2 * heads + latents;
  const double layer = real(config.hidden_size) * rows + heads * latents;
  const double total =
      real(config.num_hidden_layers + 1) * layer + 2 * real(config.vocab_size) * real(config.hidden_size);
  if (total > kMaxParameters) field.fail("hidden_size", "and the other sizes describe more than 10^15 parameters");
}

}  // namespace

ModelConfig read_model_config(const json& object, const std::string& place) {
  if (!object.is_object()) throw InputError(place, "must be a JSON object with the fields of a model");
  const FieldReader field(object, place);
  refuse_other_models(field);
  ModelConfig config;
  read_shape(field, config);
  read_experts(field, config);
  check_groups(field, config);
  read_constants(field, config);
  read_rope(field, place, config);
  read_tokens(field, config);
  check_total(field, config);
  return config;
}

ModelConfig load_model_config(const std::filesystem::path& config_json) {
  const std::string text = read_file(config_json);
  json object;
  try {
    object = json::parse(text);
  } catch (const json::exception& error) {
    throw InputError(config_json.string(), "is not JSON (" + std::string(error.what()) + "); repair the file");
  }
  return read_model_config(object, config_json.string());
}

double ModelConfig::softmax_scale() const {
  const double scale = 1 / std::sqrt(static_cast<double>(qk_head_dim()));
  const double m = yarn ? yarn_mscale(yarn->factor, yarn->mscale_all_dim) : 1;
  return scale * m * m;
}

}  // namespace aha::model
