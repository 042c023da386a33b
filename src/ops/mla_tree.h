// Latent attention of a sequence and of those that go on from it, all heads: rotation and layout around
// ops/causal_head.h.
#pragma once
#include <algorithm>
#include <vector>

#include "aha/ops/cpu_math.h"
#include "aha/ops/mla_attention.h"
#include "ops/causal_head.h"
#include "ops/packed_sequences.h"

namespace aha::ops {

template <class T>
struct MlaInputs {
  const T *q, *kv, *k_rope, *cosine, *sine;  // q and k_rope are read by the forward pass alone
};
/// What the forward pass keeps: queries [T, H·(nope + rope)] and rope keys [T, rope] after rotation, logsumexp of
/// scaled scores [T, H], and its result [T, H·v].
template <class T>
struct MlaKept {
  T *query, *rope_key, *logsumexp, *out;
};
template <class T>
struct MlaGradients {
  T *q, *kv, *k_rope;
  T* head_rope;  // workspace [T, H, rope]: what each head adds to that of the rope keys
};

/// Key gradients of one head: those of the tree's first sequence, then those of the one at hand; one a thread.
template <class T>
T* mla_key_gradient_scratch(int64_t size) {
  thread_local std::vector<T> scratch;
  CausalScratch<T>::grow(scratch, size);
  return scratch.data();
}

template <class T>
class MlaTree {
 public:
  MlaTree(const MlaShape& shape, const MlaInputs<T>& in, const MlaKept<T>& kept, const SequenceTree& tree)
      : shape_(shape),
        in_(in),
        kept_(kept),
        tree_(tree),
        key_dim_(shape.nope_dim + shape.rope_dim),
        q_stride_(shape.num_heads * key_dim_),
        kv_stride_(shape.num_heads * (shape.nope_dim + shape.v_dim)),
        out_stride_(shape.num_heads * shape.v_dim) {}

  void forward() const {
    for (const PackedSequence& sequence : tree_) rotate_inputs(sequence);
    for_each_head(shape_.num_heads, num_scores(tree_), [this](int64_t head) {
      reserve();
      for (const PackedSequence& sequence : tree_) {
        load_keys(sequence, head);
        head_of(sequence, head).forward(values(in_.kv, sequence, head), out_rows(kept_.out, sequence, head));
      }
    });
  }

  void backward(const T* out_gradient, const MlaGradients<T>& gradients) const {
    for_each_head(shape_.num_heads, num_scores(tree_), [&](int64_t head) {
      reserve();
      T* key_gradient = mla_key_gradient_scratch<T>(num_positions(tree_) * key_dim_);
      for (const PackedSequence& sequence : tree_) {
        differentiate(sequence, head, out_gradient, key_gradient, gradients);
        // Those of the tree's first sequence are whole when all have added theirs.
        if (sequence.prefix_length > 0) store_key_gradient(sequence, head, key_gradient, gradients);
      }
      store_key_gradient(tree_.front(), head, key_gradient, gradients);
    });
    for (const PackedSequence& sequence : tree_) {
      add_head_ropes(sequence, gradients);
      turn_back(sequence, gradients);
    }
  }

 private:
  // The thread's own, which a head's work fills anew.
  static CausalScratch<T>& causal() { return causal_thread_scratch<T>(); }
  void reserve() const { causal().reserve(num_positions(tree_), key_dim_, shape_.v_dim); }

  // Where a head's part of a packed tensor starts in the sequence's own rows.
  template <class Element>
  HeadRows<Element> query_rows(Element* packed, const PackedSequence& sequence, int64_t head) const {
    return {packed + sequence.first * q_stride_ + head * key_dim_, q_stride_};
  }
  template <class Element>
  HeadRows<Element> out_rows(Element* packed, const PackedSequence& sequence, int64_t head) const {
    return {packed + sequence.first * out_stride_ + head * shape_.v_dim, out_stride_};
  }
  template <class Element>
  HeadRows<Element> key_rows(Element* packed, int64_t first, int64_t head) const {
    return {packed + first * kv_stride_ + head * (shape_.nope_dim + shape_.v_dim), kv_stride_};
  }
  template <class Element>
  HeadRows<Element> value_rows(Element* packed, int64_t first, int64_t head) const {
    return {key_rows(packed, first, head).first + shape_.nope_dim, kv_stride_};
  }
  template <class Element>
  SeenRows<Element> values(Element* packed, const PackedSequence& sequence, int64_t head) const {
    return {value_rows(packed, sequence.prefix_first, head), value_rows(packed, sequence.first, head)};
  }

  CausalHead<T> head_of(const PackedSequence& sequence, int64_t head) const {
    return {size_of(sequence),
            query_rows<const T>(kept_.query, sequence, head),
            {kept_.logsumexp + sequence.first * shape_.num_heads + head, shape_.num_heads},
            causal()};
  }
  HeadSize size_of(const PackedSequence& sequence) const {
    return {sequence.prefix_length, sequence.length, key_dim_, shape_.v_dim, shape_.scale};
  }

  void rotate(T* row, int64_t position, int sign) const {
    const int64_t half = shape_.rope_dim / 2;
    rope_row(row, in_.cosine + position * half, in_.sine + position * half, shape_.rope_dim, sign);
  }

  void rotate_inputs(const PackedSequence& sequence) const {
    T* query = kept_.query + sequence.first * q_stride_;
    T* key = kept_.rope_key + sequence.first * shape_.rope_dim;
    std::copy_n(in_.q + sequence.first * q_stride_, sequence.length * q_stride_, query);
    std::copy_n(in_.k_rope + sequence.first * shape_.rope_dim, sequence.length * shape_.rope_dim, key);
    for (int64_t t = 0; t < sequence.length; ++t, key += shape_.rope_dim) {
      const int64_t position = sequence.prefix_length + t;
      rotate(key, position, 1);
      for (int64_t head = 0; head < shape_.num_heads; ++head, query += key_dim_) {
        rotate(query + shape_.nope_dim, position, 1);
      }
    }
  }

  /// Own keys, behind those of the prefix, which the tree's first sequence has left there; likewise own values.
  void load_keys(const PackedSequence& sequence, int64_t head) const {
    const HeadRows<const T> nope = key_rows(in_.kv, sequence.first, head);
    const T* rope = kept_.rope_key + sequence.first * shape_.rope_dim;
    CausalScratch<T>& scratch = causal();
    T* key = scratch.key.data() + sequence.prefix_length * key_dim_;
    for (int64_t t = 0; t < sequence.length; ++t, key += key_dim_, rope += shape_.rope_dim) {
      std::copy_n(nope.at(t), shape_.nope_dim, key);
      std::copy_n(rope, shape_.rope_dim, key + shape_.nope_dim);
    }
    scratch.clear_rest(scratch.key, sequence.prefix_length + sequence.length, key_dim_);
  }
  void load_values(const PackedSequence& sequence, int64_t head) const {
    CausalScratch<T>& scratch = causal();
    copy_dense(value_rows(in_.kv, sequence.first, head), sequence.length, shape_.v_dim,
               scratch.value.data() + sequence.prefix_length * shape_.v_dim);
    scratch.clear_rest(scratch.value, sequence.prefix_length + sequence.length, shape_.v_dim);
  }

  void differentiate(const PackedSequence& sequence, int64_t head, const T* out_gradient, T* key_gradient,
                     const MlaGradients<T>& gradients) const {
    load_keys(sequence, head);
    load_values(sequence, head);
    head_of(sequence, head)
        .backward({.result = out_rows<const T>(kept_.out, sequence, head),
                   .out = out_rows(out_gradient, sequence, head),
                   .query = query_rows(gradients.q, sequence, head),
                   .key = {{key_gradient, key_dim_}, {key_gradient + sequence.prefix_length * key_dim_, key_dim_}},
                   .value = values(gradients.kv, sequence, head),
                   .adds = false});
  }

  void store_key_gradient(const PackedSequence& sequence, int64_t head, const T* key_gradient,
                          const MlaGradients<T>& gradients) const {
    const HeadRows<T> nope = key_rows(gradients.kv, sequence.first, head);
    const HeadRows<T> rope = head_rope_rows(gradients, sequence, head);
    const T* gradient = key_gradient + sequence.prefix_length * key_dim_;
    for (int64_t t = 0; t < sequence.length; ++t, gradient += key_dim_) {
      std::copy_n(gradient, shape_.nope_dim, nope.at(t));
      std::copy_n(gradient + shape_.nope_dim, shape_.rope_dim, rope.at(t));
    }
  }

  HeadRows<T> head_rope_rows(const MlaGradients<T>& gradients, const PackedSequence& sequence, int64_t head) const {
    const int64_t stride = shape_.num_heads * shape_.rope_dim;
    return {gradients.head_rope + sequence.first * stride + head * shape_.rope_dim, stride};
  }

  /// One after the other, in the order of the heads, whatever threads they came from.
  void add_head_ropes(const PackedSequence& sequence, const MlaGradients<T>& gradients) const {
    T* sum = gradients.k_rope + sequence.first * shape_.rope_dim;
    std::fill_n(sum, sequence.length * shape_.rope_dim, T{0});
    const T* head_rope = head_rope_rows(gradients, sequence, 0).first;
    for (int64_t t = 0; t < sequence.length; ++t, sum += shape_.rope_dim) {
      for (int64_t head = 0; head < shape_.num_heads; ++head, head_rope += shape_.rope_dim) {
        for (int64_t i = 0; i < shape_.rope_dim; ++i) sum[i] += head_rope[i];
      }
    }
  }

  /// Turning back is linear: for rope keys it is done once, on the sum over heads.
  void turn_back(const PackedSequence& sequence, const MlaGradients<T>& gradients) const {
    T* query = gradients.q + sequence.first * q_stride_;
    T* key = gradients.k_rope + sequence.first * shape_.rope_dim;
    for (int64_t t = 0; t < sequence.length; ++t, key += shape_.rope_dim) {
      const int64_t position = sequence.prefix_length + t;
      rotate(key, position, -1);
      for (int64_t head = 0; head < shape_.num_heads; ++head, query += key_dim_) {
        rotate(query + shape_.nope_dim, position, -1);
      }
    }
  }

  const MlaShape& shape_;
  const MlaInputs<T>& in_;
  const MlaKept<T>& kept_;
  const SequenceTree& tree_;
  int64_t key_dim_, q_stride_, kv_stride_, out_stride_;
};

}  // namespace aha::ops
