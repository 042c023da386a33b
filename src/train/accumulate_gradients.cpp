// Gradients of many micro-batches on several threads, summed in one fixed order.

#include <ATen/core/grad_mode.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/function_hook.h>
#include <torch/csrc/autograd/variable.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <functional>

#include "aha/ops/parallel.h"
#include "aha/ops/recompute.h"
#include "train/gradient_times.h"
#include "train/ordered_sum.h"
#include "train/spare_threads.h"

namespace aha::train {
namespace {

using Clock = std::chrono::steady_clock;

double seconds(Clock::duration duration) { return std::chrono::duration<double>(duration).count(); }

struct HandIn;
thread_local HandIn* hand_in = nullptr;  // of the backward pass on this thread

/// While it lives, gradients that this thread finds go into the sum.
struct HandIn {
  HandIn(OrderedSum& the_sum, int64_t the_batch, size_t num_parameters)
      : sum(the_sum), batch(the_batch), has(num_parameters) {
    hand_in = this;
  }
  ~HandIn() { hand_in = nullptr; }
  HandIn(const HandIn&) = delete;

  OrderedSum& sum;
  const int64_t batch;
  std::vector<bool> has;  // by parameter
};

/// Takes a parameter's gradient out of the backward pass as soon as it is found.
class TakeGradient : public torch::autograd::FunctionPreHook {
 public:
  explicit TakeGradient(size_t parameter) : parameter_(parameter) {}
  torch::autograd::variable_list operator()(const torch::autograd::variable_list& gradients) override {
    if (hand_in == nullptr || ops::is_inside_recomputed_segment()) return gradients;
    hand_in->has[parameter_] = true;
    hand_in->sum.add(hand_in->batch, parameter_, gradients[0]);
    return {at::Tensor()};
  }

 private:
  const size_t parameter_;
};

class GradientTakers {
 public:
  explicit GradientTakers(const std::vector<at::Tensor>& values) : values_(values) {
    for (size_t p = 0; p < values.size(); ++p) {
      if (!values[p].requires_grad()) continue;
      torch::autograd::impl::add_hook(values[p], std::make_unique<TakeGradient>(p));
    }
  }
  ~GradientTakers() {
    for (const at::Tensor& value : values_) {
      if (value.requires_grad()) torch::autograd::impl::clear_hooks(value);
    }
  }
  GradientTakers(const GradientTakers&) = delete;

 private:
  const std::vector<at::Tensor>& values_;
};

/// Wakes the other workers when its own leaves by an exception.
class FailureBell {
 public:
  explicit FailureBell(OrderedSum& sum) : sum_(sum) {}
  ~FailureBell() {
    if (!is_done_) sum_.fail();
  }
  void done() { is_done_ = true; }

 private:
  OrderedSum& sum_;
  bool is_done_ = false;
};

// The graph is freed with the loss, here: that is a part of what the gradient takes. Devices run backward passes on
// threads of their own: what those find comes back as a whole.
void differentiate(at::Tensor loss, const std::vector<at::Tensor>& values, int64_t batch, OrderedSum& sum) {
  const HandIn own(sum, batch, values.size());
  Gradients others = torch::autograd::grad({std::move(loss)}, values, /*grad_outputs=*/{}, /*retain_graph=*/false,
                                           /*create_graph=*/false, /*allow_unused=*/true);
  for (size_t p = 0; p < values.size(); ++p) {
    if (!own.has[p]) sum.add(batch, p, std::move(others[p]));
  }
  sum.end(batch);
}

}  // namespace

Gradients accumulate_gradients(const model::Model& model, int64_t num_batches, int num_threads,
                               const std::function<at::Tensor(int64_t batch)>& loss) {
  GradientTimes unread;
  return accumulate_gradients(model, num_batches, num_threads, loss, unread);
}

Gradients accumulate_gradients(const model::Model& model, int64_t num_batches, int num_threads,
                               const std::function<at::Tensor(int64_t batch)>& loss, GradientTimes& times) {
  std::vector<at::Tensor> values;
  for (const auto& parameter : model.parameters()) values.push_back(parameter.tensor);

  const int64_t workers = std::clamp<int64_t>(num_batches, 1, std::max(1, num_threads));
  OrderedSum sum(values, num_batches);
  const GradientTakers takers(values);
  std::atomic<int64_t> next = 0;
  std::vector<GradientTimes> times_of(static_cast<size_t>(workers));
  ops::run_workers(static_cast<int>(workers), [&](int worker) {
    const at::AutoGradMode with_gradients(true);
    const ops::OperationThreads helpers = spare_threads(num_threads, static_cast<int>(workers), worker);
    GradientTimes& own = times_of[static_cast<size_t>(worker)];
    FailureBell bell(sum);
    for (int64_t batch = next++; batch < num_batches && !sum.has_failed(); batch = next++) {
      const Clock::time_point begin = Clock::now();
      at::Tensor value = loss(batch);
      const Clock::time_point middle = Clock::now();
      differentiate(std::move(value), values, batch, sum);
      own.forward += seconds(middle - begin);
      own.backward += seconds(Clock::now() - middle);
    }
    bell.done();
  });
  for (const GradientTimes& own : times_of) {
    times.forward += own.forward;
    times.backward += own.backward;
  }
  return sum.take();
}

}  // namespace aha::train
