// Packs a model's weights for decoding.
#include "model/decode_weights.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/cat.h>

#include <algorithm>
#include <atomic>
#include <string>

#include "aha/core/error.h"
#include "aha/ops/parallel.h"
#include "model/merged_weights.h"
#include "model/reward_model.h"
#include "model/router_shape.h"

namespace aha::model {

namespace {

std::string layer_prefix(int64_t layer) { return "layers." + std::to_string(layer) + "."; }

class Packer {
 public:
  Packer(const Model& model, const DecodeOptions& options)
      : model_(model),
        config_(model.config()),
        type_(options.type),
        expands_latents_(options.expand_latents),
        merged_(model) {}

  std::vector<float> floats(const std::string& name) const { return to_floats(tensor(name)); }

  ops::PackedWeight pack(const std::string& name) const { return pack(tensor(name), type_); }

  NumberRows rows(const std::string& name) const {
    const at::Tensor values = plain(tensor(name));
    return {values.const_data_ptr<float>(), values.size(0), values.size(1), type_};
  }

  DecodeLayer layer(const std::string& prefix, bool is_moe) const {
    return {attention(prefix), feed_forward(prefix, is_moe)};
  }

  DecodeMtp mtp() const {
    const std::string prefix = layer_prefix(config_.num_hidden_layers);
    return {floats(prefix + "enorm"), floats(prefix + "hnorm"), floats(prefix + "shared_head_norm"),
            pack(prefix + "eh_proj")};
  }

 private:
  DecodeAttention attention(const std::string& layer) const {
    const std::string prefix = layer + "attention.";
    DecodeAttention out;
    out.norm = floats(layer + "input_layernorm");
    out.output = pack(prefix + "o_proj");
    if (config_.attention == AttentionKind::kGrouped) {
      add_grouped(prefix, out);
    } else {
      add_latent(prefix, out);
    }
    return out;
  }

  DecodeFeedForward feed_forward(const std::string& layer, bool is_moe) const {
    const std::string prefix = layer + "mlp.";
    DecodeFeedForward out;
    out.norm = floats(layer + "post_attention_layernorm");
    out.is_moe = is_moe;
    if (is_moe) {
      add_experts(prefix, out);
    } else {
      out.dense = mlp(tensor(prefix + "gate_up"), tensor(prefix + "down"));
    }
    return out;
  }

  at::Tensor tensor(const std::string& name) const { return merged_(name); }

  static at::Tensor plain(const at::Tensor& tensor) { return tensor.detach().to(at::kCPU, at::kFloat).contiguous(); }
  static std::vector<float> to_floats(const at::Tensor& tensor) {
    const at::Tensor values = plain(tensor);
    return {values.const_data_ptr<float>(), values.const_data_ptr<float>() + values.numel()};
  }
  static ops::PackedWeight pack(const at::Tensor& weight_NK, ops::NumberType type) {
    const at::Tensor values = plain(weight_NK);
    return {values.const_data_ptr<float>(), values.size(0), values.size(1), values.size(1), type};
  }
  DecodeMlp mlp(const at::Tensor& gate_up, const at::Tensor& down) const {
    const int64_t intermediate = down.size(1);
    return {pack(gate_up.narrow(0, 0, intermediate), type_), pack(gate_up.narrow(0, intermediate, intermediate), type_),
            pack(down, type_)};
  }

  void add_latent(const std::string& prefix, DecodeAttention& out) const {
    out.latent_norm = floats(prefix + "kv_a_layernorm");
    const std::string q_in = config_.q_lora_rank ? "q_a_proj" : "q_proj";
    out.input = pack(at::cat({tensor(prefix + q_in), tensor(prefix + "kv_a_proj_with_mqa")}), type_);
    if (config_.q_lora_rank) {
      out.q_a_norm = floats(prefix + "q_a_layernorm");
      out.q_b = pack(prefix + "q_b_proj");
    }
    if (expands_latents_) {
      out.kv_b = pack(prefix + "kv_b_proj");
    } else {
      absorb(tensor(prefix + "kv_b_proj"), out);
    }
  }

  void add_grouped(const std::string& prefix, DecodeAttention& out) const {
    const auto joined = [&](const char* kind) {
      return at::cat({tensor(prefix + "q_" + kind), tensor(prefix + "k_" + kind), tensor(prefix + "v_" + kind)});
    };
    out.input = pack(joined("proj"), type_);
    if (config_.has_qkv_bias) out.input_bias = to_floats(joined("bias"));
    if (config_.has_o_bias) out.output_bias = floats(prefix + "o_bias");
    if (config_.has_qk_norm) {
      out.q_norm = floats(prefix + "q_norm");
      out.k_norm = floats(prefix + "k_norm");
    }
  }

  void absorb(const at::Tensor& kv_b, DecodeAttention& out) const {
    const int64_t nope = config_.qk_nope_head_dim, value = config_.v_head_dim;
    for (int64_t h = 0; h < config_.num_attention_heads; ++h) {
      const at::Tensor head = kv_b.narrow(0, h * (nope + value), nope + value);
      out.w_uk.push_back(pack(head.narrow(0, 0, nope).t(), type_));
      out.w_uv.push_back(pack(head.narrow(0, nope, value), type_));
    }
  }

  void add_experts(const std::string& prefix, DecodeFeedForward& out) const {
    out.router = pack(tensor(prefix + "router"), ops::NumberType::kFloat32);
    if (config_.n_shared_experts > 0) {
      out.shared = mlp(tensor(prefix + "shared_experts.gate_up"), tensor(prefix + "shared_experts.down"));
    }
    if (config_.has_expert_bias()) out.expert_bias = to_floats(model_.buffer(prefix + "expert_bias"));
    const at::Tensor gate_up = tensor(prefix + "experts.gate_up");
    const at::Tensor down = tensor(prefix + "experts.down");
    for (int64_t e = 0; e < config_.n_routed_experts; ++e) out.experts.push_back(mlp(gate_up[e], down[e]));
  }

  const Model& model_;
  const ModelConfig& config_;
  const ops::NumberType type_;
  const bool expands_latents_;
  const MergedWeights merged_;
};

int64_t bytes_of(const std::vector<float>& floats) { return std::ssize(floats) * int64_t{sizeof(float)}; }

int64_t attention_bytes(const DecodeAttention& attention) {
  int64_t bytes = attention.input.bytes() + attention.output.bytes() + attention.q_b.bytes() + attention.kv_b.bytes();
  for (const auto* heads : {&attention.w_uk, &attention.w_uv}) {
    for (const ops::PackedWeight& head : *heads) bytes += head.bytes();
  }
  for (const auto* floats : {&attention.norm, &attention.q_a_norm, &attention.latent_norm, &attention.input_bias,
                             &attention.output_bias, &attention.q_norm, &attention.k_norm}) {
    bytes += bytes_of(*floats);
  }
  return bytes;
}

int64_t feed_forward_bytes(const DecodeFeedForward& block, int64_t num_experts) {
  int64_t bytes = bytes_of(block.norm) + block.dense.bytes() + block.router.bytes() + block.shared.bytes() +
                  bytes_of(block.expert_bias);
  if (block.is_moe) bytes += std::min(num_experts, std::ssize(block.experts)) * block.experts.front().bytes();
  return bytes;
}

int64_t mtp_bytes(const DecodeMtp& mtp) {
  return bytes_of(mtp.embedding_norm) + bytes_of(mtp.hidden_norm) + bytes_of(mtp.head_norm) + mtp.eh_proj.bytes();
}

}  // namespace

NumberRows::NumberRows(const float* floats, int64_t num_rows, int64_t width, ops::NumberType type) : width_(width) {
  const int64_t count = num_rows * width;
  if (type == ops::NumberType::kFloat32) {
    floats_.assign(floats, floats + count);
  } else {
    bfloat16s_.resize(count);
    ops::round_to_bfloat16(floats, count, bfloat16s_.data());
  }
}

void NumberRows::copy_row(int64_t row, float* out) const {
  if (bfloat16s_.empty()) {
    std::copy_n(floats_.data() + row * width_, width_, out);
  } else {
    ops::widen_bfloat16(bfloat16s_.data() + row * width_, width_, out);
  }
}

int64_t NumberRows::bytes() const { return bytes_of(floats_) + std::ssize(bfloat16s_) * int64_t{sizeof(uint16_t)}; }

DecodeWeights::DecodeWeights(const Model& model, const DecodeOptions& options) : state_(std::make_unique<State>()) {
  state_->config = model.config();
  state_->options = options;
  check_has_output_head(model.config());
  AHA_CHECK(!options.expand_latents || (options.type == ops::NumberType::kFloat32 && !options.tensor_device),
            "latents are expanded in float32 on the CPU");
  AHA_CHECK(!options.with_mtp || model.config().num_nextn_predict_layers == 1, "the model has no MTP module");
  if (!options.tensor_device) state_->layers.resize(model.config().num_hidden_layers + (options.with_mtp ? 1 : 0));
  update(model);
}

void DecodeWeights::update(const Model& model) {
  const at::NoGradGuard no_grad;
  const ModelConfig& config = state_->config;
  state_->router = router_shape(config);
  if (state_->options.tensor_device) {
    state_->tensors.reset();
    state_->tensors = std::make_unique<TensorWeights>(make_tensor_weights(model, state_->options));
    return;
  }
  state_->is_released = false;
  const Packer packer(model, state_->options);
  state_->embedding = packer.rows("embed_tokens");
  state_->norm = packer.floats("norm");
  state_->head = packer.pack(config.tie_word_embeddings ? "embed_tokens" : "lm_head");
  if (state_->options.with_mtp) state_->mtp = packer.mtp();
  std::atomic<int64_t> next = 0;
  ops::run_workers(ops::default_num_threads(), [&](int) {
    const at::NoGradGuard no_grad_here;
    for (int64_t l = next++; l < std::ssize(state_->layers); l = next++) {
      state_->layers[l] = packer.layer(layer_prefix(l), config.is_moe_layer(l));
    }
  });
  int64_t num_moe = 0;
  for (DecodeLayer& layer : state_->layers) {
    if (layer.feed_forward.is_moe) layer.feed_forward.moe_index = num_moe++;
  }
}

void DecodeWeights::release() {
  if (state_->tensors) return;  // the model's own
  for (DecodeLayer& layer : state_->layers) layer = {};
  state_->embedding = {};
  state_->mtp = {};
  state_->head = {};
  state_->is_released = true;
}

bool DecodeWeights::is_released() const { return state_->is_released; }

DecodeWeights::~DecodeWeights() = default;

const ModelConfig& DecodeWeights::config() const { return state_->config; }
const DecodeOptions& DecodeWeights::options() const { return state_->options; }

int64_t DecodeWeights::bytes() const {
  const int64_t embedding_bytes = state_->tensors ? state_->tensors->embedding_bytes : state_->embedding.bytes();
  return embedding_bytes + step_bytes(std::max<int64_t>(config().n_routed_experts, 1));
}

// A step and the drafts after it, where there are some.
int64_t DecodeWeights::step_bytes(int64_t num_experts) const {
  if (state_->tensors) {
    return state_->tensors->other_bytes +
           std::min(num_experts, config().n_routed_experts) * state_->tensors->expert_bytes;
  }
  int64_t bytes = bytes_of(state_->norm) + state_->head.bytes() + mtp_bytes(state_->mtp);
  for (const DecodeLayer& layer : state_->layers) {
    bytes += attention_bytes(layer.attention) + feed_forward_bytes(layer.feed_forward, num_experts);
  }
  return bytes;
}

}  // namespace aha::model
