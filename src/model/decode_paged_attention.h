// Attention of a step's rows over the cache pages of one layer: what latent attention and grouped queries share.
#pragma once
#include <algorithm>
#include <cstdint>
#include <span>

#include "model/decode_part.h"

namespace aha::model {

/// What a slot of the cache holds: the keys of all key-value heads side by side, and from `value_begin` on their values
/// (which may be part of the keys). Each key-value head is read by `group` query heads.
struct PagedShape {
  int64_t num_kv_heads, group, key_width, value_width, value_begin;
  float scale;  // of the scores
};

/// Heads of a tile that read one key-value head.
struct HeadSpan {
  int64_t kv_head, first, count;
};

/// One layer's attention of one step, of one part's tile. The rows' own keys and values stand in the cache already.
class PagedAttention {
 public:
  PagedAttention(const PagedShape& shape, int64_t layer, const AttentionTile& tile, const DecodePart& part);
  /// From queries, rotated, to sums of values.
  void run();
  /// visit(span) for the tile's heads.
  template <class Visit>
  void for_spans(Visit visit) const {
    for (int64_t head = tile_.head_begin; head < tile_.head_end;) {
      const int64_t kv_head = head / shape_.group, end = std::min(tile_.head_end, (kv_head + 1) * shape_.group);
      visit(HeadSpan{kv_head, head, end - head});
      head = end;
    }
  }
  /// Of the heads of a span, side by side, of a row and those after it: [rows][count][key_width or value_width].
  float* query(const HeadSpan& span, int64_t row) const {
    return part_.scratch.query.get() + vector_index(span, row) * shape_.key_width;
  }
  float* attended(const HeadSpan& span, int64_t row) const {
    return part_.scratch.attended.get() + vector_index(span, row) * shape_.value_width;
  }

 private:
  /// Rows [begin, end) and the tokens that the longest of them sees.
  struct Block {
    int64_t begin, end, num_tokens, stride;  // stride: floats between the scores of two heads
  };
  /// `count` rows in a line that see the page at token `first` and share it, and how many of its tokens the longest of
  /// them sees.
  struct Run {
    int64_t row, count, first, seen;
  };
  int64_t block_end(int64_t begin) const;
  void attend(int64_t begin, int64_t end);
  void normalize(const Block& block);
  void score(const Block& block, const Run& run);
  void sum(const Block& block, const Run& run);
  void prefetch(const Run& run) const;
  template <class Visit>
  void for_runs(const Block& block, int64_t first, Visit visit) const;
  /// As ops::GemmOnceArgs, whose B is the run's page from number `begin` of its slots on.
  struct Product {
    const float* a;
    float* c;
    int64_t m, n, k, lda, ldc;
    bool transpose_b, accumulate;
  };
  void multiply_page(const Run& run, int64_t begin, const Product& product) const;
  template <class Number>
  ops::GemmOnceArgs<Number> on_page(const Number* numbers, const Product& product) const;

  // A tile's vectors lie together; it has all heads of its rows or all rows.
  int64_t vector_index(const HeadSpan& span, int64_t row) const {
    const int64_t heads = shape_.num_kv_heads * shape_.group;
    return tile_.row_begin * heads + span.first * tile_.num_rows() + (row - tile_.row_begin) * span.count;
  }
  float* scores(const Block& block, const HeadSpan& span, int64_t row) const {
    const int64_t line = (span.first - tile_.head_begin) * (block.end - block.begin) + (row - block.begin) * span.count;
    return part_.own.scores.get() + line * block.stride;
  }

  const PagedShape shape_;
  const int64_t layer_;
  const AttentionTile tile_;
  const DecodePart& part_;
  const std::span<const DecodeRow> rows_;
};

}  // namespace aha::model
