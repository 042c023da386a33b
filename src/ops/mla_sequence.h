// Attention of one sequence, all heads, a block of queries against its prefix at a time: forward and backward.
#pragma once
#include <algorithm>
#include <vector>

#include "aha/ops/cpu_gemm.h"
#include "aha/ops/cpu_math.h"
#include "aha/ops/mla_attention.h"

namespace aha::ops {

// Rows of a block: bounds the workspace and skips most of what is masked. Blocks are squares of this size along the
// keys too, the last one filled with zero keys, because whole panels are quicker to lay out and multiply.
inline constexpr int64_t kMlaBlock = 32;

template <class T>
struct MlaInputs {
  const T *q, *kv, *k_rope, *cosine, *sine;  // q is read by the forward pass alone
};
/// What the forward pass keeps: queries after rotation [T, H·(nope + rope)], logsumexp of scaled scores [T, H].
template <class T>
struct MlaKept {
  T *query, *logsumexp;
};
template <class T>
struct MlaGradients {
  T *q, *kv, *k_rope;
};

/// Grows, never shrinks; one a thread, so that nothing is allocated per head.
template <class T>
struct MlaScratch {
  std::vector<T> key, value;                       // of one head and sequence; rows in whole blocks, the rest zero
  std::vector<T> probability, slope;               // [kMlaBlock, whole blocks of keys]
  std::vector<T> rope_key;                         // of one sequence, rotated
  std::vector<T> key_gradient, rope_key_gradient;  // like key and rope_key

  void reserve(int64_t length, const MlaShape& shape) {
    const int64_t rows = (length + kMlaBlock - 1) / kMlaBlock * kMlaBlock, width = shape.nope_dim + shape.rope_dim;
    grow(key, rows * width);
    grow(value, rows * shape.v_dim);
    grow(key_gradient, rows * width);
    grow(rope_key, rows * shape.rope_dim);
    grow(rope_key_gradient, rows * shape.rope_dim);
    grow(probability, kMlaBlock * rows);
    grow(slope, kMlaBlock * rows);
    std::fill_n(key.data() + length * width, (rows - length) * width, T{0});
    std::fill_n(value.data() + length * shape.v_dim, (rows - length) * shape.v_dim, T{0});
  }

 private:
  static void grow(std::vector<T>& values, int64_t size) {
    if (static_cast<int64_t>(values.size()) < size) values.resize(static_cast<size_t>(size));
  }
};

template <class T>
MlaScratch<T>& mla_thread_scratch() {
  thread_local MlaScratch<T> scratch;
  return scratch;
}

/// All heads of one sequence, whose first token is row `first` of the packed tensors.
template <class T>
class MlaSequence {
 public:
  MlaSequence(const MlaShape& shape, const MlaInputs<T>& in, const MlaKept<T>& kept, int64_t first, int64_t length)
      : shape_(shape),
        in_(in),
        kept_(kept),
        first_(first),
        length_(length),
        width_(shape.nope_dim + shape.rope_dim),
        q_stride_(shape.num_heads * width_),
        kv_stride_(shape.num_heads * (shape.nope_dim + shape.v_dim)),
        out_stride_(shape.num_heads * shape.v_dim),
        scratch_(mla_thread_scratch<T>()) {
    scratch_.reserve(length, shape);
    std::copy_n(in_.k_rope + first_ * shape_.rope_dim, length_ * shape_.rope_dim, scratch_.rope_key.data());
    for (int64_t t = 0; t < length_; ++t) rotate(scratch_.rope_key.data() + t * shape_.rope_dim, t, 1);
  }

  void forward(T* out) {
    rotate_queries();
    for (int64_t head = 0; head < shape_.num_heads; ++head) {
      load_keys(head);
      for (int64_t begin = 0; begin < length_; begin += kMlaBlock) attend(block_at(head, begin), out);
    }
  }

  void backward(const T* out_gradient, const MlaGradients<T>& gradients) {
    std::fill_n(scratch_.rope_key_gradient.data(), length_ * shape_.rope_dim, T{0});
    for (int64_t head = 0; head < shape_.num_heads; ++head) {
      load_keys(head);
      load_values(head);
      // The last block sees every key: it overwrites the gradients of keys and values, the others add.
      for (int64_t begin = (length_ - 1) / kMlaBlock * kMlaBlock; begin >= 0; begin -= kMlaBlock) {
        differentiate(block_at(head, begin), out_gradient, gradients);
      }
      store_key_gradient(head, gradients);
    }
    store_rope_key_gradient(gradients);
  }

 private:
  /// Queries [begin, end) of a head against keys [0, end).
  struct Block {
    int64_t head, begin, end;
    int64_t rows() const { return end - begin; }
    int64_t columns() const { return begin + kMlaBlock; }  // end, filled up to a whole block
  };
  Block block_at(int64_t head, int64_t begin) const { return {head, begin, std::min(length_, begin + kMlaBlock)}; }

  T* query(const Block& block) const { return kept_.query + (first_ + block.begin) * q_stride_ + block.head * width_; }
  /// From the start of kv (or of its gradient) to the value of the sequence's first token.
  int64_t value_offset(int64_t head) const {
    return first_ * kv_stride_ + head * (shape_.nope_dim + shape_.v_dim) + shape_.nope_dim;
  }
  T& logsumexp(const Block& block, int64_t row) const {
    return kept_.logsumexp[(first_ + block.begin + row) * shape_.num_heads + block.head];
  }
  void rotate(T* row, int64_t position, int sign) const {
    const int64_t half = shape_.rope_dim / 2;
    rope_row(row, in_.cosine + position * half, in_.sine + position * half, shape_.rope_dim, sign);
  }

  void rotate_queries() {
    T* query = kept_.query + first_ * q_stride_;
    std::copy_n(in_.q + first_ * q_stride_, length_ * q_stride_, query);
    for (int64_t t = 0; t < length_; ++t) {
      for (int64_t head = 0; head < shape_.num_heads; ++head, query += width_) rotate(query + shape_.nope_dim, t, 1);
    }
  }

  void load_keys(int64_t head) {
    const T* nope = in_.kv + value_offset(head) - shape_.nope_dim;
    for (int64_t t = 0; t < length_; ++t) {
      T* key = scratch_.key.data() + t * width_;
      std::copy_n(nope + t * kv_stride_, shape_.nope_dim, key);
      std::copy_n(scratch_.rope_key.data() + t * shape_.rope_dim, shape_.rope_dim, key + shape_.nope_dim);
    }
  }
  void load_values(int64_t head) {
    const T* value = in_.kv + value_offset(head);
    for (int64_t t = 0; t < length_; ++t) {
      std::copy_n(value + t * kv_stride_, shape_.v_dim, scratch_.value.data() + t * shape_.v_dim);
    }
  }

  /// probability [rows, columns] becomes the unscaled scores.
  void fill_scores(const Block& block) {
    gemm(GemmArgs<T>{.a = query(block),
                     .b = scratch_.key.data(),
                     .c = scratch_.probability.data(),
                     .m = block.rows(),
                     .n = block.columns(),
                     .k = width_,
                     .lda = q_stride_,
                     .ldb = width_,
                     .ldc = block.columns(),
                     .transpose_b = true});
  }

  /// Turns each row's visible scores into probabilities by `turn(row, scores, visible)`; the rest is zero.
  template <class Turn>
  void fill_probability(const Block& block, Turn turn) {
    fill_scores(block);
    for (int64_t row = 0; row < block.rows(); ++row) {
      T* line = scratch_.probability.data() + row * block.columns();
      const int64_t visible = block.begin + row + 1;
      turn(row, line, visible);
      std::fill(line + visible, line + block.columns(), T{0});
    }
  }

  void attend(const Block& block, T* out) {
    fill_probability(block, [&](int64_t row, T* line, int64_t visible) {
      logsumexp(block, row) = softmax_row(line, static_cast<T>(shape_.scale), visible);
    });
    gemm(GemmArgs<T>{.a = scratch_.probability.data(),
                     .b = in_.kv + value_offset(block.head),
                     .c = out + (first_ + block.begin) * out_stride_ + block.head * shape_.v_dim,
                     .m = block.rows(),
                     .n = shape_.v_dim,
                     .k = block.end,
                     .lda = block.columns(),
                     .ldb = kv_stride_,
                     .ldc = out_stride_});
  }

  /// slope [rows, columns]: the gradient of the unscaled scores, from that of the probabilities.
  void fill_slope(const Block& block, const T* upstream) {
    gemm(GemmArgs<T>{.a = upstream,
                     .b = scratch_.value.data(),
                     .c = scratch_.slope.data(),
                     .m = block.rows(),
                     .n = block.columns(),
                     .k = shape_.v_dim,
                     .lda = out_stride_,
                     .ldb = shape_.v_dim,
                     .ldc = block.columns(),
                     .transpose_b = true});
    for (int64_t row = 0; row < block.rows(); ++row) {
      const T* probability = scratch_.probability.data() + row * block.columns();
      T* line = scratch_.slope.data() + row * block.columns();
      const T mean = dot(probability, line, block.begin + row + 1), scale = static_cast<T>(shape_.scale);
      for (int64_t j = 0; j < block.columns(); ++j) line[j] = probability[j] * (line[j] - mean) * scale;
    }
  }

  void differentiate(const Block& block, const T* out_gradient, const MlaGradients<T>& gradients) {
    const T* upstream = out_gradient + (first_ + block.begin) * out_stride_ + block.head * shape_.v_dim;
    fill_probability(block, [&](int64_t row, T* line, int64_t visible) {
      scaled_exp_row(line, static_cast<T>(shape_.scale), logsumexp(block, row), T{1}, visible);
    });
    fill_slope(block, upstream);
    add_value_gradient(block, upstream, gradients);
    add_key_gradient(block);
    store_query_gradient(block, gradients);
  }

  void add_value_gradient(const Block& block, const T* upstream, const MlaGradients<T>& gradients) {
    gemm(GemmArgs<T>{.a = scratch_.probability.data(),
                     .b = upstream,
                     .c = gradients.kv + value_offset(block.head),
                     .m = block.end,
                     .n = shape_.v_dim,
                     .k = block.rows(),
                     .lda = block.columns(),
                     .ldb = out_stride_,
                     .ldc = kv_stride_,
                     .transpose_a = true,
                     .accumulate = block.end < length_});
  }

  void add_key_gradient(const Block& block) {
    gemm(GemmArgs<T>{.a = scratch_.slope.data(),
                     .b = query(block),
                     .c = scratch_.key_gradient.data(),
                     .m = block.end,
                     .n = width_,
                     .k = block.rows(),
                     .lda = block.columns(),
                     .ldb = q_stride_,
                     .ldc = width_,
                     .transpose_a = true,
                     .accumulate = block.end < length_});
  }

  void store_query_gradient(const Block& block, const MlaGradients<T>& gradients) {
    T* gradient = gradients.q + (first_ + block.begin) * q_stride_ + block.head * width_;
    gemm(GemmArgs<T>{.a = scratch_.slope.data(),
                     .b = scratch_.key.data(),
                     .c = gradient,
                     .m = block.rows(),
                     .n = width_,
                     .k = block.end,
                     .lda = block.columns(),
                     .ldb = width_,
                     .ldc = q_stride_});
    for (int64_t row = 0; row < block.rows(); ++row) {
      rotate(gradient + row * q_stride_ + shape_.nope_dim, block.begin + row, -1);
    }
  }

  void store_key_gradient(int64_t head, const MlaGradients<T>& gradients) {
    T* nope = gradients.kv + value_offset(head) - shape_.nope_dim;
    for (int64_t t = 0; t < length_; ++t) {
      const T* gradient = scratch_.key_gradient.data() + t * width_;
      std::copy_n(gradient, shape_.nope_dim, nope + t * kv_stride_);
      T* rope = scratch_.rope_key_gradient.data() + t * shape_.rope_dim;
      for (int64_t i = 0; i < shape_.rope_dim; ++i) rope[i] += gradient[shape_.nope_dim + i];
    }
  }

  /// Turning back is linear, so it is done once, on the sum over heads.
  void store_rope_key_gradient(const MlaGradients<T>& gradients) {
    T* rope = scratch_.rope_key_gradient.data();
    for (int64_t t = 0; t < length_; ++t) rotate(rope + t * shape_.rope_dim, t, -1);
    std::copy_n(rope, length_ * shape_.rope_dim, gradients.k_rope + first_ * shape_.rope_dim);
  }

  const MlaShape& shape_;
  const MlaInputs<T>& in_;
  const MlaKept<T>& kept_;
  int64_t first_, length_, width_, q_stride_, kv_stride_, out_stride_;
  MlaScratch<T>& scratch_;
};

}  // namespace aha::ops
