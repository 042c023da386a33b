// Adds adapters to the weights beside which they stand.
#include "model/merged_weights.h"

#include <ATen/core/grad_mode.h>

#include "aha/ops/linear.h"
#include "model/projection.h"

namespace aha::model {

using at::Tensor;

MergedWeights::MergedWeights(const Model& model) : model_(model) {
  if (!model.lora()) return;
  for (AdapterSpec& spec : adapter_layout(model.config(), *model.lora())) {
    adapters_[spec.weight].push_back(std::move(spec));
  }
}

Tensor MergedWeights::operator()(const std::string& name) const {
  const at::NoGradGuard no_grad;
  const Tensor weight = model_.parameter(name).detach();
  const auto found = adapters_.find(name);
  if (found == adapters_.end()) return weight;
  const double scale = model_.lora()->alpha / static_cast<double>(model_.lora()->r);
  Tensor sum = weight.to(compute_dtype(model_.dtype()), /*non_blocking=*/false, /*copy=*/true);
  for (const AdapterSpec& spec : found->second) {
    const Tensor a = wide(model_.parameter(spec.a())).detach(), b = wide(model_.parameter(spec.b())).detach();
    sum.narrow(0, spec.first_row, spec.out).add_(ops::linear(b, a.t()), scale);
  }
  return sum.to(weight.scalar_type());
}

}  // namespace aha::model
