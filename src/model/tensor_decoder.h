// Decode steps by LibTorch's operations, on whatever device weights and cache lie.
//
// Sequences are gathered from their pages a layer at a time, so that a step's memory traffic is a few times what own
// kernels need; experts wait for the device once a layer.
#pragma once
#include <ATen/core/Tensor.h>

#include <cstdint>
#include <span>
#include <vector>

#include "model/decode_backend.h"
#include "model/decode_weights.h"
#include "model/tensor_attention.h"
#include "model/tensor_rows.h"

namespace aha::model {

class TensorDecoder final : public DecodeBackend {
 public:
  /// Attention takes so many rows at once as gather and score this many numbers: in float32 a quarter of a GiB each.
  static constexpr int64_t kMostNumbers = int64_t{1} << 26;

  TensorDecoder(const DecodeWeights& weights, KvCache& cache, int64_t max_rows, int64_t most_numbers = kMostNumbers);
  const float* step(std::span<const DecodeRow> rows) override;
  std::span<const int32_t> draft(std::span<const DraftRow> rows) override;

 private:
  const Weights& places() const { return weights_.tensors->places; }
  void check_row(const DecodeRow& row) const;
  at::Tensor embed(const at::Tensor& token_R) const;
  /// @param host_expert_RK out: left as it is by a layer without experts
  at::Tensor run_layer(const TensorStep& step, const LayerWeights& weights, int64_t layer, const at::Tensor& x_RD,
                       at::Tensor& host_expert_RK) const;
  const float* to_host(const at::Tensor& logits_WV);
  at::Tensor join(const TensorStep& step, std::span<const DraftRow> rows) const;
  std::vector<DecodeRow> choose_rows(std::span<const DraftRow> rows) const;

  const DecodeWeights::State& weights_;
  const int64_t max_rows_;
  TensorRowMaker maker_;
  const at::Tensor cache_SW_;    // the cache by slots
  std::vector<DecodeRow> rows_;  // of the last step
  at::Tensor hidden_RD_;         // and what came out of its last layer
  at::Tensor host_logits_WV_;
  std::vector<int32_t> tokens_;
};

}  // namespace aha::model
