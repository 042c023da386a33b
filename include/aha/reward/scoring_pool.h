// Rewards that start as completions finish: threads that judge them while others are still being written.
#pragma once
#include <cstdint>
#include <memory>
#include <stop_token>
#include <vector>

#include "aha/reward/reward.h"

namespace aha::reward {

/// Has room for a batch, each completion at its own place. What it finds is what Scorer::score finds in the same
/// completions: neither the threads nor the order in which they are handed in change scores, counts or warnings.
class ScoringPool {
 public:
  /// Starts the threads. @param scorer outlives the pool. @throws ConfigError for fewer than one thread
  ScoringPool(const Scorer& scorer, int64_t num_places, int num_threads);
  /// What no thread has begun with is dropped; what is being judged is waited for, as a reward cannot be interrupted.
  ~ScoringPool();
  /// Returns at once; any thread may call it. The completion's text and ids are copied, the prompt must stay until
  /// wait() returns. @throws ShapeError for a place that is not there or is taken
  void submit(int64_t place, const data::Completion& completion, const data::Prompt& prompt);
  /// The scores of these places in this order, as soon as all of them are judged; batched rewards judge them here.
  /// @throws StoppedError if `stop` is asked for before; ShapeError for a place that was never handed in; RewardError
  BatchScores wait(const std::vector<int64_t>& places, std::stop_token stop = {});
  /// The scores of all places.
  BatchScores wait(std::stop_token stop = {});

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace aha::reward
