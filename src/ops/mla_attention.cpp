// Causal attention over packed sequences, a block of queries against its prefix at a time, on the CPU.
#include "aha/ops/mla_attention.h"

#include <algorithm>

#include "aha/core/error.h"
#include "aha/ops/cpu_gemm.h"
#include "aha/ops/cpu_math.h"
#include "aha/ops/tensor_check.h"

namespace aha::ops {
namespace {

using torch::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

// Rows of a block: bounds the workspace and skips most of what is masked. Blocks are squares of this size along the
// keys too, the last one filled with zero keys, because whole panels are quicker to lay out and multiply.
constexpr int64_t kBlock = 32;

struct Geometry {
  MlaShape shape;
  std::vector<int64_t> offsets;
};

template <class T>
struct Inputs {
  const T *q, *kv, *k_rope, *cosine, *sine;
};
/// What the forward pass keeps: queries after rotation [T, H·(nope + rope)], logsumexp of scaled scores [T, H].
template <class T>
struct Kept {
  T *query, *logsumexp;
};
template <class T>
struct Gradients {
  T *q, *kv, *k_rope;
};

/// Grows, never shrinks; one a thread, so that nothing is allocated per head.
template <class T>
struct Scratch {
  std::vector<T> key, value;                       // of one head and sequence; rows in whole blocks, the rest zero
  std::vector<T> probability, slope;               // [kBlock, whole blocks of keys]
  std::vector<T> rope_key;                         // of one sequence, rotated
  std::vector<T> key_gradient, rope_key_gradient;  // like key and rope_key

  void reserve(int64_t length, const MlaShape& shape) {
    const int64_t rows = (length + kBlock - 1) / kBlock * kBlock, width = shape.nope_dim + shape.rope_dim;
    grow(key, rows * width);
    grow(value, rows * shape.v_dim);
    grow(key_gradient, rows * width);
    grow(rope_key, rows * shape.rope_dim);
    grow(rope_key_gradient, rows * shape.rope_dim);
    grow(probability, kBlock * rows);
    grow(slope, kBlock * rows);
    std::fill_n(key.data() + length * width, (rows - length) * width, T{0});
    std::fill_n(value.data() + length * shape.v_dim, (rows - length) * shape.v_dim, T{0});
  }

 private:
  static void grow(std::vector<T>& values, int64_t size) {
    if (static_cast<int64_t>(values.size()) < size) values.resize(static_cast<size_t>(size));
  }
};

template <class T>
Scratch<T>& thread_scratch() {
  thread_local Scratch<T> scratch;
  return scratch;
}

/// All heads of one sequence, whose first token is row `first` of the packed tensors.
template <class T>
class Sequence {
 public:
  Sequence(const MlaShape& shape, const Inputs<T>& in, const Kept<T>& kept, int64_t first, int64_t length)
      : shape_(shape),
        in_(in),
        kept_(kept),
        first_(first),
        length_(length),
        width_(shape.nope_dim + shape.rope_dim),
        q_stride_(shape.num_heads * width_),
        kv_stride_(shape.num_heads * (shape.nope_dim + shape.v_dim)),
        out_stride_(shape.num_heads * shape.v_dim),
        scratch_(thread_scratch<T>()) {
    scratch_.reserve(length, shape);
    std::copy_n(in_.k_rope + first_ * shape_.rope_dim, length_ * shape_.rope_dim, scratch_.rope_key.data());
    for (int64_t t = 0; t < length_; ++t) rotate(scratch_.rope_key.data() + t * shape_.rope_dim, t, 1);
  }

  void forward(T* out) {
    rotate_queries();
    for (int64_t head = 0; head < shape_.num_heads; ++head) {
      load_keys(head);
      for (int64_t begin = 0; begin < length_; begin += kBlock) attend(block_at(head, begin), out);
    }
  }

  void backward(const T* out_gradient, const Gradients<T>& gradients) {
    std::fill_n(scratch_.rope_key_gradient.data(), length_ * shape_.rope_dim, T{0});
    for (int64_t head = 0; head < shape_.num_heads; ++head) {
      load_keys(head);
      load_values(head);
      // The last block sees every key: it overwrites the gradients of keys and values, the others add.
      for (int64_t begin = (length_ - 1) / kBlock * kBlock; begin >= 0; begin -= kBlock) {
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
    int64_t columns() const { return begin + kBlock; }  // end, filled up to a whole block
  };
  Block block_at(int64_t head, int64_t begin) const { return {head, begin, std::min(length_, begin + kBlock)}; }

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

  void differentiate(const Block& block, const T* out_gradient, const Gradients<T>& gradients) {
    const T* upstream = out_gradient + (first_ + block.begin) * out_stride_ + block.head * shape_.v_dim;
    fill_probability(block, [&](int64_t row, T* line, int64_t visible) {
      scaled_exp_row(line, static_cast<T>(shape_.scale), logsumexp(block, row), T{1}, visible);
    });
    fill_slope(block, upstream);
    add_value_gradient(block, upstream, gradients);
    add_key_gradient(block);
    store_query_gradient(block, gradients);
  }

  void add_value_gradient(const Block& block, const T* upstream, const Gradients<T>& gradients) {
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

  void store_query_gradient(const Block& block, const Gradients<T>& gradients) {
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

  void store_key_gradient(int64_t head, const Gradients<T>& gradients) {
    T* nope = gradients.kv + value_offset(head) - shape_.nope_dim;
    for (int64_t t = 0; t < length_; ++t) {
      const T* gradient = scratch_.key_gradient.data() + t * width_;
      std::copy_n(gradient, shape_.nope_dim, nope + t * kv_stride_);
      T* rope = scratch_.rope_key_gradient.data() + t * shape_.rope_dim;
      for (int64_t i = 0; i < shape_.rope_dim; ++i) rope[i] += gradient[shape_.nope_dim + i];
    }
  }

  /// Turning back is linear, so it is done once, on the sum over heads.
  void store_rope_key_gradient(const Gradients<T>& gradients) {
    T* rope = scratch_.rope_key_gradient.data();
    for (int64_t t = 0; t < length_; ++t) rotate(rope + t * shape_.rope_dim, t, -1);
    std::copy_n(rope, length_ * shape_.rope_dim, gradients.k_rope + first_ * shape_.rope_dim);
  }

  const MlaShape& shape_;
  const Inputs<T>& in_;
  const Kept<T>& kept_;
  int64_t first_, length_, width_, q_stride_, kv_stride_, out_stride_;
  Scratch<T>& scratch_;
};

template <class T, class Work>
void for_each_sequence(const Geometry& geometry, const Inputs<T>& in, const Kept<T>& kept, Work work) {
  for (size_t i = 0; i + 1 < geometry.offsets.size(); ++i) {
    const int64_t first = geometry.offsets[i], length = geometry.offsets[i + 1] - first;
    if (length == 0) continue;
    Sequence<T> sequence(geometry.shape, in, kept, first, length);
    work(sequence);
  }
}

void save_geometry(AutogradContext& context, const Geometry& geometry) {
  const MlaShape& shape = geometry.shape;
  context.saved_data["shape"] = std::vector<int64_t>{shape.num_heads, shape.nope_dim, shape.rope_dim, shape.v_dim};
  context.saved_data["scale"] = shape.scale;
  context.saved_data["offsets"] = geometry.offsets;
}

Geometry saved_geometry(AutogradContext& context) {
  const std::vector<int64_t> sizes = context.saved_data["shape"].toIntVector();
  return {{sizes[0], sizes[1], sizes[2], sizes[3], context.saved_data["scale"].toDouble()},
          context.saved_data["offsets"].toIntVector()};
}

template <class T>
const T* data(const Tensor& tensor) {
  return tensor.const_data_ptr<T>();
}

class MlaAttention : public torch::autograd::Function<MlaAttention> {
 public:
  static Tensor forward(AutogradContext* context, const Tensor& q_in, const Tensor& kv_in, const Tensor& k_rope_in,
                        const Tensor& cosine_in, const Tensor& sine_in, const Geometry& geometry) {
    const Tensor q = q_in.contiguous(), kv = kv_in.contiguous(), k_rope = k_rope_in.contiguous();
    const Tensor cosine = cosine_in.contiguous(), sine = sine_in.contiguous();
    const MlaShape& shape = geometry.shape;
    Tensor query = torch::empty_like(q), logsumexp = torch::empty({q.size(0), shape.num_heads}, q.options());
    Tensor out = torch::empty({q.size(0), shape.num_heads * shape.v_dim}, q.options());
    AT_DISPATCH_FLOATING_TYPES(q.scalar_type(), "mla_attention", [&] {
      using T = scalar_t;
      const Inputs<T> in{data<T>(q), data<T>(kv), data<T>(k_rope), data<T>(cosine), data<T>(sine)};
      const Kept<T> kept{query.data_ptr<T>(), logsumexp.data_ptr<T>()};
      for_each_sequence(geometry, in, kept, [&](auto& sequence) { sequence.forward(out.data_ptr<T>()); });
    });
    context->save_for_backward({query, kv, k_rope, cosine, sine, logsumexp});
    save_geometry(*context, geometry);
    return out;
  }

  static variable_list backward(AutogradContext* context, variable_list upstream) {
    const variable_list saved = context->get_saved_variables();
    const Tensor &query = saved[0], &kv = saved[1], &k_rope = saved[2], &logsumexp = saved[5];
    const Geometry geometry = saved_geometry(*context);
    const Tensor out_gradient = upstream[0].contiguous();
    Tensor q_slope = torch::empty_like(query), kv_slope = torch::empty_like(kv);
    Tensor k_rope_slope = torch::empty_like(k_rope);
    AT_DISPATCH_FLOATING_TYPES(out_gradient.scalar_type(), "mla_attention", [&] {
      using T = scalar_t;
      const Inputs<T> in{nullptr, data<T>(kv), data<T>(k_rope), data<T>(saved[3]), data<T>(saved[4])};
      const Kept<T> kept{query.data_ptr<T>(), logsumexp.data_ptr<T>()};
      const Gradients<T> gradients{q_slope.data_ptr<T>(), kv_slope.data_ptr<T>(), k_rope_slope.data_ptr<T>()};
      for_each_sequence(geometry, in, kept,
                        [&](auto& sequence) { sequence.backward(data<T>(out_gradient), gradients); });
    });
    return {q_slope, kv_slope, k_rope_slope, Tensor(), Tensor(), Tensor()};
  }
};

void check_offsets(const std::vector<int64_t>& offsets, int64_t num_tokens, int64_t num_positions) {
  const auto refuse = [](const std::string& what) { throw ShapeError("[mla_attention] offsets: " + what); };
  if (offsets.empty() || offsets.front() != 0) refuse("must start with 0");
  if (offsets.back() != num_tokens) {
    refuse("end with " + std::to_string(offsets.back()) + ", but q has T = " + std::to_string(num_tokens));
  }
  for (size_t i = 1; i < offsets.size(); ++i) {
    const int64_t length = offsets[i] - offsets[i - 1];
    if (length < 0) refuse("must not fall, but do at " + std::to_string(i));
    if (length > num_positions) {
      refuse("sequence " + std::to_string(i - 1) + " has " + std::to_string(length) +
             " tokens, but cosine has P = " + std::to_string(num_positions));
    }
  }
}

}  // namespace

Tensor mla_attention(const Tensor& q_TX, const Tensor& kv_TX, const Tensor& k_rope_TR, const Tensor& cosine_PR,
                     const Tensor& sine_PR, const std::vector<int64_t>& offsets, const MlaShape& shape) {
  TensorCheck check("mla_attention");
  check.size('X', shape.num_heads * (shape.nope_dim + shape.rope_dim));
  check.size('Y', shape.num_heads * (shape.nope_dim + shape.v_dim));
  check.size('R', shape.rope_dim);
  check.size('C', shape.rope_dim / 2);
  check.shape("q", q_TX, "TX").shape("kv", kv_TX, "TY").shape("k_rope", k_rope_TR, "TR");
  check.shape("cosine", cosine_PR, "PC").shape("sine", sine_PR, "PC");
  check_offsets(offsets, q_TX.size(0), cosine_PR.size(0));
  return MlaAttention::apply(q_TX, kv_TX, k_rope_TR, cosine_PR, sine_PR, Geometry{shape, offsets});
}

}  // namespace aha::ops
