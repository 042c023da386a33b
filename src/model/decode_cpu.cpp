// A decode step: embedding, all layers, logits of the rows that want them.
#include "model/decode_cpu.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "aha/core/error.h"

namespace aha::model {

namespace {

/// A model's context may be far longer than what its cache can hold.
int64_t reachable_positions(const ModelConfig& config, const KvCache& cache) {
  return std::min(config.max_position_embeddings, cache.num_pages() * kPageTokens);
}

void check_row(const DecodeRow& row, const ModelConfig& config, int64_t num_positions) {
  AHA_CHECK(row.token >= 0 && row.token < config.vocab_size, fmt::format("token {}", row.token));
  AHA_CHECK(row.position >= 0 && row.position < num_positions,
            fmt::format("position {}, room for {}", row.position, num_positions));
}

}  // namespace

CpuDecoder::CpuDecoder(const DecodeWeights& weights, KvCache& cache, int64_t max_rows, int num_threads)
    : weights_(weights.state()),
      cache_(cache),
      scratch_(weights.config(), weights.options(), reachable_positions(weights.config(), cache), max_rows,
               num_threads),
      team_(num_threads > 1 ? std::make_unique<ops::Team>(num_threads) : nullptr),
      pace_(num_threads) {
  AHA_CHECK(cache.type() == weights.options().type, "weights and cache must be of one number type");
  AHA_CHECK(cache.page_bytes() >= KvCache::page_bytes(weights.config(), weights.options()) &&
                cache.width() == cache_width(weights.config(), weights.options()),
            "the cache must be made with the options of the weights");
  if (!weights.options().with_mtp) return;
  draft_ = std::make_unique<DecodeDraft>(weights_, cache, scratch_, team_.get(), num_threads);
}

const float* CpuDecoder::step(std::span<const DecodeRow> rows) {
  begin(rows);
  const int parts = pace_.parts(std::ssize(rows));
  const auto start = std::chrono::steady_clock::now();
  scratch_.cut_rows(rows, parts);
  if (parts == 1) {
    run_part(rows, {});
  } else {
    team_->run(parts, [&](ops::Share share) { run_part(rows, share); });
  }
  pace_.add(std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  if (draft_) draft_->remember(rows);
  return scratch_.logits.get();
}

std::span<const int32_t> CpuDecoder::draft(std::span<const DraftRow> rows) {
  return draft_ ? draft_->run(rows) : DecodeBackend::draft(rows);
}

void CpuDecoder::begin(std::span<const DecodeRow> rows) {
  const int64_t num_rows = std::ssize(rows), width = weights_.config.hidden_size;
  AHA_CHECK(num_rows <= scratch_.max_rows, fmt::format("{} rows, room for {}", num_rows, scratch_.max_rows));
  scratch_.wanted.clear();
  for (int64_t r = 0; r < num_rows; ++r) {
    check_row(rows[r], weights_.config, scratch_.rope.num_positions());
    scratch_.rope.reach(rows[r].position);
    weights_.embedding.copy_row(rows[r].token, scratch_.x_RD.get() + r * width);
    if (rows[r].wants_logits) scratch_.wanted.push_back(static_cast<int32_t>(r));
  }
}

void CpuDecoder::run_part(std::span<const DecodeRow> rows, ops::Share share) {
  const ModelConfig& config = weights_.config;
  const DecodePart part{weights_, rows, cache_, scratch_, scratch_.parts[share.part], share, team_.get()};
  for (int64_t layer = 0; layer < config.num_hidden_layers; ++layer) decode_layer(part, layer);
  const float* normed = part.normalize_wanted(weights_.norm);
  weights_.head.multiply(normed, std::ssize(scratch_.wanted), config.hidden_size, scratch_.logits.get(),
                         config.vocab_size, /*accumulate=*/false, share);
}

std::unique_ptr<DecodeBackend> make_cpu_decoder(const DecodeWeights& weights, KvCache& cache, int64_t max_rows,
                                                int num_threads) {
  return std::make_unique<CpuDecoder>(weights, cache, max_rows, num_threads);
}

}  // namespace aha::model
