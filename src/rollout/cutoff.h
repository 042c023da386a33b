// When enough requests are complete, counted in tokens so that it does not depend on who was quick.
#pragma once
#include <atomic>
#include <cstdint>
#include <deque>

namespace aha::rollout {

/// A request is complete after as many tokens as its longest completion gets in the run; the run ends with the n-th
/// smallest of those numbers, t. Samples are not written side by side, though: what is known of t while they are being
/// written is a bound from above, beyond which nobody needs to write, and one from below, within which all is certain.
class Cutoff {
 public:
  /// @param enough n; 0: all
  explicit Cutoff(int64_t enough) : enough_(enough) {}
  /// Before the run. @return the request's rank
  int64_t add(int64_t num_open_samples);
  bool is_on() const { return enough_ > 0 && enough_ < std::ssize(requests_); }
  /// No sample needs more tokens than this in the run. Once all have ended or reached it, it is t.
  int64_t limit() const { return limit_.load(std::memory_order_relaxed); }
  /// A sample of the request has got so many tokens. Any thread.
  void wrote(int64_t rank, int64_t num_tokens);
  /// One of its samples has ended. One thread at a time.
  void ended(int64_t rank);
  /// A sample that ended after no more tokens than this stays as it is.
  int64_t certain() const { return nth_smallest(/*of_complete_ones=*/false); }

 private:
  struct Progress {
    std::atomic<int64_t> longest = 0;
    int64_t num_open = 0;
  };
  int64_t nth_smallest(bool of_complete_ones) const;
  const int64_t enough_;
  std::deque<Progress> requests_;
  std::atomic<int64_t> limit_ = INT64_MAX;
};

}  // namespace aha::rollout
