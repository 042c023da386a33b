// Causal attention over packed sequences on the CPU: checks and autograd around ops/mla_tree.h.
#include "aha/ops/mla_attention.h"

#include <ATen/Dispatch.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <torch/csrc/autograd/custom_function.h>

#include "aha/ops/tensor_check.h"
#include "ops/mla_tree.h"
#include "ops/packed_sequences.h"

namespace aha::ops {
namespace {

using at::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

struct Geometry {
  MlaShape shape;
  std::vector<int64_t> offsets, prefix;
};

void save_geometry(AutogradContext& context, const Geometry& geometry) {
  const MlaShape& shape = geometry.shape;
  context.saved_data["shape"] = std::vector<int64_t>{shape.num_heads, shape.nope_dim, shape.rope_dim, shape.v_dim};
  context.saved_data["scale"] = shape.scale;
  context.saved_data["offsets"] = geometry.offsets;
  context.saved_data["prefix"] = geometry.prefix;
}

Geometry saved_geometry(AutogradContext& context) {
  const std::vector<int64_t> sizes = context.saved_data["shape"].toIntVector();
  return {{sizes[0], sizes[1], sizes[2], sizes[3], context.saved_data["scale"].toDouble()},
          context.saved_data["offsets"].toIntVector(),
          context.saved_data["prefix"].toIntVector()};
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
    Tensor query = at::empty_like(q), rope_key = at::empty_like(k_rope);
    Tensor logsumexp = at::empty({q.size(0), shape.num_heads}, q.options());
    Tensor out = at::empty({q.size(0), shape.num_heads * shape.v_dim}, q.options());
    AT_DISPATCH_FLOATING_TYPES(q.scalar_type(), "mla_attention", [&] {
      using T = scalar_t;
      const MlaInputs<T> in{data<T>(q), data<T>(kv), data<T>(k_rope), data<T>(cosine), data<T>(sine)};
      const MlaKept<T> kept{query.data_ptr<T>(), rope_key.data_ptr<T>(), logsumexp.data_ptr<T>(), out.data_ptr<T>()};
      for (const SequenceTree& tree : sequence_trees(geometry.offsets, geometry.prefix)) {
        MlaTree<T>(shape, in, kept, tree).forward();
      }
    });
    context->save_for_backward({query, kv, rope_key, cosine, sine, logsumexp, out});
    save_geometry(*context, geometry);
    return out;
  }

  static variable_list backward(AutogradContext* context, variable_list upstream) {
    const variable_list saved = context->get_saved_variables();
    const Tensor &query = saved[0], &kv = saved[1], &rope_key = saved[2], &logsumexp = saved[5], &out = saved[6];
    const Geometry geometry = saved_geometry(*context);
    const Tensor out_gradient = upstream[0].contiguous();
    Tensor q_slope = at::empty_like(query), kv_slope = at::empty_like(kv);
    Tensor k_rope_slope = at::empty_like(rope_key);
    const Tensor head_rope = at::empty({rope_key.size(0), geometry.shape.num_heads, rope_key.size(1)}, query.options());
    AT_DISPATCH_FLOATING_TYPES(out_gradient.scalar_type(), "mla_attention", [&] {
      using T = scalar_t;
      const MlaInputs<T> in{nullptr, data<T>(kv), nullptr, data<T>(saved[3]), data<T>(saved[4])};
      const MlaKept<T> kept{query.data_ptr<T>(), rope_key.data_ptr<T>(), logsumexp.data_ptr<T>(), out.data_ptr<T>()};
      const MlaGradients<T> gradients{q_slope.data_ptr<T>(), kv_slope.data_ptr<T>(), k_rope_slope.data_ptr<T>(),
                                      head_rope.data_ptr<T>()};
      for (const SequenceTree& tree : sequence_trees(geometry.offsets, geometry.prefix)) {
        MlaTree<T>(geometry.shape, in, kept, tree).backward(data<T>(out_gradient), gradients);
      }
    });
    return {q_slope, kv_slope, k_rope_slope, Tensor(), Tensor(), Tensor()};
  }
};

}  // namespace

Tensor mla_attention(const Tensor& q_TX, const Tensor& kv_TX, const Tensor& k_rope_TR, const Tensor& cosine_PR,
                     const Tensor& sine_PR, const std::vector<int64_t>& offsets, const MlaShape& shape,
                     const std::vector<int64_t>& prefix) {
  TensorCheck check("mla_attention");
  check.size('X', shape.num_heads * (shape.nope_dim + shape.rope_dim));
  check.size('Y', shape.num_heads * (shape.nope_dim + shape.v_dim));
  check.size('R', shape.rope_dim);
  check.size('C', shape.rope_dim / 2);
  check.shape("q", q_TX, "TX").shape("kv", kv_TX, "TY").shape("k_rope", k_rope_TR, "TR");
  check.shape("cosine", cosine_PR, "PC").shape("sine", sine_PR, "PC");
  check_sequences("mla_attention", offsets, prefix, q_TX.size(0), cosine_PR.size(0));
  return MlaAttention::apply(q_TX, kv_TX, k_rope_TR, cosine_PR, sine_PR, Geometry{shape, offsets, prefix});
}

}  // namespace aha::ops
