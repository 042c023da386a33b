// Grouped-query attention of a sequence and of those that go on from it, all heads: rotation and layout around
// ops/causal_head.h.
#pragma once
#include <algorithm>

#include "aha/ops/cpu_math.h"
#include "aha/ops/gqa_attention.h"
#include "ops/causal_head.h"
#include "ops/packed_sequences.h"

namespace aha::ops {

template <class T>
struct GqaInputs {
  const T *q, *k, *v, *cosine, *sine;  // q and k are read by the forward pass alone
};
/// What the forward pass keeps: rotated queries [T, H·d] and keys [T, h_kv·d], logsumexp of scaled scores [T, H],
/// and its result [T, H·d].
template <class T>
struct GqaKept {
  T *query, *key, *logsumexp, *out;
};
template <class T>
struct GqaGradients {
  T *q, *k, *v;
};

template <class T>
class GqaTree {
 public:
  GqaTree(const GqaShape& shape, const GqaInputs<T>& in, const GqaKept<T>& kept, const SequenceTree& tree)
      : shape_(shape),
        in_(in),
        kept_(kept),
        tree_(tree),
        group_(shape.num_heads / shape.num_kv_heads),
        q_stride_(shape.num_heads * shape.head_dim),
        kv_stride_(shape.num_kv_heads * shape.head_dim) {}

  void forward() const {
    for (const PackedSequence& sequence : tree_) rotate_inputs(sequence);
    for_each_head(shape_.num_kv_heads, group_ * num_scores(tree_), [this](int64_t kv_head) {
      reserve();
      for (const PackedSequence& sequence : tree_) {
        load(kept_.key, sequence, kv_head, scratch().key);
        for (int64_t head = kv_head * group_; head < (kv_head + 1) * group_; ++head) {
          head_of(sequence, head).forward(seen_rows(in_.v, sequence, kv_head), q_rows(kept_.out, sequence, head));
        }
      }
    });
  }

  void backward(const T* out_gradient, const GqaGradients<T>& gradients) const {
    for_each_head(shape_.num_kv_heads, group_ * num_scores(tree_), [&](int64_t kv_head) {
      reserve();
      for (const PackedSequence& sequence : tree_) differentiate(sequence, kv_head, out_gradient, gradients);
    });
    for (const PackedSequence& sequence : tree_) {
      rotate(gradients.q, shape_.num_heads, sequence, -1);
      rotate(gradients.k, shape_.num_kv_heads, sequence, -1);
    }
  }

 private:
  // The thread's own, which a head's work fills anew.
  static CausalScratch<T>& scratch() { return causal_thread_scratch<T>(); }
  void reserve() const { scratch().reserve(num_positions(tree_), shape_.head_dim, shape_.head_dim); }

  template <class Element>
  HeadRows<Element> q_rows(Element* packed, const PackedSequence& sequence, int64_t head) const {
    return {packed + sequence.first * q_stride_ + head * shape_.head_dim, q_stride_};
  }
  template <class Element>
  HeadRows<Element> kv_rows(Element* packed, int64_t first, int64_t kv_head) const {
    return {packed + first * kv_stride_ + kv_head * shape_.head_dim, kv_stride_};
  }
  template <class Element>
  SeenRows<Element> seen_rows(Element* packed, const PackedSequence& sequence, int64_t kv_head) const {
    return {kv_rows(packed, sequence.prefix_first, kv_head), kv_rows(packed, sequence.first, kv_head)};
  }

  CausalHead<T> head_of(const PackedSequence& sequence, int64_t head) const {
    return {{sequence.prefix_length, sequence.length, shape_.head_dim, shape_.head_dim, shape_.scale},
            q_rows<const T>(kept_.query, sequence, head),
            {kept_.logsumexp + sequence.first * shape_.num_heads + head, shape_.num_heads},
            scratch()};
  }

  /// Own rows, behind those of the prefix, which the tree's first sequence has left there.
  void load(const T* packed, const PackedSequence& sequence, int64_t kv_head, std::vector<T>& dense) const {
    copy_dense(kv_rows(packed, sequence.first, kv_head), sequence.length, shape_.head_dim,
               dense.data() + sequence.prefix_length * shape_.head_dim);
    CausalScratch<T>::clear_rest(dense, sequence.prefix_length + sequence.length, shape_.head_dim);
  }

  void differentiate(const PackedSequence& sequence, int64_t kv_head, const T* out_gradient,
                     const GqaGradients<T>& gradients) const {
    load(kept_.key, sequence, kv_head, scratch().key);
    load(in_.v, sequence, kv_head, scratch().value);
    for (int64_t i = 0; i < group_; ++i) {
      const int64_t head = kv_head * group_ + i;
      head_of(sequence, head)
          .backward({.result = q_rows<const T>(kept_.out, sequence, head),
                     .out = q_rows(out_gradient, sequence, head),
                     .query = q_rows(gradients.q, sequence, head),
                     .key = seen_rows(gradients.k, sequence, kv_head),
                     .value = seen_rows(gradients.v, sequence, kv_head),
                     .adds = i > 0});
    }
  }

  void rotate_inputs(const PackedSequence& sequence) const {
    const auto copy = [&](const T* from, int64_t stride, T* to) {
      std::copy_n(from + sequence.first * stride, sequence.length * stride, to + sequence.first * stride);
    };
    copy(in_.q, q_stride_, kept_.query);
    copy(in_.k, kv_stride_, kept_.key);
    rotate(kept_.query, shape_.num_heads, sequence, 1);
    rotate(kept_.key, shape_.num_kv_heads, sequence, 1);
  }

  /// Turns the sequence's own rows of all heads of a packed tensor in place; sign -1 turns back.
  void rotate(T* packed, int64_t num_heads, const PackedSequence& sequence, int sign) const {
    const int64_t half = shape_.head_dim / 2;
    const auto turn = shape_.interleave ? rope_row<T> : rope_half_row<T>;
    T* row = packed + sequence.first * num_heads * shape_.head_dim;
    for (int64_t t = sequence.prefix_length; t < sequence.prefix_length + sequence.length; ++t) {
      for (int64_t head = 0; head < num_heads; ++head, row += shape_.head_dim) {
        turn(row, in_.cosine + t * half, in_.sine + t * half, shape_.head_dim, sign);
      }
    }
  }

  const GqaShape& shape_;
  const GqaInputs<T>& in_;
  const GqaKept<T>& kept_;
  const SequenceTree& tree_;
  int64_t group_, q_stride_, kv_stride_;
};

}  // namespace aha::ops
