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

constexpr int64_t kQueryRows = 32;  // of a block; bounds the workspace and skips most of what is masked

struct Geometry {
  MlaShape shape;
  std::vector<int64_t> offsets;
};

template <class T>
struct Inputs {
  const T *q, *kv, *k_rope, *cosine, *sine;
};
template <class T>
struct Gradients {
  T *q, *kv, *k_rope;
};

/// Grows, never shrinks; one a thread, so that nothing is allocated per head.
template <class T>
struct Scratch {
  std::vector<T> query, key, rope_key;             // of one head and sequence, rotated
  std::vector<T> probability, slope;               // [kQueryRows, prefix]
  std::vector<T> key_gradient, rope_key_gradient;  // like key and rope_key

  void reserve(int64_t length, const MlaShape& shape) {
    const int64_t width = shape.nope_dim + shape.rope_dim;
    grow(query, length * width);
    grow(key, length * width);
    grow(key_gradient, length * width);
    grow(rope_key, length * shape.rope_dim);
    grow(rope_key_gradient, length * shape.rope_dim);
    grow(probability, kQueryRows * length);
    grow(slope, kQueryRows * length);
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
  Sequence(const MlaShape& shape, const Inputs<T>& in, int64_t first, int64_t length)
      : shape_(shape),
        in_(in),
        first_(first),
        length_(length),
        width_(shape.nope_dim + shape.rope_dim),
        q_stride_(shape.num_heads * width_),
        kv_stride_(shape.num_heads * (shape.nope_dim + shape.v_dim)),
        out_stride_(shape.num_heads * shape.v_dim),
        scratch_(thread_scratch<T>()) {
    scratch_.reserve(length, shape);
    rotate_rope_key();
  }

  void forward(T* out) {
    for (int64_t head = 0; head < shape_.num_heads; ++head) {
      load_head(head);
      for (int64_t begin = 0; begin < length_; begin += kQueryRows) {
        attend({head, begin, std::min(length_, begin + kQueryRows)}, out);
      }
    }
  }

  void backward(const T* out_gradient, const Gradients<T>& gradients) {
    std::fill_n(scratch_.rope_key_gradient.data(), length_ * shape_.rope_dim, T{0});
    const int64_t last = (length_ - 1) / kQueryRows * kQueryRows;
    for (int64_t head = 0; head < shape_.num_heads; ++head) {
      load_head(head);
      // The last block sees every key: it overwrites the gradients of keys and values, the others add.
      for (int64_t begin = last; begin >= 0; begin -= kQueryRows) {
        differentiate({head, begin, std::min(length_, begin + kQueryRows)}, out_gradient, gradients);
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
  };

  const T* value(int64_t head) const {
    return in_.kv + first_ * kv_stride_ + head * (shape_.nope_dim + shape_.v_dim) + shape_.nope_dim;
  }
  void rotate(T* row, int64_t position, int sign) const {
    const int64_t half = shape_.rope_dim / 2;
    rope_row(row, in_.cosine + position * half, in_.sine + position * half, shape_.rope_dim, sign);
  }

  void rotate_rope_key() {
    std::copy_n(in_.k_rope + first_ * shape_.rope_dim, length_ * shape_.rope_dim, scratch_.rope_key.data());
    for (int64_t t = 0; t < length_; ++t) rotate(scratch_.rope_key.data() + t * shape_.rope_dim, t, 1);
  }

  void load_head(int64_t head) {
    const T* q = in_.q + first_ * q_stride_ + head * width_;
    const T* k = value(head) - shape_.nope_dim;
    for (int64_t t = 0; t < length_; ++t) {
      T* query = scratch_.query.data() + t * width_;
      T* key = scratch_.key.data() + t * width_;
      std::copy_n(q + t * q_stride_, width_, query);
      rotate(query + shape_.nope_dim, t, 1);
      std::copy_n(k + t * kv_stride_, shape_.nope_dim, key);
      std::copy_n(scratch_.rope_key.data() + t * shape_.rope_dim, shape_.rope_dim, key + shape_.nope_dim);
    }
  }

  /// probability [rows, end], zero where masked.
  void fill_probability(const Block& block) {
    T* probability = scratch_.probability.data();
    gemm(GemmArgs<T>{.a = scratch_.query.data() + block.begin * width_,
                     .b = scratch_.key.data(),
                     .c = probability,
                     .m = block.rows(),
                     .n = block.end,
                     .k = width_,
                     .lda = width_,
                     .ldb = width_,
                     .ldc = block.end,
                     .transpose_b = true});
    for (int64_t row = 0; row < block.rows(); ++row) {
      T* line = probability + row * block.end;
      const int64_t visible = block.begin + row + 1;
      softmax_row(line, static_cast<T>(shape_.scale), visible);
      std::fill(line + visible, line + block.end, T{0});
    }
  }

  void attend(const Block& block, T* out) {
    fill_probability(block);
    gemm(GemmArgs<T>{.a = scratch_.probability.data(),
                     .b = value(block.head),
                     .c = out + (first_ + block.begin) * out_stride_ + block.head * shape_.v_dim,
                     .m = block.rows(),
                     .n = shape_.v_dim,
                     .k = block.end,
                     .lda = block.end,
                     .ldb = kv_stride_,
                     .ldc = out_stride_});
  }

  /// slope [rows, end]: the gradient of the unscaled scores, from that of the probabilities.
  void fill_slope(const Block& block, const T* out_gradient) {
    T* slope = scratch_.slope.data();
    gemm(GemmArgs<T>{.a = out_gradient,
                     .b = value(block.head),
                     .c = slope,
                     .m = block.rows(),
                     .n = block.end,
                     .k = shape_.v_dim,
                     .lda = out_stride_,
                     .ldb = kv_stride_,
                     .ldc = block.end,
                     .transpose_b = true});
    for (int64_t row = 0; row < block.rows(); ++row) {
      const T* probability = scratch_.probability.data() + row * block.end;
      T* line = slope + row * block.end;
      const T mean = dot(probability, line, block.begin + row + 1);
      for (int64_t j = 0; j < block.end; ++j) {
        line[j] = probability[j] * (line[j] - mean) * static_cast<T>(shape_.scale);
      }
    }
  }

  void differentiate(const Block& block, const T* out_gradient, const Gradients<T>& gradients) {
    const T* upstream = out_gradient + (first_ + block.begin) * out_stride_ + block.head * shape_.v_dim;
    fill_probability(block);
    fill_slope(block, upstream);
    add_value_gradient(block, upstream, gradients);
    add_key_gradient(block);
    store_query_gradient(block, gradients);
  }

  void add_value_gradient(const Block& block, const T* upstream, const Gradients<T>& gradients) {
    gemm(GemmArgs<T>{.a = scratch_.probability.data(),
                     .b = upstream,
                     .c = gradients.kv + (value(block.head) - in_.kv),
                     .m = block.end,
                     .n = shape_.v_dim,
                     .k = block.rows(),
                     .lda = block.end,
                     .ldb = out_stride_,
                     .ldc = kv_stride_,
                     .transpose_a = true,
                     .accumulate = block.end < length_});
  }

  void add_key_gradient(const Block& block) {
    gemm(GemmArgs<T>{.a = scratch_.slope.data(),
                     .b = scratch_.query.data() + block.begin * width_,
                     .c = scratch_.key_gradient.data(),
                     .m = block.end,
                     .n = width_,
                     .k = block.rows(),
                     .lda = block.end,
                     .ldb = width_,
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
                     .lda = block.end,
                     .ldb = width_,
                     .ldc = q_stride_});
    for (int64_t row = 0; row < block.rows(); ++row) {
      rotate(gradient + row * q_stride_ + shape_.nope_dim, block.begin + row, -1);
    }
  }

  void store_key_gradient(int64_t head, const Gradients<T>& gradients) {
    T* nope = gradients.kv + (value(head) - in_.kv) - shape_.nope_dim;
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
  int64_t first_, length_, width_, q_stride_, kv_stride_, out_stride_;
  Scratch<T>& scratch_;
};

template <class T, class Work>
void for_each_sequence(const Geometry& geometry, const Inputs<T>& in, Work work) {
  for (size_t i = 0; i + 1 < geometry.offsets.size(); ++i) {
    const int64_t first = geometry.offsets[i], length = geometry.offsets[i + 1] - first;
    if (length == 0) continue;
    Sequence<T> sequence(geometry.shape, in, first, length);
    work(sequence);
  }
}

template <class T>
Inputs<T> raw_inputs(const variable_list& tensors) {
  return {tensors[0].const_data_ptr<T>(), tensors[1].const_data_ptr<T>(), tensors[2].const_data_ptr<T>(),
          tensors[3].const_data_ptr<T>(), tensors[4].const_data_ptr<T>()};
}

class MlaAttention : public torch::autograd::Function<MlaAttention> {
 public:
  static Tensor forward(AutogradContext* context, const Tensor& q, const Tensor& kv, const Tensor& k_rope,
                        const Tensor& cosine, const Tensor& sine, const Geometry& geometry) {
    const variable_list saved{q.contiguous(), kv.contiguous(), k_rope.contiguous(), cosine.contiguous(),
                              sine.contiguous()};
    Tensor out = torch::empty({q.size(0), geometry.shape.num_heads * geometry.shape.v_dim}, q.options());
    AT_DISPATCH_FLOATING_TYPES(q.scalar_type(), "mla_attention", [&] {
      const auto in = raw_inputs<scalar_t>(saved);
      for_each_sequence(geometry, in, [&](auto& sequence) { sequence.forward(out.data_ptr<scalar_t>()); });
    });
    context->save_for_backward(saved);
    const MlaShape& shape = geometry.shape;
    context->saved_data["shape"] = std::vector<int64_t>{shape.num_heads, shape.nope_dim, shape.rope_dim, shape.v_dim};
    context->saved_data["scale"] = shape.scale;
    context->saved_data["offsets"] = geometry.offsets;
    return out;
  }

  static variable_list backward(AutogradContext* context, variable_list upstream) {
    const variable_list saved = context->get_saved_variables();
    const std::vector<int64_t> sizes = context->saved_data["shape"].toIntVector();
    const Geometry geometry{{sizes[0], sizes[1], sizes[2], sizes[3], context->saved_data["scale"].toDouble()},
                            context->saved_data["offsets"].toIntVector()};
    const Tensor out_gradient = upstream[0].contiguous();
    variable_list result(6);
    for (int i = 0; i < 3; ++i) result[i] = torch::empty_like(saved[i]);
    AT_DISPATCH_FLOATING_TYPES(out_gradient.scalar_type(), "mla_attention", [&] {
      const auto in = raw_inputs<scalar_t>(saved);
      const Gradients<scalar_t> gradients{result[0].data_ptr<scalar_t>(), result[1].data_ptr<scalar_t>(),
                                          result[2].data_ptr<scalar_t>()};
      for_each_sequence(geometry, in,
                        [&](auto& sequence) { sequence.backward(out_gradient.const_data_ptr<scalar_t>(), gradients); });
    });
    return result;
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
