// A decode step and drafts, from tensors on the device to numbers on the host.
#include "model/tensor_decoder.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/argmax.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/tensor.h>
#include <c10/core/InferenceMode.h>
#include <fmt/format.h>

#include <algorithm>

#include "aha/core/error.h"
#include "model/tensor_feed_forward.h"

namespace aha::model {

namespace {

using at::Tensor;

void record_experts(std::span<const DecodeRow> rows, const Tensor& host_expert_RK, int64_t moe_index) {
  const int64_t top_k = host_expert_RK.size(1);
  const int64_t* expert = host_expert_RK.const_data_ptr<int64_t>();
  for (const DecodeRow& row : rows) {
    for (int64_t k = 0; row.experts && k < top_k; ++k) {
      row.experts[moe_index * top_k + k] = static_cast<uint8_t>(expert[k]);
    }
    expert += top_k;
  }
}

}  // namespace

TensorDecoder::TensorDecoder(const DecodeWeights& weights, KvCache& cache, int64_t max_rows, int64_t most_numbers)
    : weights_(weights.state()),
      max_rows_(max_rows),
      maker_(weights_.config, cache, most_numbers),
      cache_SW_(cache.tensor().view({-1, cache.width()})) {
  const DecodeOptions& options = weights_.options;
  AHA_CHECK(cache.type() == options.type, "weights and cache must be of one number type");
  AHA_CHECK(cache.tensor().device() == places().norm.device(), "weights and cache must lie on one device");
  AHA_CHECK(cache.tensor().size(1) == weights_.config.num_hidden_layers + (options.with_mtp ? 1 : 0),
            "the cache must have a layer for the MTP module just where the weights have one");
}

void TensorDecoder::check_row(const DecodeRow& row) const {
  AHA_CHECK(row.token >= 0 && row.token < weights_.config.vocab_size, fmt::format("token {}", row.token));
  AHA_CHECK(row.position >= 0 && row.position < maker_.num_positions(),
            fmt::format("position {}, room for {}", row.position, maker_.num_positions()));
}

const float* TensorDecoder::step(std::span<const DecodeRow> rows) {
  AHA_CHECK(std::ssize(rows) <= max_rows_, fmt::format("{} rows, room for {}", rows.size(), max_rows_));
  for (const DecodeRow& row : rows) check_row(row);
  rows_.assign(rows.begin(), rows.end());
  if (rows.empty()) return nullptr;

  const c10::InferenceMode no_autograd;
  const TensorRows on_device = maker_.make(rows);
  const TensorStep step{weights_.config, on_device, cache_SW_};
  Tensor x_RD = embed(on_device.token_R);
  int64_t num_moe = 0;
  for (int64_t l = 0; l < weights_.config.num_hidden_layers; ++l) {
    const LayerWeights& layer = places().layers[l];
    Tensor host_expert_RK;
    x_RD = run_layer(step, layer, l, x_RD, host_expert_RK);
    if (layer.is_moe) record_experts(rows, host_expert_RK, num_moe++);
  }
  hidden_RD_ = x_RD;
  if (on_device.wanted_W.numel() == 0) return nullptr;
  const Tensor normed_WD =
      norm_rows(x_RD.index_select(0, on_device.wanted_W), places().norm, weights_.config.rms_norm_eps);
  return to_host(multiply(normed_WD, places().head));
}

Tensor TensorDecoder::embed(const Tensor& token_R) const {
  return places().embed_tokens.index_select(0, token_R).to(at::kFloat);
}

Tensor TensorDecoder::run_layer(const TensorStep& step, const LayerWeights& weights, int64_t layer, const Tensor& x_RD,
                                Tensor& host_expert_RK) const {
  const double eps = weights_.config.rms_norm_eps;
  const Tensor middle_RD =
      x_RD + tensor_attention(step, weights.attention, layer, norm_rows(x_RD, weights.input_layernorm, eps));
  const Tensor normed_RD = norm_rows(middle_RD, weights.post_attention_layernorm, eps);
  if (!weights.is_moe) return middle_RD + tensor_mlp(normed_RD, weights.mlp);
  return middle_RD + tensor_experts(normed_RD, weights.moe, weights_.router, host_expert_RK);
}

// The copy waits for the device.
const float* TensorDecoder::to_host(const Tensor& logits_WV) {
  const int64_t num_wanted = logits_WV.size(0);
  if (!host_logits_WV_.defined() || host_logits_WV_.size(0) < num_wanted) {
    const auto options = at::TensorOptions().dtype(at::kFloat).pinned_memory(logits_WV.is_cuda());
    host_logits_WV_ = at::empty({num_wanted, logits_WV.size(1)}, options);
  }
  host_logits_WV_.narrow(0, 0, num_wanted).copy_(logits_WV);
  return host_logits_WV_.const_data_ptr<float>();
}

std::span<const int32_t> TensorDecoder::draft(std::span<const DraftRow> rows) {
  if (!weights_.options.with_mtp) return DecodeBackend::draft(rows);
  const std::vector<DecodeRow> chosen = choose_rows(rows);
  tokens_.assign(rows.size(), -1);
  if (rows.empty()) return tokens_;

  const c10::InferenceMode no_autograd;
  const TensorRows on_device = maker_.make(chosen);
  const TensorStep step{weights_.config, on_device, cache_SW_};
  Tensor host_expert_RK;
  const Tensor x_RD =
      run_layer(step, places().mtp.layer, weights_.config.num_hidden_layers, join(step, rows), host_expert_RK);
  if (on_device.wanted_W.numel() == 0) return tokens_;
  const Tensor normed_WD =
      norm_rows(x_RD.index_select(0, on_device.wanted_W), places().mtp.shared_head_norm, weights_.config.rms_norm_eps);
  const Tensor best_W = at::argmax(multiply(normed_WD, places().head), 1).to(at::kCPU);
  const int64_t* best = best_W.const_data_ptr<int64_t>();
  for (size_t i = 0; i < rows.size(); ++i) {
    if (rows[i].wants_token) tokens_[i] = static_cast<int32_t>(*best++);
  }
  return tokens_;
}

/// The rows of the last step that the module runs on, with their successors as tokens.
std::vector<DecodeRow> TensorDecoder::choose_rows(std::span<const DraftRow> rows) const {
  std::vector<DecodeRow> chosen;
  int32_t previous = -1;
  for (const DraftRow& row : rows) {
    AHA_CHECK(row.row > previous && row.row < std::ssize(rows_),
              fmt::format("row {} after row {}, of {} rows", row.row, previous, rows_.size()));
    previous = row.row;
    chosen.push_back(rows_[row.row]);
    chosen.back().token = row.next_token;
    chosen.back().wants_logits = row.wants_token;
    check_row(chosen.back());
  }
  return chosen;
}

/// Each row's norm of its successor's embedding beside that of its hidden state, projected.
Tensor TensorDecoder::join(const TensorStep& step, std::span<const DraftRow> rows) const {
  std::vector<int64_t> row_R;
  for (const DraftRow& row : rows) row_R.push_back(row.row);
  const Tensor hidden_RD = hidden_RD_.index_select(0, at::tensor(row_R, at::kLong).to(hidden_RD_.device()));
  const double eps = weights_.config.rms_norm_eps;
  return multiply(at::cat({norm_rows(embed(step.rows.token_R), places().mtp.enorm, eps),
                           norm_rows(hidden_RD, places().mtp.hnorm, eps)},
                          1),
                  places().mtp.eh_proj);
}

std::unique_ptr<DecodeBackend> make_tensor_decoder(const DecodeWeights& weights, KvCache& cache, int64_t max_rows) {
  return std::make_unique<TensorDecoder>(weights, cache, max_rows);
}

}  // namespace aha::model
