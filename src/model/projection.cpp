// Products with a model's weights.
#include "model/projection.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/cat.h>

#include "aha/ops/embedding.h"
#include "aha/ops/linear.h"
#include "aha/ops/swiglu_mlp.h"

namespace aha::model {
namespace {

using at::Tensor;

Tensor adapted(const Tensor& y, const Tensor& x_TK, const Adapter& adapter, ops::NumberType products) {
  if (!adapter.a.defined()) return y;
  const Tensor inner = ops::linear(x_TK, wide(adapter.a), {}, products);
  return y + adapter.scale * ops::linear(inner, wide(adapter.b), {}, products);
}

}  // namespace

at::ScalarType compute_dtype(at::ScalarType weights) { return weights == at::kBFloat16 ? at::kFloat : weights; }

Tensor wide(const Tensor& weight) {
  if (!weight.defined() || weight.scalar_type() != at::kBFloat16) return weight;
  return weight.to(at::kFloat);
}

Tensor project(const Tensor& x_TK, const Projection& projection, ops::NumberType products) {
  const Tensor y = ops::linear(x_TK, wide(projection.weight), wide(projection.bias), products);
  return adapted(y, x_TK, projection.adapter, products);
}

Tensor run_mlp(const Tensor& x_TD, const MlpWeights& weights, ops::NumberType products) {
  if (!weights.has_adapters()) return ops::swiglu_mlp(x_TD, wide(weights.gate_up), wide(weights.down.weight), products);
  Tensor hidden_TF = ops::linear(x_TD, wide(weights.gate_up), {}, products);
  if (weights.gate.a.defined() || weights.up.a.defined()) {
    const std::vector<Tensor> halves = hidden_TF.chunk(2, 1);
    hidden_TF =
        at::cat({adapted(halves[0], x_TD, weights.gate, products), adapted(halves[1], x_TD, weights.up, products)}, 1);
  }
  return project(ops::swiglu(hidden_TF), weights.down, products);
}

Tensor embed(const Tensor& weight_VD, const Tensor& token_T) {
  // Of a table in bfloat16 only the rows in use are widened.
  if (weight_VD.scalar_type() == at::kBFloat16) return wide(weight_VD.index_select(0, token_T));
  return ops::embedding(weight_VD, token_T);
}

}  // namespace aha::model
