// One run of the engine, as its workers see it: what is to be written, and where it goes.
#pragma once
#include <atomic>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <vector>

#include "rollout/cutoff.h"
#include "rollout/request_state.h"
#include "rollout/thread_plan.h"

namespace aha::rollout {

/// Samples of one request that one worker writes: the prompt is read once for all of them.
struct Piece {
  RequestState* request = nullptr;
  int64_t begin = 0, end = 0;  // into request->samples
};

/// Requests wait until a phase begins; then its workers take their samples. Requests that come during a phase join it
/// where they fit, or wait for the next.
class Job {
 public:
  Job(const GenerateOptions& options, int64_t routing_bytes);
  /// Before the first phase, the requests that a cut-off counts.
  void add_counted(RequestState& request);
  /// Any thread, any time.
  void add(RequestState& request);

  // Between phases:
  bool has_waiting();
  std::vector<RequestState*> waiting();
  /// @param pages_of_worker of the smallest part of the cache; larger requests wait
  void begin_phase(const ThreadPlan& plan, int64_t pages_of_worker, int64_t shared_end);
  void end_phase();
  /// After the last phase: what was written beyond the cut-off is taken back.
  void cut_off();

  // Workers:
  /// The next piece for a worker that holds `num_held` samples, if it may have more and `fits` says it can.
  template <class Fits>
  std::optional<Piece> take(int64_t num_held, Fits fits) {
    if (num_queued_.load(std::memory_order_relaxed) == 0) return std::nullopt;
    const std::lock_guard lock(queue_mutex_);
    if (queue_.empty() || num_held >= share() || !fits(queue_.front())) return std::nullopt;
    return pop();
  }
  /// Waits until another piece comes. @return false once none can come: all workers wait
  bool wait_for_work();
  /// A token has been drawn. @return true if the sample needs no more in this run
  bool wrote(const Sample& sample);
  bool has_enough(const Sample& sample) const {
    return sample.request.rank >= 0 && sample.num_written() >= cutoff_.limit();
  }
  /// No more tokens come: the last has been drawn (is_ended), or the cut-off reached.
  void close(Sample& sample, bool is_ended);
  int64_t routing_bytes() const { return recording_.routing_bytes; }

  /// @throws StoppedError once a stop is asked for. @return false if another worker has failed
  bool goes_on() const;
  void abandon();

 private:
  int64_t share() const;
  Piece pop();
  void enqueue(RequestState& request);
  void open(RequestState& request);
  void announce(const Sample& sample);
  void announce_certain();

  const GenerateOptions& options_;
  const Recording recording_;
  Cutoff cutoff_;
  std::vector<RequestState*> counted_;

  std::mutex queue_mutex_;
  std::condition_variable changed_;
  std::vector<RequestState*> waiting_;  // for the next phase
  std::deque<Piece> queue_;             // of this one
  std::atomic<int64_t> num_queued_ = 0, num_open_ = 0;
  int64_t num_workers_ = 0, num_idle_ = 0, pages_of_worker_ = 0, shared_end_ = 0;  // no workers: between phases
  std::atomic<bool> is_abandoned_ = false;

  std::mutex callback_mutex_;            // completions, and tokens that somebody looks at
  std::vector<const Sample*> withheld_;  // ended, but perhaps beyond the cut-off
  std::atomic<int64_t> num_done_ = 0, num_total_ = 0;
};

}  // namespace aha::rollout
