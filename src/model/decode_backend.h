// Where a decoder's steps run.
#pragma once
#include <memory>
#include <span>

#include "aha/model/decoder.h"

namespace aha::model {

/// What Decoder promises, for one kind of machine.
class DecodeBackend {
 public:
  virtual ~DecodeBackend() = default;
  virtual const float* step(std::span<const DecodeRow> rows) = 0;
  /// @throws ShapeError where there is no MTP module to ask
  virtual std::span<const int32_t> draft(std::span<const DraftRow> rows);
};

/// Own kernels on the threads of a team.
std::unique_ptr<DecodeBackend> make_cpu_decoder(const DecodeWeights& weights, KvCache& cache, int64_t max_rows,
                                                int num_threads);
/// LibTorch's operations, of a DecodeOptions::tensor_device.
std::unique_ptr<DecodeBackend> make_tensor_decoder(const DecodeWeights& weights, KvCache& cache, int64_t max_rows);

}  // namespace aha::model
