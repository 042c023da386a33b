#include "train/ordered_sum.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/zeros_like.h>

#include <utility>

#include "aha/core/error.h"

namespace aha::train {
namespace {

constexpr int64_t kMostKeptBytes = 32 << 20;

// Nothing else reads it: autograd hands one tensor to several at times.
bool is_own(const at::Tensor& tensor) {
  return tensor.use_count() == 1 && tensor.storage().use_count() == 1 && tensor.is_contiguous();
}

at::Tensor owned(at::Tensor tensor) {
  return is_own(tensor) ? std::move(tensor) : tensor.clone(at::MemoryFormat::Contiguous);
}

int64_t bytes_of(const at::Tensor& tensor) {
  return tensor.defined() ? tensor.numel() * static_cast<int64_t>(tensor.element_size()) : 0;
}

}  // namespace

OrderedSum::OrderedSum(const std::vector<at::Tensor>& values, int64_t num_batches)
    : values_(values), slots_(new Slot[values.size()]), has_ended_(static_cast<size_t>(num_batches)) {}

void OrderedSum::add(int64_t batch, size_t parameter, at::Tensor gradient) {
  Slot& slot = slots_[parameter];
  if (gradient.defined() && !wait_for_room(batch)) return;
  keep(bytes_of(gradient));
  const std::lock_guard lock(slot.mutex);
  const bool is_new = slot.early.emplace(batch, std::move(gradient)).second;
  AHA_CHECK(is_new && batch >= slot.next, "a parameter has one gradient in each batch");
  take_turns(slot);
}

void OrderedSum::take_turns(Slot& slot) {
  const at::NoGradGuard no_grad;
  for (auto turn = slot.early.find(slot.next); turn != slot.early.end(); turn = slot.early.find(++slot.next)) {
    const int64_t bytes = bytes_of(turn->second);
    if (slot.sum.defined() && turn->second.defined()) {
      slot.sum = owned(std::move(slot.sum)).add_(turn->second);
    } else if (turn->second.defined()) {
      slot.sum = turn->second;  // as it is; the backward pass may hold it still
    }
    slot.early.erase(turn);
    keep(-bytes);
  }
}

// What is added at once counts for a moment, too.
void OrderedSum::keep(int64_t bytes) {
  if (bytes == 0) return;
  const std::lock_guard lock(mutex_);
  kept_bytes_ += bytes;
  if (bytes < 0) moved_.notify_all();
}

bool OrderedSum::wait_for_room(int64_t batch) {
  std::unique_lock lock(mutex_);
  moved_.wait(lock, [&] { return has_failed_ || batch == earliest_ || kept_bytes_ <= kMostKeptBytes; });
  return !has_failed_;
}

void OrderedSum::end(int64_t batch) {
  const std::lock_guard lock(mutex_);
  has_ended_[static_cast<size_t>(batch)] = true;
  while (earliest_ < std::ssize(has_ended_) && has_ended_[static_cast<size_t>(earliest_)]) ++earliest_;
  moved_.notify_all();
}

void OrderedSum::fail() {
  const std::lock_guard lock(mutex_);
  has_failed_ = true;
  moved_.notify_all();
}

bool OrderedSum::has_failed() {
  const std::lock_guard lock(mutex_);
  return has_failed_;
}

Gradients OrderedSum::take() {
  Gradients sums;
  for (size_t p = 0; p < values_.size(); ++p) {
    at::Tensor& sum = slots_[p].sum;
    sums.push_back(sum.defined() ? owned(std::move(sum)) : at::zeros_like(values_[p]));
  }
  return sums;
}

}  // namespace aha::train
