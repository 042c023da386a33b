// One part of a decode step: its threads do each phase's work together and wait where the next reads what others wrote.
#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "aha/model/decoder.h"
#include "aha/ops/team.h"
#include "model/decode_scratch.h"
#include "model/decode_weights.h"

namespace aha::model {

/// Some rows with all their heads, or all rows with some of their heads.
struct AttentionTile {
  int64_t row_begin, row_end, head_begin, head_end;
  int64_t num_rows() const { return row_end - row_begin; }
  int64_t num_heads() const { return head_end - head_begin; }
};

struct DecodePart {
  const DecodeWeights::State& weights;
  std::span<const DecodeRow> rows;
  KvCache& cache;
  DecodeScratch& scratch;  // of all parts
  PartScratch& own;
  ops::Share share;
  ops::Team* team;  // may be null where there is one part

  int64_t num_rows() const { return static_cast<int64_t>(rows.size()); }
  void barrier() const {
    if (share.parts > 1) team->barrier(share);
  }

  /// Work row by row on `count` rows. Few: every part does all of them, in memory of its own. More: each does some, in
  /// memory that all share, and join() waits for the others.
  static bool are_few(int64_t count) { return count <= kFewRows; }
  int64_t first_of(int64_t count) const { return are_few(count) ? 0 : share.begin(count); }
  int64_t end_of(int64_t count) const { return are_few(count) ? count : share.end(count); }
  void join(int64_t count) const {
    if (!are_few(count)) barrier();
  }
  static float* pick(int64_t count, const FloatBuffer& of_few, const FloatBuffer& of_many) {
    return (are_few(count) ? of_few : of_many).get();
  }

  /// The norm of all rows' x.
  const float* normalize(const std::vector<float>& weight) const;
  /// The norm of those that want logits, one after the other.
  const float* normalize_wanted(const std::vector<float>& weight) const;
  /// x += block_RD (+ bias), in this part's columns.
  void add_block(ops::Columns columns, const std::vector<float>& bias = {}) const;
  /// What this part attends to: its rows where there are many, else heads.
  AttentionTile attention_tile() const;
  /// `width` numbers from `begin` of a row's slot in the cache.
  void store(const DecodeRow& row, int64_t layer, int64_t begin, const float* floats, int64_t width) const;
};

/// x_RD += attention of normed rows, whose keys and values (or latents) it appends to the cache. Rows see what stands
/// in the cache and those of their sequence before them in `rows`. All parts together; ends with a barrier.
void decode_latent_attention(const DecodePart& part, int64_t layer);
void decode_expanded_attention(const DecodePart& part, int64_t layer);  // of latents, with their keys and values
void decode_grouped_attention(const DecodePart& part, int64_t layer);

/// x_RD += feed-forward block of its normed rows. All parts together; ends with a barrier.
void decode_feed_forward(const DecodePart& part, int64_t layer);

/// Both.
void decode_layer(const DecodePart& part, int64_t layer);

}  // namespace aha::model
