// The decoder is what its backend does.
#include "aha/model/decoder.h"

#include "aha/core/error.h"
#include "model/decode_backend.h"

namespace aha::model {

std::span<const int32_t> DecodeBackend::draft(std::span<const DraftRow>) {
  AHA_CHECK(false, "a decoder without an MTP module makes no drafts");
}

Decoder::Decoder(const DecodeWeights& weights, KvCache& cache, int64_t max_rows, int num_threads)
    : backend_(make_cpu_decoder(weights, cache, max_rows, num_threads)) {}

Decoder::~Decoder() = default;

const float* Decoder::step(std::span<const DecodeRow> rows) { return backend_->step(rows); }
std::span<const int32_t> Decoder::draft(std::span<const DraftRow> rows) { return backend_->draft(rows); }

}  // namespace aha::model
