// Causal attention of one head over one sequence, which may go on from another: a block of queries against what it sees
// at a time, forward and backward.
#pragma once
#include <algorithm>
#include <vector>

#include "aha/ops/cpu_gemm.h"
#include "aha/ops/cpu_math.h"
#include "aha/ops/parallel.h"

namespace aha::ops {

// Rows of a block: bounds the workspace and skips most of what is masked. Blocks are squares of this size along the
// keys too, the last one filled with zero keys, because whole panels are quicker to lay out and multiply.
inline constexpr int64_t kQueryBlock = 32;
// Keys that the backward pass takes at a time: all that it reads and adds to for them stays in the second-level cache
// while the blocks of queries pass by.
inline constexpr int64_t kKeyChunk = 512;

/// One head's rows of a tensor that holds all heads, from a sequence's first token on.
template <class T>
struct HeadRows {
  T* first;
  int64_t stride;
  T* at(int64_t row) const { return first + row * stride; }
};

/// One head's keys or values: those of the prefix, and the sequence's own.
template <class T>
struct SeenRows {
  HeadRows<T> prefix, own;
};

struct HeadSize {
  int64_t prefix, length;  // keys before the sequence's own; queries and keys of its own
  int64_t key_dim, value_dim;
  double scale;  // of the scores
  int64_t num_keys() const { return prefix + length; }
};

inline int64_t whole_blocks(int64_t rows) { return (rows + kQueryBlock - 1) / kQueryBlock * kQueryBlock; }

/// Grows, never shrinks; one a thread, so that nothing is allocated per head.
template <class T>
struct CausalScratch {
  std::vector<T> key, value;   // of one head, dense; rows in whole blocks, those beyond the sequence zero
  std::vector<T> probability;  // [kQueryBlock, whole blocks of keys]
  std::vector<T> slope;        // [kQueryBlock, kKeyChunk]
  std::vector<T> mean;         // [queries], of the probabilities' gradients

  void reserve(int64_t num_keys, int64_t key_dim, int64_t value_dim) {
    const int64_t rows = whole_blocks(num_keys);
    grow(key, rows * key_dim);
    grow(value, rows * value_dim);
    grow(probability, kQueryBlock * rows);
    grow(slope, kQueryBlock * kKeyChunk);
    grow(mean, rows);
  }

  /// Of `dense`, either of the first two: the rows beyond the sequence.
  static void clear_rest(std::vector<T>& dense, int64_t num_keys, int64_t width) {
    std::fill(dense.data() + num_keys * width, dense.data() + whole_blocks(num_keys) * width, T{0});
  }

  static void grow(std::vector<T>& values, int64_t size) {
    if (static_cast<int64_t>(values.size()) < size) values.resize(static_cast<size_t>(size));
  }
};

template <class T>
CausalScratch<T>& causal_thread_scratch() {
  thread_local CausalScratch<T> scratch;
  return scratch;
}

/// work(head) for each head, on several threads if there are enough scores to work out and operations may spread.
template <class Work>
void for_each_head(int64_t num_heads, int64_t scores_each, Work work) {
  constexpr int64_t kWorthAThread = 1 << 22;  // some milliseconds; a thread starts in some ten microseconds
  if (scores_each >= kWorthAThread) return spread(num_heads, work);
  for (int64_t head = 0; head < num_heads; ++head) work(head);
}

template <class T>
void copy_dense(HeadRows<const T> from, int64_t num_rows, int64_t width, T* to) {
  for (int64_t row = 0; row < num_rows; ++row) std::copy_n(from.at(row), width, to + row * width);
}

template <class T>
struct HeadGradients {
  HeadRows<const T> result, out;  // what the forward pass gave, and its upstream gradient
  HeadRows<T> query;
  SeenRows<T> key, value;
  bool adds;  // those of its own keys and values go on from what is there, as the prefix's always do; else overwrite it
};

/// Reads the keys, and in the backward pass the values, from the scratch, where the caller has put them.
template <class T>
class CausalHead {
 public:
  /// @param query rotated. @param logsumexp of the scaled scores: written forward, read backward
  CausalHead(const HeadSize& size, HeadRows<const T> query, HeadRows<T> logsumexp, CausalScratch<T>& scratch)
      : size_(size),
        scale_(static_cast<T>(size.scale)),
        query_(query),
        logsumexp_(logsumexp),
        key_(scratch.key.data()),
        value_(scratch.value.data()),
        probability_(scratch.probability.data()),
        slope_(scratch.slope.data()),
        mean_(scratch.mean.data()) {}

  void forward(const SeenRows<const T>& value, HeadRows<T> out) {
    for (int64_t begin = 0; begin < size_.length; begin += kQueryBlock) attend(block_at(begin), value, out);
  }

  void backward(const HeadGradients<T>& gradients) {
    // The mean gradient of a row's probabilities is its result times the upstream gradient (arXiv:2205.14135 §B.2).
    for (int64_t t = 0; t < size_.length; ++t) {
      mean_[t] = dot(gradients.result.at(t), gradients.out.at(t), size_.value_dim);
    }
    for (int64_t first = 0; first < size_.num_keys(); first += kKeyChunk) differentiate(first, gradients);
  }

 private:
  /// Queries [begin, end) against keys, of prefix and sequence together, from first_key on.
  struct Block {
    int64_t begin, end, first_key;
    int64_t columns;  // keys, filled up to whole blocks
    int64_t rows() const { return end - begin; }
  };
  Block block_at(int64_t begin) const {
    const int64_t end = std::min(size_.length, begin + kQueryBlock);
    return {begin, end, 0, whole_blocks(size_.prefix + end)};
  }
  Block chunk_of(Block block, int64_t first_key) const {
    return {block.begin, block.end, first_key, std::min(block.columns - first_key, kKeyChunk)};
  }

  /// probability [rows, columns] becomes the unscaled scores.
  void fill_scores(const Block& block) {
    gemm(GemmArgs<T>{.a = query_.at(block.begin),
                     .b = key_ + block.first_key * size_.key_dim,
                     .c = probability_,
                     .m = block.rows(),
                     .n = block.columns,
                     .k = size_.key_dim,
                     .lda = query_.stride,
                     .ldb = size_.key_dim,
                     .ldc = block.columns,
                     .transpose_b = true});
  }

  /// Turns each row's visible scores into probabilities by `turn(token, scores, visible)`; the rest is zero.
  template <class Turn>
  void fill_probability(const Block& block, Turn turn) {
    fill_scores(block);
    for (int64_t row = 0; row < block.rows(); ++row) {
      T* line = probability_ + row * block.columns;
      const int64_t visible =
          std::clamp<int64_t>(size_.prefix + block.begin + row + 1 - block.first_key, 0, block.columns);
      turn(block.begin + row, line, visible);
      std::fill(line + visible, line + block.columns, T{0});
    }
  }

  void attend(const Block& block, const SeenRows<const T>& value, HeadRows<T> out) {
    fill_probability(block, [&](int64_t token, T* line, int64_t visible) {
      *logsumexp_.at(token) = softmax_row(line, scale_, visible);
    });
    // One chain of sums along the keys, whether they lie in one piece or in two.
    if (size_.prefix > 0) add_values(block, probability_, value.prefix, size_.prefix, out, false);
    add_values(block, probability_ + size_.prefix, value.own, block.end, out, size_.prefix > 0);
  }

  /// The block's rows of out (+)= weights [rows, num_values] times the values.
  void add_values(const Block& block, const T* weights, HeadRows<const T> value, int64_t num_values, HeadRows<T> out,
                  bool adds) {
    gemm(GemmArgs<T>{.a = weights,
                     .b = value.first,
                     .c = out.at(block.begin),
                     .m = block.rows(),
                     .n = size_.value_dim,
                     .k = num_values,
                     .lda = block.columns,
                     .ldb = value.stride,
                     .ldc = out.stride,
                     .accumulate = adds});
  }

  /// slope [rows, columns]: the gradient of the unscaled scores, from that of the probabilities.
  void fill_slope(const Block& block, HeadRows<const T> upstream) {
    gemm(GemmArgs<T>{.a = upstream.at(block.begin),
                     .b = value_ + block.first_key * size_.value_dim,
                     .c = slope_,
                     .m = block.rows(),
                     .n = block.columns,
                     .k = size_.value_dim,
                     .lda = upstream.stride,
                     .ldb = size_.value_dim,
                     .ldc = block.columns,
                     .transpose_b = true});
    for (int64_t row = 0; row < block.rows(); ++row) {
      const T* probability = probability_ + row * block.columns;
      const T mean = mean_[block.begin + row];
      T* line = slope_ + row * block.columns;
      for (int64_t j = 0; j < block.columns; ++j) line[j] = probability[j] * (line[j] - mean) * scale_;
    }
  }

  /// What comes of the keys from `first_key` on. The last queries see them all: they start the gradients of own keys
  /// and values, the others add.
  void differentiate(int64_t first_key, const HeadGradients<T>& gradients) {
    const int64_t first_query = std::max<int64_t>(0, first_key - size_.prefix) / kQueryBlock * kQueryBlock;
    for (int64_t begin = (size_.length - 1) / kQueryBlock * kQueryBlock; begin >= first_query; begin -= kQueryBlock) {
      differentiate(chunk_of(block_at(begin), first_key), gradients);
    }
  }

  void differentiate(const Block& block, const HeadGradients<T>& gradients) {
    fill_probability(block, [&](int64_t token, T* line, int64_t visible) {
      scaled_exp_row(line, scale_, *logsumexp_.at(token), T{1}, visible);
    });
    fill_slope(block, gradients.out);
    const bool adds = gradients.adds || block.end < size_.length;
    add_turned(block, probability_, gradients.out, gradients.value, size_.value_dim, adds);
    add_turned(block, slope_, query_, gradients.key, size_.key_dim, adds);
    gemm(GemmArgs<T>{.a = slope_,
                     .b = key_ + block.first_key * size_.key_dim,
                     .c = gradients.query.at(block.begin),
                     .m = block.rows(),
                     .n = size_.key_dim,
                     .k = end_key(block) - block.first_key,
                     .lda = block.columns,
                     .ldb = size_.key_dim,
                     .ldc = gradients.query.stride,
                     .accumulate = block.first_key > 0});
  }

  /// Behind the last key that is of the block and no filling.
  int64_t end_key(const Block& block) const {
    return std::min(size_.prefix + block.end, block.first_key + block.columns);
  }

  /// The keys' rows of `to` (+)= the block's weights [rows, columns], turned, times its rows of `from`.
  void add_turned(const Block& block, const T* weights, HeadRows<const T> from, const SeenRows<T>& to, int64_t width,
                  bool adds) {
    const int64_t first = block.first_key, end = end_key(block), own = std::clamp(size_.prefix, first, end);
    if (first < own)
      add_turned(block, weights, from, {to.prefix.at(first), to.prefix.stride}, own - first, width, true);
    if (own == end) return;
    add_turned(block, weights + (own - first), from, {to.own.at(own - size_.prefix), to.own.stride}, end - own, width,
               adds);
  }

  void add_turned(const Block& block, const T* weights, HeadRows<const T> from, HeadRows<T> to, int64_t num_rows,
                  int64_t width, bool adds) {
    gemm(GemmArgs<T>{.a = weights,
                     .b = from.at(block.begin),
                     .c = to.first,
                     .m = num_rows,
                     .n = width,
                     .k = block.rows(),
                     .lda = block.columns,
                     .ldb = from.stride,
                     .ldc = to.stride,
                     .transpose_a = true,
                     .accumulate = adds});
  }

  HeadSize size_;
  T scale_;
  HeadRows<const T> query_;
  HeadRows<T> logsumexp_;
  const T *key_, *value_;
  T *probability_, *slope_, *mean_;
};

}  // namespace aha::ops
