// Reads config.json of any family, strictly: what shapes the model must be written there.
#include "aha/model/config.h"

#include <cmath>

#include "aha/core/error.h"
#include "aha/core/file.h"
#include "aha/model/safetensors_header.h"
#include "model/family.h"
#include "model/field_reader.h"
#include "model/json_file.h"
#include "model/reward_model.h"
#include "model/rope_fields.h"
#include "model/rope_table.h"

namespace aha::model {
namespace {

using nlohmann::json;

constexpr double kMaxParameters = 1e15;
constexpr int64_t kMaxExpertsInAll = 200'000;
constexpr int64_t kMaxConfigBytes = 1'000'000;
constexpr int64_t kScaleBlock = 128;

const Family& read_family(const FieldReader& field) {
  const std::string model_type = field.string_or("model_type", "");
  if (const Family* family = find_family(model_type)) return *family;
  std::string known;
  for (const std::string& name : model_families()) known += (known.empty() ? "" : ", ") + name;
  field.fail("model_type", "is " + quote_untrusted(model_type) + "; " + known + " are what is read");
}

/// DeepSeek's FP8 blocks are widened on loading; what else weights may be packed in is another format.
void check_quantization(const FieldReader& field) {
  const json* quantization = field.find("quantization_config");
  if (!quantization) return;
  const char* remedy = "; only fp8 in blocks of [128, 128] is read: convert the weights to bfloat16 first";
  if (!quantization->is_object()) field.fail("quantization_config", "is no object");
  const FieldReader inner(*quantization, field.place() + ": quantization_config");
  const std::string method = inner.string_or("quant_method", "");
  if (method != "fp8") inner.fail("quant_method", "is " + quote_untrusted(method) + remedy);
  if (inner.string_or("fmt", "e4m3") != "e4m3") inner.fail("fmt", "is not \"e4m3\"" + std::string(remedy));
  if (inner.list("weight_block_size", kMaxSize) != std::vector<int64_t>{kScaleBlock, kScaleBlock}) {
    inner.fail("weight_block_size", "is not [128, 128]" + std::string(remedy));
  }
}

void read_sizes(const FieldReader& field, ModelConfig& config) {
  config.vocab_size = field.size("vocab_size", 1);
  config.hidden_size = field.size("hidden_size", 1);
  config.intermediate_size = field.size("intermediate_size", 1);
  config.num_hidden_layers = field.size("num_hidden_layers", 1, kMaxLayers);
  config.num_attention_heads = field.size("num_attention_heads", 1, kMaxHeads);
}

void read_constants(const FieldReader& field, ModelConfig& config) {
  config.rms_norm_eps = field.number_or("rms_norm_eps", 1e-6);
  config.max_position_embeddings = field.size_or("max_position_embeddings", 1, kMaxPositions, 4096);
  config.tie_word_embeddings = field.boolean_or("tie_word_embeddings", false);  // in all of the families
  config.initializer_range = field.number_or("initializer_range", 0.02);
  if (!(config.rms_norm_eps > 0)) field.fail("rms_norm_eps", "must be above 0");
  if (!(config.initializer_range >= 0)) field.fail("initializer_range", "must not be negative");
}

/// What stands on top of the layers: an output head, or the one score of a sequence classifier with one label.
void read_head(const FieldReader& field, ModelConfig& config) {
  const json* classes = field.find("architectures");
  if (!classes || !classes->is_array() || classes->empty() || !classes->front().is_string()) return;
  config.is_reward_model = classes->front().get_ref<const std::string&>().ends_with(kRewardEnding);
  if (!config.is_reward_model) return;
  const json* labels = field.find("id2label");
  constexpr int64_t kLabelsUnlessWritten = 2;  // of transformers
  const int64_t num_labels =
      labels ? std::ssize(*labels) : field.size_or("num_labels", 0, kMaxSize, kLabelsUnlessWritten);
  if (num_labels != 1) {
    field.fail(labels ? "id2label" : "num_labels",
               "says " + std::to_string(num_labels) + " labels; of sequence classifiers those with one are read");
  }
  config.num_nextn_predict_layers = 0;
}

void read_tokens(const FieldReader& field, ModelConfig& config) {
  config.bos_token_id = field.size_or("bos_token_id", -1, config.vocab_size - 1, -1);
  config.pad_token_id = field.size_or("pad_token_id", -1, config.vocab_size - 1, -1);
  config.eos_token_ids = field.ids("eos_token_id", config.vocab_size - 1);
}

/// In floating point, before anything multiplies these numbers as integers.
void check_total(const FieldReader& field, const ModelConfig& config) {
  if (config.n_routed_experts * (config.num_hidden_layers + 1) > kMaxExpertsInAll) {
    field.fail("num_hidden_layers", "and the number of experts describe more than 200000 experts");
  }
  const auto real = [](int64_t value) { return static_cast<double>(value); };
  const double heads = real(config.num_attention_heads) * real(config.qk_head_dim() + config.v_head_dim);
  const double pairs = 2 * real(config.num_key_value_heads) * real(config.head_dim);
  const double experts = real(config.n_routed_experts + config.n_shared_experts) * real(config.moe_intermediate_size);
  const double latents = real(config.kv_lora_rank + config.q_lora_rank.value_or(0));
  const double rows = 3 * (real(config.intermediate_size) + experts) + 2 * heads + pairs + latents;
  const double layer = real(config.hidden_size) * rows + heads * latents;
  const double total =
      real(config.num_hidden_layers + 1) * layer + 2 * real(config.vocab_size) * real(config.hidden_size);
  if (total > kMaxParameters) field.fail("hidden_size", "and the other sizes describe more than 10^15 parameters");
}

}  // namespace

ModelConfig read_model_config(const json& object, const std::string& place) {
  if (!object.is_object()) throw InputError(place, "must be a JSON object with the fields of a model");
  const FieldReader field(object, place);
  const Family& family = read_family(field);
  ModelConfig config;
  config.model_type = family.model_type;
  field.expect("hidden_act", "silu");
  check_quantization(field);
  read_sizes(field, config);
  family.read(field, config);
  read_head(field, config);
  read_constants(field, config);
  read_rope(field, config);
  read_tokens(field, config);
  check_total(field, config);
  return config;
}

ModelConfig load_model_config(const std::filesystem::path& config_json) {
  return read_model_config(read_json_file(config_json, kMaxConfigBytes), config_json.string());
}

double ModelConfig::softmax_scale() const {
  const double scale = 1 / std::sqrt(static_cast<double>(qk_head_dim()));
  const double m = yarn && attention == AttentionKind::kLatent ? yarn_mscale(yarn->factor, yarn->mscale_all_dim) : 1;
  return scale * m * m;
}

}  // namespace aha::model
