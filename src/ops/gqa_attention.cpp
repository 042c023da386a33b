// Grouped-query attention over packed sequences on the CPU: checks and autograd around ops/gqa_tree.h.
#include "aha/ops/gqa_attention.h"

#include <ATen/Dispatch.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <torch/csrc/autograd/custom_function.h>

#include "aha/core/error.h"
#include "aha/ops/tensor_check.h"
#include "ops/gqa_tree.h"
#include "ops/packed_sequences.h"

namespace aha::ops {
namespace {

using at::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

struct Geometry {
  GqaShape shape;
  std::vector<int64_t> offsets, prefix;
};

void save_geometry(AutogradContext& context, const Geometry& geometry) {
  const GqaShape& shape = geometry.shape;
  context.saved_data["shape"] =
      std::vector<int64_t>{shape.num_heads, shape.num_kv_heads, shape.head_dim, shape.interleave ? 1 : 0};
  context.saved_data["scale"] = shape.scale;
  context.saved_data["offsets"] = geometry.offsets;
  context.saved_data["prefix"] = geometry.prefix;
}

Geometry saved_geometry(AutogradContext& context) {
  const std::vector<int64_t> sizes = context.saved_data["shape"].toIntVector();
  return {{sizes[0], sizes[1], sizes[2], context.saved_data["scale"].toDouble(), sizes[3] == 1},
          context.saved_data["offsets"].toIntVector(),
          context.saved_data["prefix"].toIntVector()};
}

template <class T>
const T* data(const Tensor& tensor) {
  return tensor.const_data_ptr<T>();
}

class GqaAttention : public torch::autograd::Function<GqaAttention> {
 public:
  static Tensor forward(AutogradContext* context, const Tensor& q_in, const Tensor& k_in, const Tensor& v_in,
                        const Tensor& cosine_in, const Tensor& sine_in, const Geometry& geometry) {
    const Tensor q = q_in.contiguous(), k = k_in.contiguous(), v = v_in.contiguous();
    const Tensor cosine = cosine_in.contiguous(), sine = sine_in.contiguous();
    Tensor query = at::empty_like(q), key = at::empty_like(k), out = at::empty_like(q);
    Tensor logsumexp = at::empty({q.size(0), geometry.shape.num_heads}, q.options());
    AT_DISPATCH_FLOATING_TYPES(q.scalar_type(), "gqa_attention", [&] {
      using T = scalar_t;
      const GqaInputs<T> in{data<T>(q), data<T>(k), data<T>(v), data<T>(cosine), data<T>(sine)};
      const GqaKept<T> kept{query.data_ptr<T>(), key.data_ptr<T>(), logsumexp.data_ptr<T>(), out.data_ptr<T>()};
      for (const SequenceTree& tree : sequence_trees(geometry.offsets, geometry.prefix)) {
        GqaTree<T>(geometry.shape, in, kept, tree).forward();
      }
    });
    context->save_for_backward({query, key, v, cosine, sine, logsumexp, out});
    save_geometry(*context, geometry);
    return out;
  }

  static variable_list backward(AutogradContext* context, variable_list upstream) {
    const variable_list saved = context->get_saved_variables();
    const Tensor &query = saved[0], &key = saved[1], &v = saved[2], &logsumexp = saved[5], &out = saved[6];
    const Geometry geometry = saved_geometry(*context);
    const Tensor out_gradient = upstream[0].contiguous();
    Tensor q_slope = at::empty_like(query), k_slope = at::empty_like(key), v_slope = at::empty_like(v);
    AT_DISPATCH_FLOATING_TYPES(out_gradient.scalar_type(), "gqa_attention", [&] {
      using T = scalar_t;
      const GqaInputs<T> in{nullptr, nullptr, data<T>(v), data<T>(saved[3]), data<T>(saved[4])};
      const GqaKept<T> kept{query.data_ptr<T>(), key.data_ptr<T>(), logsumexp.data_ptr<T>(), out.data_ptr<T>()};
      const GqaGradients<T> gradients{q_slope.data_ptr<T>(), k_slope.data_ptr<T>(), v_slope.data_ptr<T>()};
      for (const SequenceTree& tree : sequence_trees(geometry.offsets, geometry.prefix)) {
        GqaTree<T>(geometry.shape, in, kept, tree).backward(data<T>(out_gradient), gradients);
      }
    });
    return {q_slope, k_slope, v_slope, Tensor(), Tensor(), Tensor()};
  }
};

void check_shape(const GqaShape& shape) {
  const auto refuse = [](const std::string& what) { throw ShapeError("[gqa_attention] shape: " + what); };
  if (shape.num_kv_heads < 1 || shape.num_heads < 1 || shape.num_heads % shape.num_kv_heads != 0) {
    refuse(std::to_string(shape.num_kv_heads) + " key heads cannot be shared evenly by " +
           std::to_string(shape.num_heads) + " query heads");
  }
  if (shape.head_dim < 2 || shape.head_dim % 2 != 0) {
    refuse("head_dim is " + std::to_string(shape.head_dim) + ", but RoPE turns pairs: it must be even");
  }
}

}  // namespace

Tensor gqa_attention(const Tensor& q_TX, const Tensor& k_TY, const Tensor& v_TY, const Tensor& cosine_PR,
                     const Tensor& sine_PR, const std::vector<int64_t>& offsets, const GqaShape& shape,
                     const std::vector<int64_t>& prefix) {
  check_shape(shape);
  TensorCheck check("gqa_attention");
  check.size('X', shape.num_heads * shape.head_dim).size('Y', shape.num_kv_heads * shape.head_dim);
  check.size('R', shape.head_dim / 2);
  check.shape("q", q_TX, "TX").shape("k", k_TY, "TY").shape("v", v_TY, "TY");
  check.shape("cosine", cosine_PR, "PR").shape("sine", sine_PR, "PR");
  check_sequences("gqa_attention", offsets, prefix, q_TX.size(0), cosine_PR.size(0));
  return GqaAttention::apply(q_TX, k_TY, v_TY, cosine_PR, sine_PR, Geometry{shape, offsets, prefix});
}

}  // namespace aha::ops
