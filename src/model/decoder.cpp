// The decoder is what its backend does.
#include "aha/model/decoder.h"

#include "aha/core/error.h"
#include "model/decode_backend.h"

namespace aha::model {

std::span<const int32_t> DecodeBackend::draft(std::span<const DraftRow>) {
  AHA_CHECK(false, "a decoder without an MTP module makes no drafts");
}

namespace {

std::unique_ptr<DecodeBackend> make_backend(const DecodeWeights& weights, KvCache& cache, int64_t max_rows,
                                            int num_threads) {
  const bool is_tensor = weights.options().tensor_device.has_value();
  AHA_CHECK(is_tensor == cache.tensor().defined(), "weights and cache must be made with the same options");
  return is_tensor ? make_tensor_decoder(weights, cache, max_rows)
                   : make_cpu_decoder(weights, cache, max_rows, num_threads);
}

}  // namespace

Decoder::Decoder(const DecodeWeights& weights, KvCache& cache, int64_t max_rows, int num_threads)
    : backend_(make_backend(weights, cache, max_rows, num_threads)) {}

Decoder::~Decoder() = default;

const float* Decoder::step(std::span<const DecodeRow> rows) { return backend_->step(rows); }
std::span<const int32_t> Decoder::draft(std::span<const DraftRow> rows) { return backend_->draft(rows); }

}  // namespace aha::model
