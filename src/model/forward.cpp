// The forward pass: pre-norm blocks of latent attention and experts over packed sequences (arXiv:2412.19437 §2).
#include <algorithm>

#include "aha/core/error.h"
#include "aha/model/model.h"
#include "aha/ops/embedding.h"
#include "aha/ops/linear.h"
#include "aha/ops/mla_attention.h"
#include "aha/ops/moe.h"
#include "aha/ops/rms_norm.h"
#include "aha/ops/swiglu_mlp.h"
#include "model/rope_table.h"
#include "model/state.h"

namespace aha::model {
namespace {

using torch::Tensor;

/// The layers of one forward call, over sequences that start at the table's first position.
class Blocks {
 public:
  struct Tables {
    Tensor cosine_PR, sine_PR;
  };
  Blocks(const ModelConfig& config, const ForwardOptions& options, ForwardOutput& output)
      : config_(config),
        options_(options),
        output_(output),
        attention_shape_{config.num_attention_heads, config.qk_nope_head_dim, config.qk_rope_head_dim,
                         config.v_head_dim, config.softmax_scale()},
        router_shape_{config.n_routed_experts, config.num_experts_per_tok, config.n_group,
                      config.topk_group,       config.norm_topk_prob,      config.routed_scaling_factor} {}

  Tensor layer(const LayerWeights& weights, const Tensor& x_TD, const std::vector<int64_t>& offsets,
               const Tables& tables) {
    const Tensor normed_TD = ops::rms_norm(x_TD, weights.input_layernorm, config_.rms_norm_eps);
    const Tensor middle_TD = x_TD + attention(weights.attention, normed_TD, offsets, tables);
    const Tensor mlp_in_TD = ops::rms_norm(middle_TD, weights.post_attention_layernorm, config_.rms_norm_eps);
    if (weights.is_moe) return middle_TD + moe(weights.moe, mlp_in_TD, offsets);
    return middle_TD + ops::swiglu_mlp(mlp_in_TD, weights.mlp.gate_up, weights.mlp.down);
  }

 private:
  Tensor attention(const AttentionWeights& weights, const Tensor& x_TD, const std::vector<int64_t>& offsets,
                   const Tables& tables) const {
    const Tensor latent_rope = ops::linear(x_TD, weights.kv_a_proj_with_mqa);
    const auto parts = latent_rope.split_with_sizes({config_.kv_lora_rank, config_.qk_rope_head_dim}, 1);
    const Tensor latent = ops::rms_norm(parts[0], weights.kv_a_layernorm, config_.latent_norm_eps);
    const Tensor kv_TX = ops::linear(latent, weights.kv_b_proj);
    const Tensor out = ops::mla_attention(queries(weights, x_TD), kv_TX, parts[1], tables.cosine_PR, tables.sine_PR,
                                          offsets, attention_shape_);
    return ops::linear(out, weights.o_proj);
  }

  Tensor queries(const AttentionWeights& weights, const Tensor& x_TD) const {
    if (!config_.q_lora_rank) return ops::linear(x_TD, weights.q_proj);
    const Tensor latent = ops::linear(x_TD, weights.q_a_proj);
    return ops::linear(ops::rms_norm(latent, weights.q_a_layernorm, config_.latent_norm_eps), weights.q_b_proj);
  }

  Tensor moe(const MoeWeights& weights, const Tensor& x_TD, const std::vector<int64_t>& offsets) {
    const ops::Routing routing = ops::route(ops::linear(x_TD, weights.router), weights.expert_bias, router_shape_);
    output_.expert_counts.push_back(routing.count_E);
    if (options_.with_balance_loss) {
      const Tensor loss = ops::balance_loss(routing.score_TE, routing.expert_TK, offsets);
      output_.balance_loss = output_.balance_loss.defined() ? output_.balance_loss + loss : loss;
    }
    const Tensor routed = ops::experts(x_TD, routing.expert_TK, routing.weight_TK, weights.gate_up, weights.down);
    if (!weights.shared.gate_up.defined()) return routed;
    return routed + ops::swiglu_mlp(x_TD, weights.shared.gate_up, weights.shared.down);
  }

  const ModelConfig& config_;
  const ForwardOptions& options_;
  ForwardOutput& output_;
  ops::MlaShape attention_shape_;
  ops::RouterShape router_shape_;
};

/// Rows that have a next token in their sequence, and the sequences without their last tokens.
struct Continued {
  Tensor row_R, next_R;
  std::vector<int64_t> offsets;
};

Continued rows_with_next(const std::vector<int64_t>& offsets) {
  std::vector<int64_t> row;
  Continued continued;
  continued.offsets = {0};
  for (size_t i = 0; i + 1 < offsets.size(); ++i) {
    for (int64_t t = offsets[i]; t + 1 < offsets[i + 1]; ++t) row.push_back(t);
    continued.offsets.push_back(std::ssize(row));
  }
  continued.row_R = torch::tensor(row, torch::kInt64);
  continued.next_R = continued.row_R + 1;
  return continued;
}

/// Predicts the token after next from a token's hidden state and its successor's embedding (arXiv:2412.19437 §2.2).
Tensor run_mtp(Blocks& blocks, const MtpWeights& weights, const ModelConfig& config, const Tensor& x_TD,
               const Tensor& embedding_TD, const std::vector<int64_t>& offsets, const Blocks::Tables& tables) {
  const Continued continued = rows_with_next(offsets);
  const Tensor embedding =
      ops::rms_norm(embedding_TD.index_select(0, continued.next_R), weights.enorm, config.rms_norm_eps);
  const Tensor hidden = ops::rms_norm(x_TD.index_select(0, continued.row_R), weights.hnorm, config.rms_norm_eps);
  const Tensor joined = ops::linear(torch::cat({embedding, hidden}, 1), weights.eh_proj);
  const Tensor out = blocks.layer(weights.layer, joined, continued.offsets, tables);
  const Tensor normed = ops::rms_norm(out, weights.shared_head_norm, config.rms_norm_eps);
  return torch::zeros_like(x_TD).index_copy(0, continued.row_R, normed);
}

template <class T>
Tensor table_tensor(const std::vector<T>& values, int64_t width, torch::Dtype dtype) {
  Tensor table = torch::empty({std::ssize(values) / width, width}, dtype);
  std::copy(values.begin(), values.end(), table.data_ptr<T>());
  return table;
}

/// Angles of the first positions; cheaper to work out for each call than to keep for the longest context.
Blocks::Tables make_tables(const ModelConfig& config, int64_t num_positions, torch::Dtype dtype) {
  Blocks::Tables tables;
  AT_DISPATCH_FLOATING_TYPES(dtype, "make_tables", [&] {
    const RopeTable<scalar_t> table = make_rope_table<scalar_t>(config, num_positions);
    tables = {table_tensor(table.cosine, table.half_width, dtype), table_tensor(table.sine, table.half_width, dtype)};
  });
  return tables;
}

int64_t longest_sequence(const std::vector<int64_t>& offsets) {
  int64_t longest = 0;
  for (size_t i = 0; i + 1 < offsets.size(); ++i) longest = std::max(longest, offsets[i + 1] - offsets[i]);
  return longest;
}

void check_tokens(const PackedTokens& tokens, const ModelConfig& config) {
  const Tensor& token_T = tokens.token_T;
  AHA_CHECK(token_T.defined() && token_T.dim() == 1 && token_T.scalar_type() == torch::kInt64,
            "token_T must be [T] int64");
  const std::vector<int64_t>& offsets = tokens.offsets;
  AHA_CHECK(!offsets.empty() && offsets.front() == 0 && offsets.back() == token_T.numel() &&
                std::is_sorted(offsets.begin(), offsets.end()),
            "offsets must rise from 0 to T");
  for (size_t i = 0; i + 1 < offsets.size(); ++i) {
    const int64_t length = offsets[i + 1] - offsets[i];
    if (length > config.max_position_embeddings) {
      throw InputError("sequence " + std::to_string(i), "has " + std::to_string(length) +
                                                            " tokens, but the model's max_position_embeddings is " +
                                                            std::to_string(config.max_position_embeddings));
    }
  }
  const Tensor contiguous_T = token_T.contiguous();
  const int64_t* token = contiguous_T.const_data_ptr<int64_t>();
  for (int64_t t = 0; t < token_T.numel(); ++t) {
    if (token[t] < 0 || token[t] >= config.vocab_size) {
      throw InputError("token " + std::to_string(t), "has id " + std::to_string(token[t]) +
                                                         ", but the model's vocabulary has " +
                                                         std::to_string(config.vocab_size));
    }
  }
}

}  // namespace

ForwardOutput Model::forward(const PackedTokens& tokens, const ForwardOptions& options) const {
  const ModelConfig& config = state_->config;
  const Weights& weights = state_->weights;
  check_tokens(tokens, config);
  AHA_CHECK(!options.with_mtp || config.num_nextn_predict_layers == 1, "the model has no MTP module");

  ForwardOutput output;
  Blocks blocks(config, options, output);
  const Tensor embedding_TD = ops::embedding(weights.embed_tokens, tokens.token_T);
  const Blocks::Tables tables = make_tables(config, longest_sequence(tokens.offsets) + 1, state_->dtype);
  Tensor x_TD = embedding_TD;
  for (const LayerWeights& layer : weights.layers) x_TD = blocks.layer(layer, x_TD, tokens.offsets, tables);
  output.hidden_TD = ops::rms_norm(x_TD, weights.norm, config.rms_norm_eps);
  if (options.with_mtp) {
    // The joined row stands for its second token: its angles are those of the next position.
    const auto shifted = [](const Tensor& table) { return table.narrow(0, 1, table.size(0) - 1); };
    output.mtp_hidden_TD = run_mtp(blocks, weights.mtp, config, x_TD, embedding_TD, tokens.offsets,
                                   {shifted(tables.cosine_PR), shifted(tables.sine_PR)});
  }
  if (options.with_balance_loss && !output.balance_loss.defined()) {
    output.balance_loss = torch::zeros({}, state_->dtype);
  }
  return output;
}

Tensor Model::logits(const PackedTokens& tokens) const {
  return ops::linear(forward(tokens).hidden_TD, state_->weights.head);
}

}  // namespace aha::model
