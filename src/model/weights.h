// A model's tensors by their place in the computation, so that no forward pass looks up names.
#pragma once
#include <ATen/core/Tensor.h>

#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "aha/model/config.h"
#include "aha/model/lora.h"

namespace aha::model {

/// What a low-rank adapter adds: scale · B·A·x. Undefined tensors: none.
struct Adapter {
  at::Tensor a, b;  // [r, in], [out, r]
  double scale = 0;
};

struct Projection {
  at::Tensor weight, bias;  // [out, in], [out]; many have no bias
  Adapter adapter;
};

struct AttentionWeights {
  Projection q_proj;  // latent: without q_lora_rank
  // latent
  Projection q_a_proj, q_b_proj, kv_a_proj_with_mqa, kv_b_proj;
  at::Tensor q_a_layernorm, kv_a_layernorm;
  // grouped
  Projection k_proj, v_proj;
  at::Tensor q_norm, k_norm;

  Projection o_proj;
};

struct MlpWeights {
  at::Tensor gate_up;
  Adapter gate, up;  // of the halves of gate_up
  Projection down;
  bool has_adapters() const { return gate.a.defined() || up.a.defined() || down.adapter.a.defined(); }
};

struct MoeWeights {
  at::Tensor router, expert_bias, gate_up, down;
  MlpWeights shared;  // undefined tensors where n_shared_experts is 0
};

struct LayerWeights {
  at::Tensor input_layernorm, post_attention_layernorm;
  AttentionWeights attention;
  bool is_moe = false;
  MlpWeights mlp;                   // of a dense layer
  MoeWeights moe;                   // of the others
  std::vector<at::Tensor> tensors;  // all of the above
};

struct MtpWeights {
  at::Tensor enorm, hnorm, eh_proj, shared_head_norm;
  LayerWeights layer;
};

struct Weights {
  at::Tensor embed_tokens, norm;
  at::Tensor head;   // embed_tokens when tied; undefined in a reward model
  at::Tensor score;  // of a reward model
  std::vector<LayerWeights> layers;
  MtpWeights mtp;
};

using TensorsByName = std::unordered_map<std::string, at::Tensor>;

/// The same tensors, found by the names of aha/model/model.h; those a model does not have are undefined.
Weights arrange_weights(const TensorsByName& by_name, const ModelConfig& config, const std::optional<LoraConfig>& lora);

}  // namespace aha::model
