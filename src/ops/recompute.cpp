// An autograd node that runs its piece of the network when it needs that piece's graph.
#include "aha/ops/recompute.h"

#include <ATen/core/grad_mode.h>
#include <ATen/core/ivalue.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/custom_function.h>

namespace aha::ops {
namespace {

using at::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

thread_local int segments_at_work = 0;

struct SegmentAtWork {
  SegmentAtWork() { ++segments_at_work; }
  ~SegmentAtWork() { --segments_at_work; }
  SegmentAtWork(const SegmentAtWork&) = delete;
};

struct KeptSegment : torch::CustomClassHolder {
  explicit KeptSegment(Segment segment) : run(std::move(segment)) {}
  const Segment run;
};

class Recompute : public torch::autograd::Function<Recompute> {
 public:
  static variable_list forward(AutogradContext* context, const Tensor& x, at::TensorList parameters,
                               const Segment& segment) {
    variable_list results = segment(x), kept = {x}, integers;
    kept.insert(kept.end(), parameters.begin(), parameters.end());
    for (const Tensor& result : results) {
      if (!result.is_floating_point()) integers.push_back(result);
    }
    context->mark_non_differentiable(integers);
    context->set_materialize_grads(false);
    context->save_for_backward(std::move(kept));
    context->saved_data["segment"] = c10::IValue::make_capsule(c10::make_intrusive<KeptSegment>(segment));
    return results;
  }

  static variable_list backward(AutogradContext* context, variable_list upstream) {
    const variable_list kept = context->get_saved_variables();
    variable_list gradients(kept.size() + 1), inputs;
    const Tensor x = kept[0].detach();
    for (size_t i = 0; i < kept.size(); ++i) {
      if (context->needs_input_grad(i)) inputs.push_back(i == 0 ? x.requires_grad_() : kept[i]);
    }
    const variable_list found = differentiate(*context, x, inputs, upstream);
    for (size_t i = 0, next = 0; i < kept.size() && next < found.size(); ++i) {
      if (context->needs_input_grad(i)) gradients[i] = found[next++];
    }
    return gradients;
  }

 private:
  static variable_list differentiate(AutogradContext& context, const Tensor& x, const variable_list& inputs,
                                     const variable_list& upstream) {
    const at::AutoGradMode with_gradients(true);
    const auto segment = c10::static_intrusive_pointer_cast<KeptSegment>(context.saved_data["segment"].toCapsule());
    const variable_list results = segment->run(x);
    variable_list roots, slopes;
    for (size_t i = 0; i < results.size(); ++i) {
      if (!upstream[i].defined()) continue;
      roots.push_back(results[i]);
      slopes.push_back(upstream[i]);
    }
    if (roots.empty() || inputs.empty()) return {};
    const SegmentAtWork at_work;
    return torch::autograd::grad(roots, inputs, slopes, /*retain_graph=*/false, /*create_graph=*/false,
                                 /*allow_unused=*/true);
  }
};

}  // namespace

std::vector<Tensor> recompute(const Segment& segment, const Tensor& x, const std::vector<Tensor>& parameters) {
  return Recompute::apply(x, at::TensorList(parameters), segment);
}

bool is_inside_recomputed_segment() { return segments_at_work > 0; }

}  // namespace aha::ops
