// The memory of a decode step: sized once for the most rows a step may have, so that a step allocates nothing.
//
// Letters: R rows of a step, D hidden size, H heads, W width of a cached key, E experts, K experts a row.
#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "aha/model/decoder.h"
#include "model/decode_rope.h"

namespace aha::model {

/// Scores are computed in steps of so many tokens, and for so many rows at once as keep them in this many floats (one
/// row may need more): half of a usual second-level cache.
inline constexpr int64_t kScoreAlign = 32;
inline constexpr int64_t kScoreFloats = 1 << 17;
static_assert(kPageTokens % kScoreAlign == 0);

/// What rows decide row by row, norms and routes, every part of a step works out for itself if they are so few: that
/// takes less time than waiting for each other.
inline constexpr int64_t kFewRows = 4;

/// The experts of some rows, best first.
struct ExpertChoice {
  std::vector<float> weight_RK;
  std::vector<int32_t> expert_RK;
};

/// What one part of a step writes and reads alone.
struct PartScratch {
  PartScratch(const ModelConfig& config, const DecodeOptions& options, int64_t num_positions, int64_t max_rows);
  FloatBuffer normed_RD, q_normed_R;  // of few rows
  ExpertChoice choice;                // of few rows
  FloatBuffer line;                   // a slot of the cache before it is stored
  FloatBuffer scores;                 // [block of rows, H, context]
  FloatBuffer up_R;                   // [R, widest intermediate]
  FloatBuffer gathered_RD;            // rows of one expert
  FloatBuffer router_RE;              // logits
  FloatBuffer router_score;           // [E]
  std::vector<int32_t> slot_RK, sorted_row, expert_begin;
};

struct DecodeScratch {
  /// @param num_positions no row stands at or beyond it
  DecodeScratch(const ModelConfig& config, const DecodeOptions& options, int64_t num_positions, int64_t max_rows,
                int num_parts);
  /// Cuts rows among so many parts so that each attends to as many tokens.
  void cut_rows(std::span<const DecodeRow> rows, int num_parts);

  int64_t max_rows;
  DecodeRope rope;
  FloatBuffer x_RD, normed_RD;
  FloatBuffer block_RD;            // what an attention or feed-forward block adds to x
  std::vector<int64_t> first_row;  // of each part, and the end
  // attention
  int64_t input_width = 0;  // of attention.input's rows
  FloatBuffer input_R;      // [R, input_width]
  FloatBuffer q_normed_R;   // [R, q_lora_rank]
  FloatBuffer q_R;          // [R, H·(nope + rope)], with q_lora_rank only
  FloatBuffer latent_R;     // [R, kv_lora_rank], normed, and
  FloatBuffer kv_R;         // [R, H·(nope + v)], what kv_b_proj makes of them: with expanded latents only
  FloatBuffer query;        // R·H queries of W, as PagedAttention takes them
  FloatBuffer attended;     // R·H sums of values, likewise
  FloatBuffer mixed_R;      // [R, H·v_head_dim], what o_proj reads
  // feed-forward
  FloatBuffer hidden_R;    // [R, widest intermediate], activated: of a dense block or of the shared experts
  FloatBuffer shared_RD;   // what the shared experts add
  FloatBuffer hidden_RK;   // [R·K, moe_intermediate_size], activated, sorted by expert
  FloatBuffer expert_out;  // [R·K, D], sorted by expert
  ExpertChoice choice;
  // output
  std::vector<int32_t> wanted;  // rows that want logits
  FloatBuffer logits;           // [R, V]
  std::vector<PartScratch> parts;

 private:
  void make_attention(const ModelConfig& config, const DecodeOptions& options);
  void make_feed_forward(const ModelConfig& config);
};

}  // namespace aha::model
