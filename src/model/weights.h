// A model's tensors by their place in the computation, so that no forward pass looks up names.
#pragma once
#include <torch/types.h>

#include <vector>

namespace aha::model {

struct AttentionWeights {
  torch::Tensor q_proj;                             // without q_lora_rank
  torch::Tensor q_a_proj, q_a_layernorm, q_b_proj;  // with it
  torch::Tensor kv_a_proj_with_mqa, kv_a_layernorm, kv_b_proj, o_proj;
};

struct MlpWeights {
  torch::Tensor gate_up, down;
};

struct MoeWeights {
  torch::Tensor router, expert_bias, gate_up, down;
  MlpWeights shared;  // undefined tensors where n_shared_experts is 0
};

struct LayerWeights {
  torch::Tensor input_layernorm, post_attention_layernorm;
  AttentionWeights attention;
  bool is_moe = false;
  MlpWeights mlp;  // of a dense layer
  MoeWeights moe;  // of the others
};

struct MtpWeights {
  torch::Tensor enorm, hnorm, eh_proj, shared_head_norm;
  LayerWeights layer;
};

struct Weights {
  torch::Tensor embed_tokens, norm, head;  // head is embed_tokens when tied
  std::vector<LayerWeights> layers;
  MtpWeights mtp;
};

}  // namespace aha::model
