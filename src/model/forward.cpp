// The forward pass: embedding, layers, final norm and the MTP module over packed sequences.
#include <ATen/TensorOperators.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>

#include <algorithm>

#include "aha/core/error.h"
#include "aha/model/model.h"
#include "aha/ops/linear.h"
#include "aha/ops/rms_norm.h"
#include "model/layer_run.h"
#include "model/projection.h"
#include "model/reward_model.h"
#include "model/state.h"

namespace aha::model {
namespace {

using at::Tensor;

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
  continued.row_R = at::tensor(row, at::kLong);
  continued.next_R = continued.row_R + 1;
  return continued;
}

/// Predicts the token after next from a token's hidden state and its successor's embedding (arXiv:2412.19437 §2.2).
Tensor run_mtp(LayerRun& run, const MtpWeights& weights, const ModelConfig& config, const Tensor& x_TD,
               const Tensor& embedding_TD, const LayerRows& rows, ops::NumberType products) {
  const Continued continued = rows_with_next(rows.offsets);
  const Tensor embedding =
      ops::rms_norm(embedding_TD.index_select(0, continued.next_R), wide(weights.enorm), config.rms_norm_eps);
  const Tensor hidden = ops::rms_norm(x_TD.index_select(0, continued.row_R), wide(weights.hnorm), config.rms_norm_eps);
  const Tensor joined = ops::linear(at::cat({embedding, hidden}, 1), wide(weights.eh_proj), {}, products);
  // The joined row stands for its second token: its angles are those of the next position.
  const auto shifted = [](const Tensor& table) { return table.narrow(0, 1, table.size(0) - 1); };
  const Tensor out =
      run.layer(weights.layer, joined, {continued.offsets, {shifted(rows.rope.cosine_PR), shifted(rows.rope.sine_PR)}});
  const Tensor normed = ops::rms_norm(out, wide(weights.shared_head_norm), config.rms_norm_eps);
  return at::zeros_like(x_TD).index_copy(0, continued.row_R, normed);
}

/// The length of each sequence, its prefix's before it among them.
std::vector<int64_t> lengths_with_prefix(const PackedTokens& tokens) {
  const auto& [token_T, offsets, prefix] = tokens;
  AHA_CHECK(prefix.empty() || prefix.size() + 1 == offsets.size(), "prefix must have one entry for each sequence");
  const auto length = [&](size_t i) { return offsets[i + 1] - offsets[i]; };
  std::vector<int64_t> lengths;
  for (size_t i = 0; i + 1 < offsets.size(); ++i) {
    lengths.push_back(length(i));
    if (prefix.empty() || prefix[i] == -1) continue;
    AHA_CHECK(prefix[i] >= 0 && prefix[i] < std::ssize(lengths) - 1 && prefix[static_cast<size_t>(prefix[i])] == -1,
              "a prefix must be an earlier sequence that has none");
    lengths.back() += length(static_cast<size_t>(prefix[i]));
  }
  return lengths;
}

void check_tokens(const PackedTokens& tokens, const ModelConfig& config) {
  const Tensor& token_T = tokens.token_T;
  AHA_CHECK(token_T.defined() && token_T.dim() == 1 && token_T.scalar_type() == at::kLong, "token_T must be [T] int64");
  const std::vector<int64_t>& offsets = tokens.offsets;
  AHA_CHECK(!offsets.empty() && offsets.front() == 0 && offsets.back() == token_T.numel() &&
                std::is_sorted(offsets.begin(), offsets.end()),
            "offsets must rise from 0 to T");
  const std::vector<int64_t> lengths = lengths_with_prefix(tokens);
  for (size_t i = 0; i < lengths.size(); ++i) {
    if (lengths[i] > config.max_position_embeddings) {
      throw InputError("sequence " + std::to_string(i), "has " + std::to_string(lengths[i]) +
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

/// Experts that the layers are to take, by layer; empty where none are given.
std::vector<Tensor> split_routes(const Tensor& routes_TLK, int64_t num_tokens, int64_t num_moe_layers) {
  if (!routes_TLK.defined()) return {};
  AHA_CHECK(routes_TLK.dim() == 3 && routes_TLK.size(0) == num_tokens && routes_TLK.size(1) == num_moe_layers,
            "routes must be [T, MoE layers, K]: one row of experts for each token and layer");
  return routes_TLK.unbind(1);
}

Tensor joined_routes(const std::vector<Tensor>& routes, int64_t num_tokens, const ModelConfig& config) {
  if (routes.empty()) return at::empty({num_tokens, 0, config.num_experts_per_tok}, at::kInt);
  return at::stack(routes, 1);
}

}  // namespace

ForwardOutput Model::forward(const PackedTokens& tokens, const ForwardOptions& options) const {
  const ModelConfig& config = state_->config;
  const Weights& weights = state_->places;
  check_tokens(tokens, config);
  AHA_CHECK(!options.with_mtp || config.num_nextn_predict_layers == 1, "the model has no MTP module");
  AHA_CHECK(tokens.prefix.empty() || !(options.with_mtp || options.with_balance_loss),
            "sequences that go on from others have neither MTP nor a balance loss");

  const at::ScalarType dtype = compute_dtype(state_->dtype);
  const Tensor embedding_TD = embed(weights.embed_tokens, tokens.token_T);
  // Angles of the positions in use: cheaper to work out for each call than to keep for the longest context.
  const std::vector<int64_t> lengths = lengths_with_prefix(tokens);
  const int64_t longest = lengths.empty() ? 0 : *std::max_element(lengths.begin(), lengths.end());
  const LayerRows rows{tokens.offsets, make_rope_tensors(config, longest + 1, dtype), tokens.prefix};
  const int64_t num_tokens = tokens.token_T.numel();
  const int64_t num_moe_layers =
      std::count_if(weights.layers.begin(), weights.layers.end(), [](const auto& layer) { return layer.is_moe; });
  const std::vector<Tensor> replay = split_routes(options.routes_TLK, num_tokens, num_moe_layers);

  LayerRun run(config, options);
  // The MTP module reads the embedding too: a name of its own lets the first layer's gradients be summed first.
  Tensor x_TD = options.with_mtp ? embedding_TD.alias() : embedding_TD;
  for (const LayerWeights& layer : weights.layers) {
    x_TD = run.layer(layer, x_TD, rows, layer.is_moe && !replay.empty() ? replay[run.routes().size()] : Tensor());
  }
  ForwardOutput output;
  if (options.record_routes) output.routes_TLK = joined_routes(run.routes(), num_tokens, config);
  output.hidden_TD = ops::rms_norm(x_TD, wide(weights.norm), config.rms_norm_eps);
  if (options.with_mtp)
    output.mtp_hidden_TD = run_mtp(run, weights.mtp, config, x_TD, embedding_TD, rows, options.products);
  output.expert_counts = run.expert_counts();
  output.balance_loss = run.balance_loss();
  if (options.with_balance_loss && !output.balance_loss.defined()) output.balance_loss = at::zeros({}, dtype);
  return output;
}

Tensor Model::logits(const PackedTokens& tokens) const {
  check_has_output_head(config());
  return ops::linear(forward(tokens).hidden_TD, wide(state_->places.head));
}

}  // namespace aha::model
