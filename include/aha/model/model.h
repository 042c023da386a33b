// The transformer of all families: weights, the training forward over packed sequences, loading and saving.
//
// Letters: T tokens, D hidden size, V vocabulary, E routed experts.
#pragma once
#include <ATen/core/Tensor.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "aha/model/config.h"
#include "aha/model/lora.h"
#include "aha/ops/number_type.h"

namespace aha::model {

/// Sequences end to end. A token sees those before it in its own sequence, and the whole of the sequence that its own
/// goes on from, if any: so the completions of a group share one copy of their prompt.
struct PackedTokens {
  at::Tensor token_T;            // int64
  std::vector<int64_t> offsets;  // [num_sequences + 1], 0 … T; positions count from 0, or from the prefix's length
  // [num_sequences]: number of an earlier sequence, itself without a prefix; -1: none. Empty: none has one.
  std::vector<int64_t> prefix = {};
};
PackedTokens pack_tokens(const std::vector<const std::vector<int32_t>*>& sequences);

/// Our own layout (I: intermediate or moe_intermediate_size, gate rows before up rows; H, dn, dr, dv, c as in
/// config.h; h: key-value heads, d: head_dim):
///   embed_tokens [V, D] · norm [D] · lm_head [V, D] (absent when tied), or score [1, D] of a reward model
///   layers.{l}.input_layernorm [D] · layers.{l}.post_attention_layernorm [D]
///   layers.{l}.attention, latent: q_proj [H(dn+dr), D], or q_a_proj, q_a_layernorm, q_b_proj
///     kv_a_proj_with_mqa [c+dr, D], kv_a_layernorm [c], kv_b_proj [H(dn+dv), c], o_proj [D, H·dv]
///   layers.{l}.attention, grouped: q_proj [H·d, D], k_proj, v_proj [h·d, D], o_proj [D, H·d]; where the config has
///     them q_bias [H·d], k_bias, v_bias [h·d], o_bias [D], q_norm, k_norm [d]
///   layers.{l}.mlp of a dense layer: gate_up [2I, D], down [D, I]
///   layers.{l}.mlp of a MoE layer: router [E, D], experts.gate_up [E, 2I, D], experts.down [E, D, I],
///     shared_experts.gate_up [2nI, D], shared_experts.down [D, nI] (absent where n is 0),
///     and, with has_expert_bias(), the buffer expert_bias [E] float32 (e_score_correction_bias)
///   MTP (layer index num_hidden_layers): layers.{L}.enorm, .hnorm [D] · .eh_proj [D, 2D] · .shared_head_norm [D], and
///   the names of an ordinary (MoE) layer; embedding and head are shared
///   an adapter beside layers.{l}.….X: X.lora_A [r, in], X.lora_B [out, r]; gate_up has two, gate_up.gate.lora_A and
///   gate_up.up.lora_A and so on
struct NamedTensor {
  std::string name;
  at::Tensor tensor;  // contiguous; of one dtype, float32, float64 or bfloat16, in the whole model
};

struct ForwardOptions {
  bool with_mtp = false;           // also run the MTP module (needs num_nextn_predict_layers = 1)
  bool with_balance_loss = false;  // also compute the sequence balance loss (arXiv:2412.19437 eqs 17–20)
  bool recompute = false;  // keeps the layers' inputs alone; the backward pass computes each layer again, the same bits
  // Of the operands of matrix products: bfloat16 rounds both and sums in float32, in the backward pass too. The router,
  // attention's scores and sums stay float32. For float32 models.
  ops::NumberType products = ops::NumberType::kFloat32;
  bool record_routes = false;
  // [T, MoE layers, K] int32: experts to take instead of the gate's choice, weighed by the gate as it is now. A row
  // that begins with -1 chooses for itself. Undefined: all do.
  at::Tensor routes_TLK = {};
};

struct ForwardOutput {
  at::Tensor hidden_TD;  // after the final norm: what the output head reads
  // After shared_head.norm: row t predicts token t + 2 of its sequence (of the last two rows of a sequence nothing can
  // be learnt: mask them; the last is zero). Undefined without with_mtp.
  at::Tensor mtp_hidden_TD;
  at::Tensor balance_loss;  // mean over sequences, summed over MoE layers, without alpha; undefined unless asked
  // Per MoE layer that ran, [E] int64: how many tokens chose each expert; the MTP layer's last. A token that several
  // sequences go on from counts once for each.
  std::vector<at::Tensor> expert_counts;
  at::Tensor routes_TLK;  // with record_routes, [T, MoE layers, K] int32, best first; without the MTP layer
};

/// What a model says of tokens that stand there already.
struct TokenScores {
  at::Tensor logprob_T;  // nats, of target_T[t] given everything up to t; differentiable
  at::Tensor entropy_T;  // nats, of the (tempered) distribution; differentiable
};

struct LoadOptions {
  std::string device = "auto";  // auto | cpu | cuda
  /// float32 | float64 | bfloat16. bfloat16 halves memory, and is for reading only: weights are widened where they are
  /// multiplied, sums and activations are float32.
  std::string dtype = "float32";
};

struct SaveOptions {
  std::string dtype;  // float32 | bfloat16 | float16; empty: the model's own (float64 is saved as float32)
  int64_t max_shard_bytes = 5'000'000'000;  // above it: shards and model.safetensors.index.json
};

/// Movable, not copyable; clone() copies the weights. Thread-safe for concurrent forward calls.
class Model {
 public:
  /// Fresh weights: normal(0, initializer_range), norms one, biases zero; the same for the same seed.
  static Model make(const ModelConfig& config, uint64_t seed, at::ScalarType dtype = at::kFloat);
  Model(Model&&) noexcept;
  Model& operator=(Model&&) noexcept;
  ~Model();
  Model clone() const;
  /// This model's body under a fresh score head, normal(0, initializer_range) by the seed; without its output head and
  /// its MTP module. For a model without adapters.
  Model as_reward_model(uint64_t seed) const;

  const ModelConfig& config() const;
  at::ScalarType dtype() const;
  /// What an optimizer changes, in a fixed order: all weights, or the adapters alone where there are some.
  const std::vector<NamedTensor>& parameters() const;
  /// All weights, adapters not among them, in a fixed order.
  const std::vector<NamedTensor>& weights() const;
  /// A weight or an adapter, by name. @throws ShapeError if there is none
  const at::Tensor& parameter(std::string_view name) const;
  const at::Tensor& buffer(std::string_view name) const;
  /// What else a checkpoint holds: per MoE layer e_score_correction_bias [E] float32, where the family has one.
  const std::vector<NamedTensor>& buffers() const;
  /// Copies values (weights, adapters and buffers) from a model of the same config: this = mix * other + (1 - mix) *
  /// this.
  void copy_from(const Model& other, double mix = 1.0);

  /// Training forward. @throws ShapeError, also for MTP or balance loss beside a prefix; InputError for an id outside
  /// the vocabulary and for a sequence longer, its prefix counted, than max_position_embeddings
  ForwardOutput forward(const PackedTokens& tokens, const ForwardOptions& options = {}) const;
  /// Log-probabilities of target_T under the output head at hidden_TD, in chunks: no [T, V] tensor is kept.
  /// @throws InputError for a reward model
  TokenScores score(const at::Tensor& hidden_TD, const at::Tensor& target_T, double temperature = 1.0,
                    ops::NumberType products = ops::NumberType::kFloat32) const;
  /// A reward model's judgement of each sequence, [num_sequences]; differentiable. Read at the sequence's last token
  /// that is not pad_token_id, as transformers' …ForSequenceClassification does.
  /// @throws InputError for a language model; ShapeError for a sequence without tokens
  at::Tensor rewards(const at::Tensor& hidden_TD, const PackedTokens& tokens) const;
  /// [T, V]; for tests and tools.
  at::Tensor logits(const PackedTokens& tokens) const;

  /// Gives every target an adapter (A: uniform as PEFT draws it, B: zero) and freezes the weights.
  /// @throws ConfigError "lora.target_modules" for a name the model does not have or that takes none
  void add_lora(const LoraConfig& config, uint64_t seed);
  const std::optional<LoraConfig>& lora() const;  ///< the adapters' settings; none without adapters
  /// W += alpha/r · B·A, and the adapters are gone; the weights can be trained again.
  void merge_lora();
  /// PEFT's adapter_config.json and adapter_model.safetensors. base_model is written as base_model_name_or_path.
  void save_lora(const std::filesystem::path& folder, const std::string& base_model) const;
  /// Reads such a folder into a model without adapters. @throws InputError naming tensors and fields that do not fit
  void load_lora(const std::filesystem::path& folder);

  /// A Hugging Face folder: config.json, generation_config.json, model.safetensors or shards of it; adapters are merged
  /// into what is written. Tokenizer files are whoever's who holds a tokenizer. The folder must exist; files are
  /// written whole, and never held in memory whole.
  void save(const std::filesystem::path& folder, const SaveOptions& options = {}) const;

 private:
  friend Model load(const std::filesystem::path& folder, const LoadOptions& options);
  struct State;
  Model();
  /// Weights without values, zero biases: for whoever fills them.
  static Model make_empty(const ModelConfig& config, at::ScalarType dtype);
  std::unique_ptr<State> state_;
};

/// Reads a Hugging Face folder of any family: one file or shards; float32, float64, bfloat16, float16 and FP8 blocks
/// with weight_scale_inv; experts one by one or fused; a tied head or none; a MTP layer, dropped where the config has
/// none. Memory: the model, and one block of the file. @throws InputError naming missing, unexpected and mis-shaped
/// tensors, or a folder without config.json or weights
Model load(const std::filesystem::path& folder, const LoadOptions& options = {});

/// Auxiliary-loss-free balancing (arXiv:2408.15664): per MoE layer, bias += rate * sign(mean(count) - count), then
/// minus the mean change; a model whose gates have no bias stays as it is. counts: as ForwardOutput::expert_counts, [E]
/// each, summed over one whole optimizer step.
void update_expert_bias(Model& model, const std::vector<at::Tensor>& counts, double rate);

}  // namespace aha::model
