// Gradients of many micro-batches on several threads, summed in one fixed order.

#include <ATen/core/grad_mode.h>
#include <ATen/ops/zeros_like.h>
#include <torch/csrc/autograd/autograd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>

#include "aha/core/error.h"
#include "aha/ops/parallel.h"
#include "train/gradient_times.h"
#include "train/spare_threads.h"

namespace aha::train {
namespace {

using Clock = std::chrono::steady_clock;

double seconds(Clock::duration duration) { return std::chrono::duration<double>(duration).count(); }

/// Adds gradients in the order of their batches; those that come early wait, at most `max_ahead` of them.
class OrderedSum {
 public:
  OrderedSum(const std::vector<at::Tensor>& values, int64_t max_ahead) : values_(values), max_ahead_(max_ahead) {}

  /// Blocks while `batch` is too far ahead of the sum. @return false when another worker has failed
  bool wait_for_room(int64_t batch) {
    std::unique_lock lock(mutex_);
    moved_.wait(lock, [&] { return failed_ || batch < next_ + max_ahead_; });
    return !failed_;
  }

  void add(int64_t batch, Gradients gradients) {
    const std::lock_guard lock(mutex_);
    early_.emplace(batch, std::move(gradients));
    for (auto ready = early_.find(next_); ready != early_.end(); ready = early_.find(++next_)) {
      add_now(ready->second);
      early_.erase(ready);
    }
    moved_.notify_all();
  }

  void fail() {
    const std::lock_guard lock(mutex_);
    failed_ = true;
    moved_.notify_all();
  }

  Gradients take() {
    if (sum_.empty()) start(Gradients(values_.size()));
    return std::move(sum_);
  }

 private:
  void add_now(const Gradients& gradients) {
    const at::NoGradGuard no_grad;
    if (sum_.empty()) return start(gradients);
    for (size_t p = 0; p < sum_.size(); ++p) {
      if (gradients[p].defined()) sum_[p].add_(gradients[p]);
    }
  }

  // A gradient that autograd shares with nothing is taken as it is.
  void start(const Gradients& gradients) {
    for (size_t p = 0; p < values_.size(); ++p) {
      const at::Tensor& gradient = gradients[p];
      if (!gradient.defined()) {
        sum_.push_back(at::zeros_like(values_[p]));
      } else {
        const bool is_own =
            gradient.use_count() == 1 && gradient.storage().use_count() == 1 && gradient.is_contiguous();
        sum_.push_back(is_own ? gradient : gradient.clone(at::MemoryFormat::Contiguous));
      }
    }
  }

  const std::vector<at::Tensor>& values_;
  const int64_t max_ahead_;
  std::mutex mutex_;
  std::condition_variable moved_;
  std::map<int64_t, Gradients> early_;
  Gradients sum_;
  int64_t next_ = 0;
  bool failed_ = false;
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

// The graph is freed with the loss, here: that is a part of what the gradient takes.
Gradients gradients_of(at::Tensor loss, const std::vector<at::Tensor>& values) {
  return torch::autograd::grad({std::move(loss)}, values, /*grad_outputs=*/{}, /*retain_graph=*/false,
                               /*create_graph=*/false,
                               /*allow_unused=*/true);
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
  OrderedSum sum(values, 2 * workers);
  std::atomic<int64_t> next = 0;
  std::vector<GradientTimes> times_of(static_cast<size_t>(workers));
  ops::run_workers(static_cast<int>(workers), [&](int worker) {
    const at::AutoGradMode with_gradients(true);
    const ops::OperationThreads helpers = spare_threads(num_threads, static_cast<int>(workers), worker);
    GradientTimes& own = times_of[static_cast<size_t>(worker)];
    FailureBell bell(sum);
    for (int64_t batch = next++; batch < num_batches && sum.wait_for_room(batch); batch = next++) {
      const Clock::time_point begin = Clock::now();
      at::Tensor value = loss(batch);
      const Clock::time_point middle = Clock::now();
      Gradients gradients = gradients_of(std::move(value), values);
      own.forward += seconds(middle - begin);
      own.backward += seconds(Clock::now() - middle);
      sum.add(batch, std::move(gradients));
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
