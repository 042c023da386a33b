// The forward pass: embedding, layers, final norm and the MTP module over packed sequences.
#include <ATen/TensorOperators.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>

#include <algorithm>

#include "aha/core/error.h"
#include "aha/model/model.h"
#include "aha/ops/linear.h"
#include "aha/ops/rms_norm.h"
#include "model/blocks.h"
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
Tensor run_mtp(Blocks& blocks, const MtpWeights& weights, const ModelConfig& config, const Tensor& x_TD,
               const Tensor& embedding_TD, const std::vector<int64_t>& offsets, const RopeTensors& rope) {
  const Continued continued = rows_with_next(offsets);
  const Tensor embedding =
      ops::rms_norm(embedding_TD.index_select(0, continued.next_R), wide(weights.enorm), config.rms_norm_eps);
  const Tensor hidden = ops::rms_norm(x_TD.index_select(0, continued.row_R), wide(weights.hnorm), config.rms_norm_eps);
  const Tensor joined = ops::linear(at::cat({embedding, hidden}, 1), wide(weights.eh_proj));
  const Tensor out = blocks.layer(weights.layer, joined, continued.offsets, rope);
  const Tensor normed = ops::rms_norm(out, wide(weights.shared_head_norm), config.rms_norm_eps);
  return at::zeros_like(x_TD).index_copy(0, continued.row_R, normed);
}

int64_t longest_sequence(const std::vector<int64_t>& offsets) {
  int64_t longest = 0;
  for (size_t i = 0; i + 1 < offsets.size(); ++i) longest = std::max(longest, offsets[i + 1] - offsets[i]);
  return longest;
}

void check_tokens(const PackedTokens& tokens, const ModelConfig& config) {
  const Tensor& token_T = tokens.token_T;
  AHA_CHECK(token_T.defined() && token_T.dim() == 1 && token_T.scalar_type() == at::kLong, "token_T must be [T] int64");
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
  const Weights& weights = state_->places;
  check_tokens(tokens, config);
  AHA_CHECK(!options.with_mtp || config.num_nextn_predict_layers == 1, "the model has no MTP module");

  ForwardOutput output;
  Blocks blocks(config, options, output);
  const at::ScalarType dtype = compute_dtype(state_->dtype);
  const Tensor embedding_TD = embed(weights.embed_tokens, tokens.token_T);
  // Angles of the positions in use: cheaper to work out for each call than to keep for the longest context.
  const RopeTensors rope = make_rope_tensors(config, longest_sequence(tokens.offsets) + 1, dtype);
  Tensor x_TD = embedding_TD;
  for (const LayerWeights& layer : weights.layers) x_TD = blocks.layer(layer, x_TD, tokens.offsets, rope);
  output.hidden_TD = ops::rms_norm(x_TD, wide(weights.norm), config.rms_norm_eps);
  if (options.with_mtp) {
    // The joined row stands for its second token: its angles are those of the next position.
    const auto shifted = [](const Tensor& table) { return table.narrow(0, 1, table.size(0) - 1); };
    output.mtp_hidden_TD = run_mtp(blocks, weights.mtp, config, x_TD, embedding_TD, tokens.offsets,
                                   {shifted(rope.cosine_PR), shifted(rope.sine_PR)});
  }
  if (options.with_balance_loss && !output.balance_loss.defined()) output.balance_loss = at::zeros({}, dtype);
  return output;
}

Tensor Model::logits(const PackedTokens& tokens) const {
  check_has_output_head(config());
  return ops::linear(forward(tokens).hidden_TD, wide(state_->places.head));
}

}  // namespace aha::model
