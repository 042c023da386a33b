// The MTP module: joined rows, one more layer, its own norm, the model's head.
#include "model/decode_draft.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <limits>
#include <utility>

#include "aha/core/error.h"
#include "aha/ops/cpu_math.h"

namespace aha::model {

DecodeDraft::DecodeDraft(const DecodeWeights::State& weights, KvCache& cache, DecodeScratch& scratch, ops::Team* team,
                         int num_threads)
    : weights_(weights),
      cache_(cache),
      scratch_(scratch),
      team_(team),
      pace_(num_threads),
      hidden_RD_(make_float_buffer(scratch.max_rows * weights.config.hidden_size)),
      joined_RX_(make_float_buffer(scratch.max_rows * 2 * weights.config.hidden_size)),
      logits_(make_float_buffer(scratch.max_rows * weights.config.vocab_size)),
      best_(num_threads * scratch.max_rows) {
  rows_.reserve(scratch.max_rows);
  chosen_.reserve(scratch.max_rows);
  tokens_.reserve(scratch.max_rows);
}

void DecodeDraft::remember(std::span<const DecodeRow> rows) {
  rows_.assign(rows.begin(), rows.end());
  is_hidden_kept_ = false;
}

std::span<const int32_t> DecodeDraft::run(std::span<const DraftRow> rows) {
  begin(rows);
  const int parts = pace_.parts(std::ssize(rows));
  const auto start = std::chrono::steady_clock::now();
  scratch_.cut_rows(chosen_, parts);
  if (parts == 1) {
    run_part(rows, {});
  } else {
    team_->run(parts, [&](ops::Share share) { run_part(rows, share); });
  }
  for (int64_t i = 0; i < std::ssize(scratch_.wanted); ++i) tokens_[scratch_.wanted[i]] = best_of(i, parts).token;
  pace_.add(std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  return tokens_;
}

void DecodeDraft::begin(std::span<const DraftRow> rows) {
  // The layer works in scratch.x_RD, and the hidden states are asked for again by a second call.
  if (!std::exchange(is_hidden_kept_, true)) std::swap(hidden_RD_, scratch_.x_RD);
  chosen_.clear();
  scratch_.wanted.clear();
  tokens_.assign(rows.size(), -1);
  int32_t previous = -1;
  for (const DraftRow& row : rows) {
    AHA_CHECK(row.row > previous && row.row < std::ssize(rows_),
              fmt::format("row {} after row {}, of {} rows", row.row, previous, rows_.size()));
    AHA_CHECK(row.next_token >= 0 && row.next_token < weights_.config.vocab_size,
              fmt::format("token {}", row.next_token));
    previous = row.row;
    if (row.wants_token) scratch_.wanted.push_back(static_cast<int32_t>(chosen_.size()));
    chosen_.push_back(rows_[row.row]);
    chosen_.back().experts = nullptr;  // routes are recorded of the model's own layers
  }
}

void DecodeDraft::run_part(std::span<const DraftRow> rows, ops::Share share) {
  const int64_t width = weights_.config.hidden_size;
  const DecodePart part{weights_, chosen_, cache_, scratch_, scratch_.parts[share.part], share, team_};
  join(rows, share);
  part.barrier();
  weights_.mtp.eh_proj.multiply(joined_RX_.get(), std::ssize(rows), 2 * width, scratch_.x_RD.get(), width,
                                /*accumulate=*/false, share);
  part.barrier();
  decode_layer(part, weights_.config.num_hidden_layers);
  const float* normed = part.normalize_wanted(weights_.mtp.head_norm);
  weights_.head.multiply(normed, std::ssize(scratch_.wanted), width, logits_.get(), weights_.config.vocab_size,
                         /*accumulate=*/false, share);
  find_best(share);
}

/// Each row's norm of its successor's embedding, then that of its hidden state.
void DecodeDraft::join(std::span<const DraftRow> rows, ops::Share share) {
  const DecodeMtp& mtp = weights_.mtp;
  const int64_t width = weights_.config.hidden_size, num_rows = std::ssize(rows);
  const float eps = static_cast<float>(weights_.config.rms_norm_eps);
  for (int64_t r = share.begin(num_rows); r < share.end(num_rows); ++r) {
    float* embedding = joined_RX_.get() + r * 2 * width;
    weights_.embedding.copy_row(rows[r].next_token, embedding);
    ops::rms_norm_row(embedding, mtp.embedding_norm.data(), eps, width, embedding);
    ops::rms_norm_row(hidden_RD_.get() + rows[r].row * width, mtp.hidden_norm.data(), eps, width, embedding + width);
  }
}

/// Among a part's own columns: it needs to wait for nobody.
void DecodeDraft::find_best(ops::Share share) {
  const ops::Columns columns = weights_.head.columns(share);
  Best* best = best_.data() + share.part * scratch_.max_rows;
  for (int64_t i = 0; i < std::ssize(scratch_.wanted); ++i) {
    best[i] = {-std::numeric_limits<float>::infinity(), -1};
    if (columns.begin == columns.end) continue;
    const float* logits = logits_.get() + i * weights_.config.vocab_size;
    const float* largest = std::max_element(logits + columns.begin, logits + columns.end);
    best[i] = {*largest, static_cast<int32_t>(largest - logits)};
  }
}

/// Of equals the first, however the columns were cut.
DecodeDraft::Best DecodeDraft::best_of(int64_t wanted, int num_parts) const {
  Best best = best_[wanted];
  for (int part = 1; part < num_parts; ++part) {
    const Best& other = best_[part * scratch_.max_rows + wanted];
    if (best.token < 0 || other.logit > best.logit) best = other;
  }
  return best;
}

}  // namespace aha::model
