// Sums of the gradients of many micro-batches, in one fixed order whichever is found first.
#pragma once
#include <ATen/core/Tensor.h>

#include <condition_variable>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

#include "aha/train/optimizer.h"

namespace aha::train {

/// Each parameter's gradients are added in the order of their batches, one by one as the backward passes find them: of
/// the batches at work there is a whole gradient nowhere. Those that come early are kept until it is their turn, up to
/// a bound; beyond it their worker waits. Thread-safe.
class OrderedSum {
 public:
  /// @param values the parameters · num_batches to be added
  OrderedSum(const std::vector<at::Tensor>& values, int64_t num_batches);
  /// Takes over a gradient of a batch, once per parameter; undefined: there is none. Waits while too much came early,
  /// unless this is the earliest batch at work. @return at once, having done nothing, after fail()
  void add(int64_t batch, size_t parameter, at::Tensor gradient);
  /// The batch has no more gradients.
  void end(int64_t batch);
  /// Wakes all that wait: a worker is gone.
  void fail();
  bool has_failed();
  /// The sums; zeros where no batch has a gradient. After the last end().
  Gradients take();

 private:
  struct Slot {
    std::mutex mutex;
    int64_t next = 0;                     // the batch whose turn it is
    std::map<int64_t, at::Tensor> early;  // of later ones
    at::Tensor sum;
  };

  /// @return false after fail()
  bool wait_for_room(int64_t batch);
  void keep(int64_t bytes);
  void take_turns(Slot& slot);

  const std::vector<at::Tensor>& values_;
  const std::unique_ptr<Slot[]> slots_;
  std::mutex mutex_;  // of what follows; never held while a slot's is taken
  std::condition_variable moved_;
  std::vector<bool> has_ended_;
  int64_t earliest_ = 0;  // batch at work
  int64_t kept_bytes_ = 0;
  bool has_failed_ = false;
};

}  // namespace aha::train
